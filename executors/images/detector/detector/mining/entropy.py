"""Least confidence: images whose boxes are neither surely something nor surely nothing.

Settles and Craven, "An analysis of active learning strategies for sequence labeling tasks", EMNLP 2008, sections 3.1
(entropy) and 3.4 (totals instead of means, so that an image with many doubtful boxes comes first).
"""

import numpy as np

from detector.mining.base import UNREADABLE, Floats, MiningOptions, Pool, binary_entropy


def scores(pool: Pool, options: MiningOptions) -> Floats:
    """Sum of the entropies of all boxes of an image, in bits."""
    total = np.full(len(pool.paths), UNREADABLE)
    for position, found, _ in pool.survey():
        total[position] = binary_entropy(found.scores[found.scores >= options.mining_confidence]).sum()
    return total
