"""Browse a version: the images that match a filter, in an order that people choose, and a page or a neighbour of it.

What is counted at commit (`index.bin`) answers all but two wishes: words in file names and the order by name read that
one column of the table. Nothing loops over rows.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal, get_args, overload

import numpy as np
import polars as pl

from datasets.store import layout, reader
from datasets.store.index import Index
from datasets.store.query import Query
from datasets.store.reader import Asset

Order = Literal["mixed", "name", "most", "fewest", "score"]
ORDERS: tuple[Order, ...] = get_args(Order)
CACHED_ORDERS = 8  # 4 bytes an image each


@dataclass(frozen=True)
class Place:
    """Where an image stands among those that match: its position from 0, and the ones beside it."""

    position: int
    previous: str | None
    next: str | None


class Selection(Sequence[Asset]):
    """The images of a version that match, in order; a sequence that reads only the slice it is asked for."""

    def __init__(self, folder: Path, query: Query, order: Order = "mixed", scores: np.ndarray | None = None) -> None:
        """Open the version in `folder`.

        Args:
            folder: The version.
            query: Which images.
            order: mixed is that of the hashes, the same each time; score needs `scores`.
            scores: One number for each image of the version, in the order of its rows; NaN where there is none.
        """
        self._names = reader.manifest(folder).class_names
        self._index = Index(folder / layout.INDEX)
        self._scores = scores
        self._rows = self._order(folder, self._find(folder, query), order)

    def __len__(self) -> int:
        return len(self._rows)

    @overload
    def __getitem__(self, place: int) -> Asset: ...

    @overload
    def __getitem__(self, place: slice) -> list[Asset]: ...

    def __getitem__(self, place: int | slice) -> Asset | list[Asset]:
        if isinstance(place, slice):
            return [reader.take(self._index, self._names, row) for row in self._rows[place].tolist()]
        return reader.take(self._index, self._names, int(self._rows[place]))

    def score(self, asset: Asset) -> float | None:
        """Return an image's score, None where there is none."""
        if self._scores is None or np.isnan(self._scores[asset.row]):
            return None
        return float(self._scores[asset.row])

    def place(self, asset: Asset) -> Place | None:
        """Return where an image of the version stands; None when it does not match."""
        found = np.flatnonzero(self._rows == asset.row)
        if not len(found):
            return None
        position = int(found[0])
        before = self._index.asset(int(self._rows[position - 1])) if position else None
        after = self._index.asset(int(self._rows[position + 1])) if position + 1 < len(self._rows) else None
        return Place(position, before, after)

    def _find(self, folder: Path, query: Query) -> np.ndarray:
        known = {name: code for code, name in enumerate(self._names)}
        include = [known[name] for name in query.classes if name in known]
        if query.classes and not include:
            return np.empty(0, np.uint32)
        rows = self._index.rows(include, [known[name] for name in query.without if name in known])
        if query.least:
            rows = rows[self._box_counts()[rows] >= query.least]
        if query.most is not None:
            rows = rows[self._box_counts()[rows] <= query.most]
        return rows[name_mask(folder, query.words)[rows]] if query.words else rows

    def _order(self, folder: Path, rows: np.ndarray, order: Order) -> np.ndarray:
        if order == "name":
            return rows[np.argsort(name_ranks(folder)[rows], kind="stable")]
        if order == "most":
            return rows[np.argsort(-self._box_counts()[rows], kind="stable")]
        if order == "fewest":
            return rows[np.argsort(self._box_counts()[rows], kind="stable")]
        if order == "score" and self._scores is not None:
            return rows[np.argsort(-self._scores[rows], kind="stable")]
        return rows

    def _box_counts(self) -> np.ndarray:
        return np.diff(self._index.annotation_offsets.astype(np.int64))


def name_mask(folder: Path, words: tuple[str, ...]) -> np.ndarray:
    """Tell for each image whether its file name holds every word; case does not matter."""
    names = pl.read_parquet(folder / layout.ASSETS, columns=["file_name"])["file_name"].str.to_lowercase()
    mask = np.ones(len(names), bool)
    for word in words:
        mask &= names.str.contains(word.lower(), literal=True).to_numpy()
    return mask


@lru_cache(maxsize=CACHED_ORDERS)
def name_ranks(folder: Path) -> np.ndarray:
    """Return each image's place in the order of file names. A version never changes: computed once a process."""
    names = pl.read_parquet(folder / layout.ASSETS, columns=["file_name"])["file_name"]
    return names.rank("ordinal").to_numpy().astype(np.uint32)


@lru_cache(maxsize=CACHED_ORDERS)
def read_scores(folder: Path, scores: Path) -> np.ndarray:
    """Return the scores of a mining (Parquet with `asset` in hex and `score`) for each image of the version."""
    assets = pl.read_parquet(folder / layout.ASSETS, columns=["asset"])
    given = pl.read_parquet(scores, columns=["asset", "score"]).with_columns(pl.col("asset").str.decode("hex"))
    joined = assets.join(given, on="asset", how="left", maintain_order="left")
    return joined["score"].cast(pl.Float32).fill_null(float("nan")).to_numpy()
