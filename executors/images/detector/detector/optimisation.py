"""Optimiser, learning-rate schedule and the averaged copy of the weights."""

import copy
import math
from collections.abc import Iterator

import torch
from torch import nn


def make_optimizer(model: nn.Module, learning_rate: float, weight_decay: float) -> torch.optim.Optimizer:
    """AdamW (Loshchilov and Hutter, 2019); biases and normalisations are not decayed."""
    weights = [parameter for parameter in model.parameters() if parameter.ndim > 1]
    others = [parameter for parameter in model.parameters() if parameter.ndim <= 1]
    groups = [{"params": weights, "weight_decay": weight_decay}, {"params": others, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=learning_rate, betas=(0.9, 0.99))


def rate_at(progress: float, warmup: float, floor: float = 0.01) -> float:
    """Share of the full learning rate at this share of the run: linear warm-up, then half a cosine down to `floor`."""
    rise = min(1.0, (progress + 1e-4) / warmup) if warmup > 0 else 1.0
    rest = min(max((progress - warmup) / (1 - warmup), 0.0), 1.0)
    return rise * (floor + (1 - floor) * (1 + math.cos(math.pi * rest)) / 2)


class Average:
    """Exponential moving average of the weights, young at first: after n steps it forgets at (1 + n) / (10 + n)."""

    def __init__(self, model: nn.Module, decay: float) -> None:
        self.model = copy.deepcopy(model).eval().requires_grad_(requires_grad=False)
        self.decay = decay
        self.steps = 0

    @torch.no_grad()
    def update(self, model: nn.Module) -> None:
        """Take one step towards the present weights; counters are copied."""
        self.steps += 1
        decay = min(self.decay, (1 + self.steps) / (10 + self.steps))
        floats = [(mine, theirs) for mine, theirs in self._pairs(model) if mine.is_floating_point()]
        torch._foreach_lerp_([mine for mine, _ in floats], [theirs for _, theirs in floats], 1 - decay)
        for mine, theirs in self._pairs(model):
            if not mine.is_floating_point():
                mine.copy_(theirs)

    def _pairs(self, model: nn.Module) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        return zip(self.model.state_dict().values(), model.state_dict().values(), strict=True)
