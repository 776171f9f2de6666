"""What every mining algorithm is given and asked for."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from contract.settings import require
from detector.checkpoint import Checkpoint
from detector.evaluate import Found
from detector.images import Scaled
from detector.predict import Predictor

Floats = NDArray[np.float64]
NAMES = ("diversity", "entropy", "cald", "random")
UNREADABLE = -1.0  # the score of an image that cannot be read: below every other


@dataclass(frozen=True)
class MiningOptions:
    """The choice of algorithm, and the score from which a box counts as a sign of an object."""

    mining_algorithm: str = "diversity"
    mining_confidence: float = 0.1
    seed: int = 0

    def __post_init__(self) -> None:
        require(self.mining_algorithm in NAMES, f"mining_algorithm must be one of {', '.join(NAMES)}")
        require(0 <= self.mining_confidence < 1, "mining_confidence must lie between 0 and 1")


@dataclass(frozen=True)
class Pool:
    """The candidates and the model that judges them.

    `decoded` yields chunks of positions in `paths` and the pixels there; unreadable images are missing.
    `progress` takes the share done, 0 to 1.
    """

    paths: Sequence[Path]
    model: Checkpoint
    predictor: Predictor
    batch_size: int
    decoded: Callable[[], Iterator[tuple[list[int], list[Scaled]]]]
    progress: Callable[[float], None]

    def survey(self) -> Iterator[tuple[int, Found, Floats]]:
        """Look at every readable candidate once: position, boxes, deep features [D]."""
        done = 0
        for positions, scaled in self.decoded():
            for place, found, deep in self.predictor.images([image.pixels for image in scaled], self.batch_size):
                done += 1
                self.progress(0.95 * done / len(self.paths))
                yield positions[place], found, deep.cpu().numpy().astype(np.float64)


def binary_entropy(scores: Floats) -> Floats:
    """Entropy in bits of a yes or no with these probabilities: 1 at one half, 0 at certainty."""
    sure = np.clip(scores, 1e-9, 1 - 1e-9)
    return -(sure * np.log2(sure) + (1 - sure) * np.log2(1 - sure))
