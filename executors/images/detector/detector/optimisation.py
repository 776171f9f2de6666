"""Optimiser, learning-rate schedule and the averaged copy of the weights."""

import copy
import math
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import torch
from torch import nn
from torch.optim import Optimizer

from detector.muon import Muon
from detector.options import TrainingOptions


def make_optimizer(
    model: nn.Module, options: TrainingOptions, pool: ThreadPoolExecutor, dtype: torch.dtype
) -> Optimizer:
    """Muon or AdamW (Loshchilov and Hutter, 2019); biases and normalisations are not decayed.

    Muon is for hidden layers: the last ones, which meet the targets, take AdamW steps.
    """
    last = {id(parameter) for name, parameter in model.named_parameters() if ".classes." in name or ".sides." in name}
    weights = [parameter for parameter in model.parameters() if parameter.ndim > 1]
    decay = options.weight_decay
    groups: list[dict[str, Any]] = [
        {"params": [weight for weight in weights if id(weight) not in last], "weight_decay": decay, "orthogonal": True},
        {"params": [weight for weight in weights if id(weight) in last], "weight_decay": decay},
        {"params": [parameter for parameter in model.parameters() if parameter.ndim <= 1], "weight_decay": 0.0},
    ]
    if options.optimizer == "muon":
        return Muon(groups, options.learning_rate, pool=pool, dtype=dtype)
    plain = [{key: value for key, value in group.items() if key != "orthogonal"} for group in groups]
    return torch.optim.AdamW(plain, lr=options.learning_rate, betas=(0.9, 0.99), fused=True)


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
        pairs = list(zip(self.model.state_dict().values(), model.state_dict().values(), strict=True))
        self.floats = [pair for pair in pairs if pair[0].is_floating_point()]
        self.counters = [pair for pair in pairs if not pair[0].is_floating_point()]

    @torch.no_grad()
    def update(self) -> None:
        """Take one step towards the present weights; counters are copied."""
        self.steps += 1
        decay = min(self.decay, (1 + self.steps) / (10 + self.steps))
        mine, theirs = zip(*self.floats, strict=True)
        torch._foreach_lerp_(mine, theirs, 1 - decay)
        for counter, present in self.counters:
            counter.copy_(present)
