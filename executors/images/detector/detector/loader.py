"""Makes batches in background threads while the network computes. The same seed gives the same batches."""

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from detector import augment
from detector.augment import Recipe
from detector.dataset import LabelledImages


@dataclass
class Batch:
    """images uint8 [B, 3, H, W]; objects [B, M, 5] (class, x1, y1, x2, y2), class -1 for padding."""

    images: Tensor
    objects: Tensor


class Loader:
    """Endless source of epochs over a labelled set."""

    def __init__(
        self,
        data: LabelledImages,
        canvas: tuple[int, int],
        *,
        batch_size: int,
        min_batches: int,
        seed: int,
        workers: int,
        rare_below: float = 0.0,
    ) -> None:
        self.data, self.canvas, self.batch_size, self.seed = data, canvas, batch_size, seed
        self.repeats = data.repeat_factors(rare_below)
        self.batches = max(min_batches, round(len(data) / batch_size), 1)
        self.pool = ThreadPoolExecutor(max_workers=max(1, workers))
        self.ahead = max(2, workers + 1)

    def epoch(self, number: int, recipe: Recipe) -> Iterator[Batch]:
        """The batches of one epoch. A set smaller than the epoch is gone through again."""
        groups = iter(np.split(self._order(np.random.default_rng((self.seed, number))), self.batches))
        waiting: deque[Future[Batch]] = deque()

        def submit(start: int) -> None:
            group = next(groups, None)
            if group is not None:
                waiting.append(self.pool.submit(self._batch, group, number, start, recipe))

        for position in range(self.ahead):
            submit(position)
        for position in range(self.batches):
            batch = waiting.popleft().result()
            submit(position + self.ahead)
            yield batch

    def _order(self, rng: np.random.Generator) -> np.ndarray:
        """The images of an epoch: each as often as its repeat factor says, in random order."""
        wanted = self.batches * self.batch_size
        order: list[int] = []
        while len(order) < wanted:
            times = np.floor(self.repeats + rng.random(len(self.repeats))).astype(np.int64)
            order.extend(rng.permutation(np.repeat(np.arange(len(times)), times)))
        return np.array(order[:wanted])

    def _batch(self, group: np.ndarray, epoch: int, position: int, recipe: Recipe) -> Batch:
        rng = np.random.default_rng((self.seed, epoch, position))
        pairs = [augment.sample(self.data, int(index), self.canvas, recipe, rng, self.repeats) for index in group]
        images = torch.from_numpy(np.stack([picture for picture, _ in pairs])).permute(0, 3, 1, 2)
        objects = torch.full((len(pairs), max(len(found) for _, found in pairs), 5), -1.0)
        for row, (_, found) in enumerate(pairs):
            objects[row, : len(found)] = torch.from_numpy(found)
        return Batch(images, objects)
