"""Finds an algorithm by its name."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from detector.mining import cald, diversity, entropy, random
from detector.mining.base import MiningOptions, Pool

Algorithm = Callable[[Pool, MiningOptions], NDArray[np.float64]]
ALGORITHMS: dict[str, Algorithm] = {
    "random": random.scores,
    "diversity": diversity.scores,
    "entropy": entropy.scores,
    "cald": cald.scores,
}


def choose(options: MiningOptions) -> Algorithm:
    """A function that returns one score for each candidate, higher for more useful."""
    return ALGORITHMS[options.mining_algorithm]
