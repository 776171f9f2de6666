"""Muon for weight matrices and convolutions, AdamW for everything else, in one optimiser.

Jordan et al., "Muon: an optimizer for hidden layers in neural networks", 2024: momentum made orthogonal by a
Newton-Schulz iteration. The step is scaled to the size of an AdamW step (Liu et al., "Muon is scalable for LLM
training", 2025, section 2.2), so that both parts share one learning rate.
"""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import torch
from torch import Tensor
from torch.optim import Optimizer

COEFFICIENTS = (3.4445, -4.7750, 2.0315)
STEPS = 5
ADAM_SIZE = 0.2  # root mean square of an AdamW step in units of the learning rate


class Muon(Optimizer):
    """Groups with `orthogonal` set take Muon steps, the others AdamW steps.

    Matrices are made orthogonal side by side in `pool`, in number format `dtype` (bfloat16 is exact enough).
    """

    def __init__(
        self, groups: Iterable[dict[str, Any]], learning_rate: float, *, pool: ThreadPoolExecutor, dtype: torch.dtype
    ) -> None:
        defaults = {"lr": learning_rate, "momentum": 0.95, "betas": (0.9, 0.99), "weight_decay": 0.0}
        super().__init__(groups, {**defaults, "orthogonal": False})
        self.pool, self.dtype = pool, dtype

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]  # noqa: ARG002
        """Take one step along the gradients present."""
        work = [
            (self._orthogonal_step if group["orthogonal"] else self._adam_step, parameter, self.state[parameter], group)
            for group in self.param_groups
            for parameter in group["params"]
            if parameter.grad is not None
        ]
        work.sort(key=lambda item: -item[1].numel())  # the largest first, so that the threads end together
        list(self.pool.map(lambda item: item[0](*item[1:]), work))

    def _orthogonal_step(self, parameter: Tensor, state: dict[str, Any], group: dict[str, Any]) -> None:
        with torch.no_grad():  # a setting of each thread
            if not state:
                state["momentum"] = torch.zeros_like(parameter)
            memory = state["momentum"].lerp_(parameter.grad, 1 - group["momentum"])
            ahead = parameter.grad.lerp(memory, group["momentum"])
            matrix = orthogonalised(ahead.flatten(1), self.dtype)
            scale = ADAM_SIZE * max(matrix.shape) ** 0.5
            parameter.mul_(1 - group["lr"] * group["weight_decay"])
            parameter.add_(matrix.view_as(parameter), alpha=-group["lr"] * scale)

    def _adam_step(self, parameter: Tensor, state: dict[str, Any], group: dict[str, Any]) -> None:
        with torch.no_grad():
            if not state:
                state.update(step=0, mean=torch.zeros_like(parameter), square=torch.zeros_like(parameter))
            state["step"] += 1
            first, second = group["betas"]
            mean = state["mean"].lerp_(parameter.grad, 1 - first)
            square = state["square"].mul_(second).addcmul_(parameter.grad, parameter.grad, value=1 - second)
            size = (square / (1 - second ** state["step"])).sqrt_().add_(1e-8)
            parameter.mul_(1 - group["lr"] * group["weight_decay"])
            parameter.addcdiv_(mean, size, value=-group["lr"] / (1 - first ** state["step"]))


def orthogonalised(matrix: Tensor, dtype: torch.dtype = torch.float32) -> Tensor:
    """A matrix with the same row and column spaces whose singular values are all near 1; computed in `dtype`."""
    a, b, c = COEFFICIENTS
    x = (matrix / (matrix.norm() + 1e-7)).to(dtype)
    tall = x.shape[0] > x.shape[1]
    x = x.T if tall else x
    for _ in range(STEPS):
        gram = x @ x.T
        x = a * x + (b * gram + c * gram @ gram) @ x
    return (x.T if tall else x).to(matrix.dtype)
