"""The boxes of one side of an evaluation as plain columns, made from a version's tables or from arrays."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from datasets.store.schema import Tables

Ints = npt.NDArray[np.integer[Any]]
Floats = npt.NDArray[np.floating[Any]]
Bools = npt.NDArray[np.bool_]


class UnalignedBoxesError(ValueError):
    """Columns of one side that differ in length, or name an image or class that is not there."""


@dataclass(frozen=True)
class Boxes:
    """Columns of equal length n.

    `image`: positions among the evaluated images; `class_code`: positions in the evaluated class names;
    `xywh`: (n, 4) left, top, width, height in pixels; `score`: 0 to 1, for predictions; `crowd`: for ground truth,
    a region of many objects that neither counts as missed nor makes predictions in it false;
    `row`: where each box stood in the table it came from.
    """

    image: Ints
    class_code: Ints
    xywh: Floats
    row: Ints
    score: Floats
    crowd: Bools

    def __len__(self) -> int:
        return len(self.image)


def from_arrays(
    image: npt.ArrayLike,
    class_code: npt.ArrayLike,
    xywh: npt.ArrayLike,
    *,
    score: npt.ArrayLike | None = None,
    crowd: npt.ArrayLike | None = None,
) -> Boxes:
    """Make boxes from columns. Raises UnalignedBoxesError when they differ in length."""
    images = np.asarray(image, dtype=np.int64)
    count = len(images)
    boxes = Boxes(
        image=images,
        class_code=np.asarray(class_code, dtype=np.int64),
        xywh=np.asarray(xywh, dtype=np.float64).reshape(-1, 4),
        row=np.arange(count),
        score=np.ones(count) if score is None else np.asarray(score, dtype=np.float64),
        crowd=np.zeros(count, dtype=bool) if crowd is None else np.asarray(crowd, dtype=bool),
    )
    lengths = {len(boxes.class_code), len(boxes.xywh), len(boxes.score), len(boxes.crowd)}
    if lengths != {count}:
        raise UnalignedBoxesError(f"columns of {sorted(lengths | {count})} rows do not belong together")
    return boxes


def from_tables(tables: Tables, assets: pl.Series, class_names: Sequence[str]) -> tuple[Boxes, int]:
    """Take the boxes of `tables` that lie on one of `assets` (hashes, as in the schema) and are of `class_names`.

    Tags are no boxes; polygons and masks are taken by their bounding box.

    Returns:
        The boxes, and how many annotations were left out because of their asset or class.
    """
    image = _positions(tables.assets["asset"], assets)
    known = {name: code for code, name in enumerate(class_names)}
    code = np.array([known.get(name, -1) for name in tables.class_names], dtype=np.int64)
    annotations = tables.annotations.with_row_index("row").filter(pl.col("kind").cast(pl.String) != "tag")
    images = image[annotations["asset_row"].to_numpy()]
    codes = code[annotations["class_code"].to_numpy()] if len(code) else np.empty(0, dtype=np.int64)
    wanted = (images >= 0) & (codes >= 0)
    kept = annotations.filter(pl.Series(wanted))
    boxes = Boxes(
        image=images[wanted],
        class_code=codes[wanted],
        xywh=kept.select("x", "y", "w", "h").to_numpy().astype(np.float64),
        row=kept["row"].to_numpy(),
        score=kept["score"].fill_null(1.0).to_numpy().astype(np.float64),
        crowd=kept["crowd"].to_numpy(),
    )
    return boxes, int(np.count_nonzero(~wanted))


def _positions(assets: pl.Series, among: pl.Series) -> Ints:
    """Where each of `assets` stands in `among`; −1 for what is not there."""
    places = pl.DataFrame({"asset": among}).with_row_index("place")
    found = pl.DataFrame({"asset": assets}).join(places, on="asset", how="left", maintain_order="left")
    return np.asarray(found["place"].cast(pl.Int64).fill_null(-1).to_numpy())
