"""The default: uncertain objects, rare classes first, in images unlike each other and unlike those already labelled.

Two ideas are multiplied in one greedy choice:

- What an image would teach. Each box is worth its probability plus its uncertainty. Worth adds up by class with
  diminishing returns, log(1 + objects labelled + worth chosen so far): the feature-based submodular function of
  Wei, Iyer and Bilmes, "Submodularity in data subset selection and active learning", ICML 2015, section 4. Classes
  with few labels therefore count most, and the more of a class is chosen, the less another image of it gains.
- How new it is. Distance of pooled network features to the nearest image chosen before, or labelled before (a model
  file remembers its training images): k-center greedy of Sener and Savarese, "Active learning for convolutional
  neural networks: a core-set approach", ICLR 2018, algorithm 1. A near-duplicate is worth almost nothing.

Uncertainty and diversity in this combination serve detection best by Yang, Huang and Crowley, "Plug and play active
learning for object detection", CVPR 2024.
"""

import numpy as np

from detector.mining.base import UNREADABLE, Floats, MiningOptions, Pool, binary_entropy

GREEDY_LIMIT = 2000  # images ranked one by one; the rest keeps the order of its last gains


def scores(pool: Pool, options: MiningOptions) -> Floats:
    """The gain each image brought when it was chosen; falls from the first to the last."""
    class_count = len(pool.model.class_names)
    worth: dict[int, Floats] = {}
    features: dict[int, Floats] = {}
    for position, found, deep in pool.survey():
        sure = found.scores >= options.mining_confidence
        value = (found.scores[sure] + binary_entropy(found.scores[sure])) / 2
        worth[position] = np.bincount(found.classes[sure], weights=value, minlength=class_count)
        features[position] = deep
    result = np.full(len(pool.paths), UNREADABLE)
    if worth:
        seen = sorted(worth)
        known = np.asarray(pool.model.features, dtype=np.float64)
        result[seen] = gains(
            np.stack([worth[place] for place in seen]),
            np.stack([features[place] for place in seen]),
            np.asarray(pool.model.class_counts, dtype=np.float64),
            known,
        )
    return result


def gains(worth: Floats, features: Floats, labelled: Floats, known: Floats) -> Floats:
    """Greedy gains of N images: worth [N, C] by class, features [N, D], labelled [C] objects, known [K, D] features."""
    count = len(worth)
    own, old = _directions(features, known)
    nearest = (own @ old.T).max(axis=1) if len(old) else np.full(count, -1.0)
    result = np.zeros(count)
    left = np.ones(count, dtype=bool)
    total = 1 + labelled
    for _ in range(min(count, GREEDY_LIMIT)):
        gain = np.where(left, _gain(worth, total, nearest), -1.0)
        best = int(gain.argmax())
        result[best], left[best] = gain[best], False
        total = total + worth[best]
        nearest = np.maximum(nearest, own @ own[best])
    result[left] = _gain(worth, total, nearest)[left]
    return result


def _gain(worth: Floats, total: Floats, nearest: Floats) -> Floats:
    taught = np.log1p(worth / total).sum(axis=1)
    # An image in which nothing is seen still may hold something: newness alone keeps a small worth.
    return (taught + 1e-3) * np.clip(1 - nearest, 1e-6, 1)


def _directions(features: Floats, known: Floats) -> tuple[Floats, Floats]:
    """Unit vectors of standardised features: channels that fire alike everywhere say nothing about likeness."""
    known = known.reshape(-1, features.shape[1])
    both = np.concatenate([features, known])
    both = (both - both.mean(axis=0)) / (both.std(axis=0) + 1e-6)
    both /= np.linalg.norm(both, axis=1, keepdims=True) + 1e-9
    return both[: len(features)], both[len(features) :]
