"""Optimiser, learning-rate schedule and the averaged copy of the weights."""

import copy
import math

import torch
from torch import nn
from torch.optim import Optimizer

from detector.muon import Muon


def make_optimizer(model: nn.Module, name: str, learning_rate: float, weight_decay: float) -> Optimizer:
    """AdamW (Loshchilov and Hutter, 2019) or Muon; biases and normalisations are not decayed."""
    weights = [parameter for parameter in model.parameters() if parameter.ndim > 1]
    others = [parameter for parameter in model.parameters() if parameter.ndim <= 1]
    if name == "muon":
        groups = [{"params": weights, "weight_decay": weight_decay, "orthogonal": True}, {"params": others}]
        return Muon(groups, learning_rate)
    groups = [{"params": weights, "weight_decay": weight_decay}, {"params": others, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=learning_rate, betas=(0.9, 0.99), fused=True)


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
