"""Merge, filter, sample, exclude, select: tables in, tables out. Nothing is changed, nothing is written.

All take canonical tables and return canonical tables.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import polars as pl

from datasets.store import canonical, schema
from datasets.store.schema import Tables

Strategy = Literal["newest", "oldest", "stop"]


class MergeConflictError(ValueError):
    """Versions annotate the same assets differently, and the strategy is to stop. `assets` lists them, in hex."""

    def __init__(self, assets: list[str]) -> None:
        self.assets = assets
        super().__init__(f"{len(assets)} assets are annotated differently")


class SampleTooLargeError(ValueError):
    """More assets are asked for than there are."""

    def __init__(self, asked: int, available: int) -> None:
        self.asked, self.available = asked, available
        super().__init__(f"{asked} of {available} assets")


class AssetsNotFoundError(ValueError):
    """Assets are named that the tables do not hold. `assets` lists them, in hex."""

    def __init__(self, assets: list[str]) -> None:
        self.assets = assets
        super().__init__(f"{len(assets)} assets are not there")


@dataclass(frozen=True)
class Merged:
    """The tables of a merge, and the assets, in hex, that more than one side annotated differently."""

    tables: Tables
    conflicts: list[str]


def merge(sides: Sequence[Tables], strategy: Strategy) -> Merged:
    """Unite versions, given from the oldest to the newest.

    An asset that several hold is taken whole from one: the newest or the oldest that annotates it. A side that holds
    it without annotations never wins over one with: not yet labelled is no verdict. Both sides annotating it alike is
    no conflict.

    Raises:
        MergeConflictError: With `stop`, when two sides annotate an asset differently.
        TooManyClassesError: The sides have more classes together than a version can.
    """
    names = tuple(sorted({name for side in sides for name in side.class_names}))
    stacked = stack([recode(side, names) for side in sides])
    order = sort_assets(stacked.keys, np.arange(len(stacked.keys)))
    groups = group_starts(stacked.keys[order])
    conflicts = find_conflicts(stacked, order, groups)
    hashes = stacked.assets["asset"].gather(order[groups[conflicts]]).bin.encode("hex").to_list()
    if conflicts.size and strategy == "stop":
        raise MergeConflictError(hashes)
    winners = choose(stacked.counts[order] > 0, groups, newest=strategy != "oldest")
    return Merged(take(stacked.tables(names), order[winners], stacked.starts, stacked.counts), hashes)


@dataclass(frozen=True)
class Stacked:
    """Versions one after the other, in one pair of tables."""

    assets: pl.DataFrame
    annotations: pl.DataFrame
    keys: np.ndarray
    starts: np.ndarray  # where each asset's annotations begin
    counts: np.ndarray  # how many there are

    def tables(self, names: tuple[str, ...]) -> Tables:
        """Return them as tables, which are not canonical."""
        return Tables(self.assets, self.annotations, names)


def stack(sides: Sequence[Tables]) -> Stacked:
    """Put versions with the same class codes one after the other."""
    counts = [np.diff(side.offsets().astype(np.int64)) for side in sides]
    all_counts = np.concatenate([np.empty(0, np.int64), *counts])
    return Stacked(
        assets=pl.concat([side.assets for side in sides] or [schema.empty().assets]),
        annotations=pl.concat([side.annotations for side in sides] or [schema.empty().annotations]),
        keys=np.concatenate([schema.keys(side.assets) for side in sides] or [np.empty((0, 4), np.uint64)]),
        starts=np.cumsum(all_counts, dtype=np.int64) - all_counts,
        counts=all_counts,
    )


def recode(tables: Tables, names: tuple[str, ...]) -> Tables:
    """Number the classes by `names`, which is sorted and holds them all: the order of rows stays as it is.

    Raises TooManyClassesError.
    """
    if tables.class_names == names:
        return tables
    schema.check_class_count(names)
    places = {name: code for code, name in enumerate(names)}
    codes = np.array([places[name] for name in tables.class_names], np.uint16)
    column = pl.Series("class_code", codes[tables.annotations["class_code"].to_numpy()], dtype=pl.UInt16)
    return Tables(tables.assets, tables.annotations.with_columns(column), names)


def sort_assets(keys: np.ndarray, order: np.ndarray) -> np.ndarray:
    """Return the places of assets by hash, equal ones in the order given."""
    first = keys[order, 0]
    order = order[np.argsort(first, kind="stable")]
    sorted_keys = keys[order]
    same_first = sorted_keys[1:, 0] == sorted_keys[:-1, 0]
    if (same_first & (sorted_keys[1:] != sorted_keys[:-1]).any(axis=1)).any():
        # two hashes share their first 64 bits: never seen, but the order must not depend on luck
        return np.lexsort(keys.T[::-1])
    return order


def group_starts(keys: np.ndarray) -> np.ndarray:
    """Return where runs of equal keys begin."""
    first = np.ones(len(keys), bool)
    first[1:] = (keys[1:] != keys[:-1]).any(axis=1)
    return np.flatnonzero(first)


def choose(annotated: np.ndarray, groups: np.ndarray, *, newest: bool) -> np.ndarray:
    """Return the winner of each run: its last (or first) annotated place, or its last (or first) place."""
    place = np.arange(len(annotated))
    if not len(groups):
        return place
    ends = np.append(groups[1:], len(annotated)) - 1
    if newest:
        best = np.maximum.reduceat(np.where(annotated, place, -1), groups)
        return np.where(best >= 0, best, ends)
    best = np.minimum.reduceat(np.where(annotated, place, len(annotated)), groups)
    return np.where(best < len(annotated), best, groups)


def find_conflicts(stacked: Stacked, order: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """Return the numbers of the runs in which two sides annotate, and not alike."""
    sizes = np.diff(np.append(groups, len(order)))
    annotated = stacked.counts[order] > 0
    shared = np.repeat(sizes > 1, sizes) & annotated
    run = np.repeat(np.arange(len(groups)), sizes)[shared]
    prints = fingerprints(stacked, order[shared])
    # equal runs are neighbours: `run` ascends, since `order` groups equal assets
    differs = (run[1:] == run[:-1]) & (prints[1:] != prints[:-1])
    return np.unique(run[1:][differs])


def fingerprints(stacked: Stacked, places: np.ndarray, without: Sequence[str] = ("asset_row", "source")) -> np.ndarray:
    """Return a 64-bit sum over the annotations of each place, which has some; equal rows in any order give equal sums.

    Who drew a box is not looked at, unless `without` is told so.
    """
    if not len(places):
        return np.empty(0, np.uint64)
    rows, starts = gather_rows(stacked.starts[places], stacked.counts[places])
    values = stacked.annotations.select(pl.exclude(*without))[rows].hash_rows(seed=1).to_numpy()
    return np.add.reduceat(values, starts)


def stacked_fingerprints(sides: Sequence[Tables]) -> list[np.ndarray]:
    """Return the fingerprint of the annotations of each asset of each side; 0 for none."""
    names = tuple(sorted({name for side in sides for name in side.class_names}))
    stacked = stack([recode(side, names) for side in sides])
    filled = np.flatnonzero(stacked.counts)
    prints = np.zeros(len(stacked.counts), np.uint64)
    prints[filled] = fingerprints(stacked, filled, without=["asset_row"])
    return np.split(prints, np.cumsum([side.assets.height for side in sides])[:-1])


def gather_rows(starts: np.ndarray, counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the numbers of the rows in blocks (start, count), and where each block begins among them."""
    begins = np.cumsum(counts) - counts
    total = int(counts.sum())
    return np.repeat(starts - begins, counts) + np.arange(total), begins


def take(tables: Tables, places: np.ndarray, starts: np.ndarray, counts: np.ndarray) -> Tables:
    """Return the assets at `places`, which ascend by hash, with their blocks of annotations."""
    rows, _begins = gather_rows(starts[places], counts[places])
    asset_row = np.repeat(np.arange(len(places), dtype=np.uint32), counts[places])
    annotations = tables.annotations[rows].with_columns(pl.Series("asset_row", asset_row, dtype=pl.UInt32))
    return drop_unused_classes(Tables(tables.assets[places], annotations, tables.class_names))


def drop_unused_classes(tables: Tables) -> Tables:
    """Keep the class names in use."""
    annotations, names = canonical.canonical_classes(tables.annotations, tables.class_names)
    return Tables(tables.assets, annotations, names)


def keep(tables: Tables, wanted: np.ndarray) -> Tables:
    """Return the assets of which `wanted` is true, with their annotations."""
    rows = tables.annotations["asset_row"].to_numpy()
    places = np.cumsum(wanted, dtype=np.uint32) - 1
    kept = wanted[rows]
    annotations = tables.annotations.filter(kept).with_columns(
        pl.Series("asset_row", places[rows[kept]], dtype=pl.UInt32)
    )
    return drop_unused_classes(Tables(tables.assets.filter(wanted), annotations, tables.class_names))


def filter_classes(
    tables: Tables, *, include: Collection[str] = (), exclude: Collection[str] = (), only_these_boxes: bool = False
) -> Tables:
    """Keep the assets with any class of `include` (none given: all) and no class of `exclude`.

    An asset keeps all its annotations, also those of other classes: an image with half its objects unmarked would teach
    a model that they are background. `only_these_boxes` leaves just those of `include`. A class without annotations
    matches no asset.
    """
    wanted = assets_with(tables, include) if include else np.ones(tables.assets.height, bool)
    if exclude:
        wanted &= ~assets_with(tables, exclude)
    chosen = keep(tables, wanted)
    if not (only_these_boxes and include):
        return chosen
    codes = [code for code, name in enumerate(chosen.class_names) if name in include]
    boxes = chosen.annotations.filter(np.isin(chosen.annotations["class_code"].to_numpy(), codes))
    return drop_unused_classes(Tables(chosen.assets, boxes, chosen.class_names))


def assets_with(tables: Tables, names: Collection[str]) -> np.ndarray:
    """Tell for each asset whether it has an annotation of any of the classes."""
    named = np.array([name in names for name in tables.class_names], bool)
    found = np.zeros(tables.assets.height, bool)
    if named.any():
        hits = named[tables.annotations["class_code"].to_numpy()]
        found[tables.annotations["asset_row"].to_numpy()[hits]] = True
    return found


def sample(tables: Tables, *, seed: int, count: int | None = None, fraction: float | None = None) -> Tables:
    """Choose assets at random: `count`, or a `fraction` (rounded, at least one). The same seed, the same choice.

    Raises:
        SampleTooLargeError: There are fewer assets than asked for.
        ValueError: Not exactly one of count and fraction is given, or it is not positive.
    """
    size = tables.assets.height
    if (count is None) == (fraction is None):
        raise ValueError("give count or fraction")
    asked = count if count is not None else max(1, round(size * (fraction or 0)))
    if asked <= 0 or (fraction is not None and not 0 < fraction <= 1):
        raise ValueError("a sample has at least one asset, and a fraction is over 0 and at most 1")
    if asked > size:
        raise SampleTooLargeError(asked, size)
    wanted = np.zeros(size, bool)
    wanted[np.random.default_rng(seed).choice(size, asked, replace=False, shuffle=False)] = True
    return keep(tables, wanted)


def exclude(tables: Tables, others: Sequence[Tables]) -> Tables:
    """Leave out the assets that any of `others` holds."""
    known = pl.concat([tables.assets["asset"].head(0), *(other.assets["asset"] for other in others)])
    return keep(tables, ~tables.assets["asset"].is_in(known.implode()).to_numpy())


def select(tables: Tables, assets: Sequence[str]) -> Tables:
    """Keep the assets given in hex; what order they are in, and how often, does not matter.

    Raises:
        AssetsNotFoundError: Some are not there.
    """
    asked = schema.hash_column(assets).unique()
    absent = asked.filter(~asked.is_in(tables.assets["asset"].implode()))
    if len(absent):
        raise AssetsNotFoundError(sorted(absent.bin.encode("hex")))
    return keep(tables, tables.assets["asset"].is_in(asked.implode()).to_numpy())


def drop_annotations(tables: Tables) -> Tables:
    """Keep the assets alone."""
    return Tables(tables.assets, tables.annotations.head(0))
