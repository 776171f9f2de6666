"""One step of learning: forward, loss, backward, on one device or on parts of a batch side by side."""

import copy
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from contract.errors import ErrorCode, ExecutorError
from detector import augment
from detector.augment import Recipe
from detector.device import Compute
from detector.loader import Batch
from detector.losses import detection_loss
from detector.model import Detector, cells
from detector.optimisation import Average, make_optimizer, rate_at
from detector.options import TrainingOptions

CLIP_NORM = 10.0
BAD_LOSSES = 20  # this many in a row and the run is given up
Losses = tuple[float, float, float]  # total, boxes, classes


class Learner:
    """A network, its optimiser and its averaged copy.

    On a CPU a batch is cut into parts, each computed by one thread with a replica that shares the weights. Threads
    that work on the same small convolution wait for each other most of the time, and on a busy machine nearly all of
    it: parts side by side are up to twice as fast on two free cores, and up to eight times on two busy ones.
    """

    def __init__(self, model: Detector, options: TrainingOptions, compute: Compute) -> None:
        self.options, self.compute = options, compute
        self.model = model.to(compute.device, memory_format=torch.channels_last)
        self.average = Average(self.model, options.ema_decay)
        self.pool = ThreadPoolExecutor(max_workers=compute.lanes)
        self.optimizer = make_optimizer(self.model, options, self.pool, compute.dtype)
        self.scaler = torch.amp.GradScaler(compute.device.type, enabled=compute.dtype == torch.float16)
        self.colours = torch.Generator()
        self.bad_losses = 0
        count = max(1, min(compute.lanes, options.batch_size // 4))
        self.replicas = [self.model, *(_replica(self.model) for _ in range(count - 1))]
        self.forwards = [torch.compile(self.model)] if compute.compile and count == 1 else list(self.replicas)

    def begin_epoch(self, number: int) -> None:
        """Start the colours of an epoch from its own seed, so that a repeated epoch repeats them."""
        self.colours.manual_seed(self.options.seed * 1_000_003 + number)

    def step(self, batch: Batch, recipe: Recipe, progress: float) -> Losses:
        """Learn from one batch at this share of the run."""
        for group in self.optimizer.param_groups:
            group["lr"] = self.options.learning_rate * rate_at(progress, self.options.warmup)
        self.optimizer.zero_grad(set_to_none=True)
        count = len(self.replicas)
        colours = augment.colour_matrices(len(batch.images), recipe.colour, self.colours)
        columns = [tensor.chunk(count) for tensor in (batch.images, batch.objects, colours)]
        trust = [self._trust(progress)] * count
        results = list(self.pool.map(self._part, range(count), *columns, trust))
        losses = [result for result in results if result is not None]
        self._descend(len(losses) == count)
        total, boxes, classes = np.mean(losses or [(0.0,) * 3], axis=0).tolist()
        return total, boxes, classes

    def _part(self, number: int, images: Tensor, objects: Tensor, colours: Tensor, trust: float) -> Losses | None:
        """Gradients of one part of the batch, in its own replica; None when the loss is not a number."""
        device = self.compute.device
        images = images.to(device, non_blocking=True).to(memory_format=torch.channels_last)
        images = augment.recoloured(images.float() / 255, colours.to(device))
        self.replicas[number].train()
        with self.compute.precision():
            output = self.forwards[number](images)
        loss = detection_loss(output, cells(*images.shape[2:], device), objects.to(device), trust=trust)
        if not torch.isfinite(loss.total):
            return None
        self.scaler.scale(loss.total / len(self.replicas)).backward()
        return float(loss.total.detach()), float(loss.box), float(loss.classes)

    def _descend(self, fine: bool) -> None:
        self.bad_losses = 0 if fine else self.bad_losses + 1
        if self.bad_losses >= BAD_LOSSES:
            raise ExecutorError(
                ErrorCode.INVALID_LOSS, f"The loss was not a number {BAD_LOSSES} times in a row; lower learning_rate"
            )
        if self.bad_losses:
            return
        self._gather_gradients()
        self.scaler.unscale_(self.optimizer)
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), CLIP_NORM)
        self.scaler.step(self.optimizer)
        self.scaler.update()
        self.average.update()

    def _gather_gradients(self) -> None:
        """Add the gradients of the replicas to those of the network."""
        for replica in self.replicas[1:]:
            for own, other in zip(self.model.parameters(), replica.parameters(), strict=True):
                if own.grad is not None and other.grad is not None:
                    own.grad += other.grad
                other.grad = None

    def _trust(self, progress: float) -> float:
        """How far the assignment follows the network's own boxes: fully once it has learned to place them."""
        return min(1.0, progress / self.options.prior_share) if self.options.prior_share else 1.0

    def state(self) -> dict[str, Any]:
        """Everything that a resumed run needs."""
        return {
            "model": self.model.state_dict(),
            "average": self.average.model.state_dict(),
            "average_steps": self.average.steps,
            "optimizer": self.optimizer.state_dict(),
            "scaler": self.scaler.state_dict(),
        }

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Continue from what `state` returned."""
        self.model.load_state_dict(state["model"])
        self.average.model.load_state_dict(state["average"])
        self.average.steps = state["average_steps"]
        self.optimizer.load_state_dict(state["optimizer"])
        self.scaler.load_state_dict(state["scaler"])


def _replica(model: nn.Module) -> nn.Module:
    """A copy with its own gradients and normalisation statistics whose weights are those of `model`."""
    replica = copy.deepcopy(model)
    for own, shared in zip(replica.parameters(), model.parameters(), strict=True):
        own.data = shared.data
    return replica
