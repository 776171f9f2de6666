"""Which unlabelled images are worth a person's time: one module for each algorithm."""

from detector.mining.base import MiningOptions, Pool
from detector.mining.choice import ALGORITHMS, choose

__all__ = ["ALGORITHMS", "MiningOptions", "Pool", "choose"]
