"""What every mining algorithm is given and asked for."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from detector.images import Scaled
from detector.options import require
from detector.predict import Predictor

NAMES = ("diversity", "entropy", "cald", "random")


@dataclass(frozen=True)
class MiningOptions:
    """The choice of algorithm."""

    mining_algorithm: str = "diversity"
    seed: int = 0

    def __post_init__(self) -> None:
        require(self.mining_algorithm in NAMES, f"mining_algorithm must be one of {', '.join(NAMES)}")


@dataclass(frozen=True)
class Pool:
    """The candidates and the model that judges them. `decoded` yields them in chunks, `progress` takes 0 to 1."""

    paths: Sequence[Path]
    predictor: Predictor
    class_count: int
    batch_size: int
    decoded: Callable[[], Iterator[tuple[list[Path], list[Scaled]]]]
    progress: Callable[[float], None]
