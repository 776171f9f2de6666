"""Which images are nearly the same: a small fingerprint of each, and groups of fingerprints that hardly differ."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

Fingerprints = npt.NDArray[np.uint64]
Groups = npt.NDArray[np.integer[Any]]

BITS = 64
_ROWS = 1024


def fingerprint(path: Path) -> int:
    """Tell for 8 × 8 places of an image whether it gets brighter to the right, as 64 bits.

    The difference hash of Krawetz 2013, "Kind of Like That" (hackerfactor.com). Raises OSError for no image.
    """
    with Image.open(path) as image:
        # JPEG is decoded at an eighth of its size where that is enough.
        image.draft("L", (72, 64))
        small = np.asarray(image.convert("L").resize((9, 8), Image.Resampling.BOX), dtype=np.int16)
    bits = np.packbits(small[:, 1:] > small[:, :-1])
    return int.from_bytes(bits.tobytes(), "big")


def group(fingerprints: Fingerprints, *, distance: int = 6) -> Groups:
    """Number the groups of near-duplicates: equal numbers for images joined by steps of at most `distance` bits.

    Numbers follow the first member. Two fingerprints that differ in d bits agree on one of d + 1 bands of bits
    (Manku et al. 2007, section 3), so only those that share a band are compared.

    Raises:
        ValueError: `distance` is not between 0 and 32.
    """
    if not 0 <= distance <= BITS // 2:
        raise ValueError(f"a distance of {distance} bits cannot be told from chance")
    if not len(fingerprints):
        return np.empty(0, dtype=np.int64)
    different, member = np.unique(np.asarray(fingerprints, dtype=np.uint64), return_inverse=True)
    label: Groups = np.arange(len(different))
    for band in np.array_split(np.arange(BITS, dtype=np.uint64), distance + 1):
        mask = np.bitwise_or.reduce(np.uint64(1) << band)
        label = _join(different, different & mask, label, distance)
    return _by_first_member(label[member])


def _join(fingerprints: Fingerprints, key: Fingerprints, label: Groups, distance: int) -> Groups:
    """Join the groups of fingerprints that share `key` and differ in at most `distance` bits."""
    order = np.argsort(key, kind="stable")
    # The first of each run of equal keys, and the end of the last.
    bounds = np.flatnonzero(np.concatenate([[True], np.diff(key[order]) != 0, [True]]))
    pairs = []
    for place in np.flatnonzero(np.diff(bounds) > 1):
        bucket = order[bounds[place] : bounds[place + 1]]
        for at in range(0, len(bucket), _ROWS):
            rows = bucket[at : at + _ROWS]
            near = np.bitwise_count(fingerprints[rows][:, None] ^ fingerprints[bucket][None, :]) <= distance
            first, second = np.nonzero(near)
            pairs.append(np.stack([rows[first], bucket[second]]))
    return _connected(np.concatenate(pairs, axis=1), label) if pairs else label


def _connected(pairs: Groups, label: Groups) -> Groups:
    """Labels of the connected components when `pairs` are joined too: the lowest label spreads until none changes."""
    low = label.copy()
    while True:
        joined = np.minimum(low[pairs[0]], low[pairs[1]])
        spread = low.copy()
        np.minimum.at(spread, low[pairs[0]], joined)
        np.minimum.at(spread, low[pairs[1]], joined)
        spread = np.minimum(spread, spread[low])
        spread = spread[spread]
        if np.array_equal(spread, low):
            return low
        low = spread


def _by_first_member(label: Groups) -> Groups:
    _, first, number = np.unique(label, return_index=True, return_inverse=True)
    rank = np.empty(len(first), dtype=np.int64)
    rank[np.argsort(first)] = np.arange(len(first))
    return rank[number]
