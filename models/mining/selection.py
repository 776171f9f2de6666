"""Which of the scored assets are kept for labeling."""

from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

Positions = npt.NDArray[np.integer[Any]]


class MisalignedScoresError(ValueError):
    """Groups or classes that do not run parallel to the ranking."""


def choose_best(
    ranking: npt.ArrayLike,
    count: int,
    *,
    groups: npt.ArrayLike | None = None,
    per_group: int = 1,
    classes: npt.ArrayLike | None = None,
) -> Positions:
    """The first `count` of `ranking`, best first, under two optional rules.

    Args:
        ranking: assets (any integers that name them), the one most worth labeling first.
        groups: for each entry of `ranking` the near-duplicates it belongs to; negative: to none. At most `per_group`
            of one group are taken, even when fewer than `count` remain.
        classes: for each entry the class it stands for (the rarest that was found in it, say); negative: none. Each
            class is first given an equal share; what shares are left over go by rank.

    Raises:
        MisalignedScoresError: `groups` or `classes` are not as long as `ranking`.
    """
    ranked = np.asarray(ranking)
    allowed: Positions = np.arange(len(ranked))
    if groups is not None:
        of_group = _parallel(groups, ranked)
        allowed = allowed[(of_group < 0) | (_place_within(of_group) < per_group)]
    if classes is not None:
        allowed = _shared_out(allowed, _parallel(classes, ranked)[allowed], count)
    return ranked[allowed[:count]]


def choose_randomly(assets: pl.Series, count: int, *, seed: int) -> Positions:
    """Positions of `count` assets drawn without replacement, in the order drawn.

    The draw hangs on seed and content alone: it does not change with the order of `assets`, and a larger `count` adds
    to a smaller one.
    """
    return np.argsort(_lots(assets, seed), kind="stable")[:count]


def _parallel(values: npt.ArrayLike, ranked: Positions) -> Positions:
    column = np.asarray(values)
    if column.shape != ranked.shape:
        raise MisalignedScoresError(f"{len(column)} values for {len(ranked)} ranked assets")
    return column


def _place_within(labels: Positions) -> Positions:
    """For each entry, how many earlier ones have the same label."""
    order = np.argsort(labels, kind="stable")
    grouped = labels[order]
    first = np.searchsorted(grouped, grouped, side="left")
    places = np.empty(len(labels), dtype=np.int64)
    places[order] = np.arange(len(labels)) - first
    return places


def _shared_out(allowed: Positions, classes: Positions, count: int) -> Positions:
    """The same entries with those inside their class's equal share moved to the front; ranks hold within both parts."""
    known = np.unique(classes[classes >= 0])
    share = count // len(known) if len(known) else 0
    within = (classes >= 0) & (_place_within(classes) < share)
    chosen = np.concatenate([np.flatnonzero(within), np.flatnonzero(~within)])[:count]
    kept: Positions = allowed[np.sort(chosen)]
    return kept


def _lots(assets: pl.Series, seed: int) -> npt.NDArray[np.uint64]:
    """A number for each hash: its first eight bytes and the seed, mixed by SplitMix64 (Steele et al. 2014)."""
    if not len(assets):
        return np.empty(0, dtype=np.uint64)
    words = assets.bin.head(8).bin.reinterpret(dtype=pl.UInt64, endianness="big").to_numpy()
    mixed = words + np.uint64(seed * 0x9E3779B97F4A7C15 % 2**64)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(mixed ^ (mixed >> np.uint64(31)))
