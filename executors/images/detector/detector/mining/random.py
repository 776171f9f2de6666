"""Random order: the control that every other algorithm has to beat."""

import numpy as np
from numpy.typing import NDArray

from detector.mining.base import MiningOptions, Pool


def scores(pool: Pool, options: MiningOptions) -> NDArray[np.float64]:
    """A number from 0 to 1 for each candidate; the same seed gives the same numbers."""
    return np.random.default_rng(options.seed).random(len(pool.paths))
