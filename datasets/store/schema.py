"""The one definition of a version's two tables. Ground truth and predictions share it.

`assets` has one row for each image, sorted by content hash. `annotations` has one row for each box, polygon, mask or
tag and names its asset by `asset_row`, the position in the sorted assets: four bytes in place of thirty-two, and every
operation is an index, not a join. Class names are stored beside the tables, so that a version explains itself.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

SCHEMA_VERSION = 1
HASH_BYTES = 32
MAX_CLASSES = 1 << 16  # what a class code has room for

ImageFormat = pl.Enum(["jpeg", "png", "bmp", "webp"])
Kind = pl.Enum(["box", "polygon", "mask", "tag"])

ASSETS: dict[str, Any] = {
    "asset": pl.Binary,  # SHA-256 of the file; hex at every edge
    "format": ImageFormat,  # by content, not by the name's extension
    "width": pl.UInt32,  # as displayed: after the photograph's own orientation
    "height": pl.UInt32,
    "bytes": pl.UInt32,
    "file_name": pl.String,  # where it came from, relative to the imported folder
    "attributes": pl.String,  # JSON object of the image's own tags, or null
}
ANNOTATIONS: dict[str, Any] = {
    "asset_row": pl.UInt32,
    "class_code": pl.UInt16,  # position in class_names
    "x": pl.Float32,  # left, top, width, height in pixels; 0, 0 is the outer corner of the first pixel
    "y": pl.Float32,
    "w": pl.Float32,
    "h": pl.Float32,
    "kind": Kind,
    "rotation": pl.Float32,  # radians, clockwise about the centre
    "score": pl.Float32,  # a model's confidence; null for ground truth
    "quality": pl.Float32,  # 0 to 1, as judged by people; null where nobody did
    "difficult": pl.Boolean,
    "truncated": pl.Boolean,
    "crowd": pl.Boolean,
    "shape": pl.String,  # COCO segmentation as JSON: polygons or run lengths; null for a box
    "attributes": pl.String,  # JSON object, or null
    "source": pl.String,  # who or what drew it, or null
}
DEFAULTS: dict[str, Any] = {
    "kind": "box",
    "rotation": 0.0,
    "difficult": False,
    "truncated": False,
    "crowd": False,
}


class InvalidTablesError(ValueError):
    """Tables that break the schema; a bug of whoever made them."""


class TooManyClassesError(ValueError):
    """More class names than a class code has room for."""

    def __init__(self, count: int) -> None:
        self.count, self.limit = count, MAX_CLASSES
        super().__init__(f"{count} class names, the limit is {MAX_CLASSES}")


@dataclass(frozen=True)
class Tables:
    """The rows of a version: `assets` and `annotations` as defined above, and the names of the class codes."""

    assets: pl.DataFrame
    annotations: pl.DataFrame
    class_names: tuple[str, ...] = ()

    def offsets(self) -> np.ndarray:
        """Return where each asset's annotations begin; one more entry than assets. Needs the canonical order."""
        rows = self.annotations["asset_row"].to_numpy()
        return np.searchsorted(rows, np.arange(self.assets.height + 1, dtype=np.uint32)).astype(np.uint32)

    def hex(self) -> list[str]:
        """Return the assets' hashes, in hex."""
        return self.assets["asset"].bin.encode("hex").to_list()


def check_class_count(names: Collection[str]) -> None:
    """Pass when every name can have a code. Raises TooManyClassesError."""
    if len(names) > MAX_CLASSES:
        raise TooManyClassesError(len(names))


def empty() -> Tables:
    """Return tables without rows."""
    return Tables(pl.DataFrame(schema=ASSETS), pl.DataFrame(schema=ANNOTATIONS))


def conform(frame: pl.DataFrame, columns: dict[str, Any]) -> pl.DataFrame:
    """Return `frame` with exactly `columns`, in order and type; absent ones take their default, or null."""
    present = set(frame.columns)
    missing = [name for name in columns if name not in present]
    filled = frame.with_columns(pl.lit(DEFAULTS.get(name)).alias(name) for name in missing)
    return filled.select(pl.col(name).cast(dtype) for name, dtype in columns.items())


def from_rows(assets: pl.DataFrame, annotations: pl.DataFrame) -> Tables:
    """Make tables from rows that name assets by hex hash (`asset`) and classes by name (`class_name`).

    Columns that are absent take their defaults. Raises InvalidTablesError when an annotation's asset is not listed, and
    TooManyClassesError.
    """
    assets = conform(assets.with_columns(pl.col("asset").str.decode("hex")), ASSETS).sort("asset")
    names = annotations["class_name"].cast(pl.String).unique().sort()
    check_class_count(names)
    codes = pl.DataFrame({"class_name": names, "class_code": np.arange(len(names), dtype=np.uint16)})
    rows = assets.select("asset").with_row_index("asset_row")
    joined = (
        annotations.with_columns(pl.col("asset").str.decode("hex"), pl.col("class_name").cast(pl.String))
        .join(rows, on="asset", how="left", maintain_order="left")
        .join(codes, on="class_name", how="left", maintain_order="left")
    )
    if joined["asset_row"].null_count():
        raise InvalidTablesError("an annotation names an asset that is not among the assets")
    return Tables(assets, conform(joined, ANNOTATIONS), tuple(names))


def to_rows(tables: Tables) -> pl.DataFrame:
    """Return the annotations with `asset` in hex and `class_name` in place of row and code."""
    return tables.annotations.select(
        tables.assets["asset"].bin.encode("hex").gather(tables.annotations["asset_row"]).alias("asset"),
        class_column(tables.class_names, tables.annotations["class_code"]).alias("class_name"),
        pl.exclude("asset_row", "class_code"),
    )


def class_column(names: Sequence[str], codes: pl.Series) -> pl.Series:
    """Return the names of class codes."""
    return pl.Series(names, dtype=pl.String).gather(codes)


def keys(assets: pl.DataFrame) -> np.ndarray:
    """Return the hashes as an (n, 4) array of numbers that sort like the hashes."""
    if not assets.height:
        return np.empty((0, 4), np.uint64)
    words = assets["asset"].bin.reinterpret(dtype=pl.Array(pl.UInt64, 4), endianness="big")
    return words.to_numpy()


def hash_column(hex_hashes: Iterable[str]) -> pl.Series:
    """Return a column of hashes given in hex. Raises InvalidTablesError for what is no SHA-256."""
    column = pl.Series("asset", hex_hashes, dtype=pl.String).str.decode("hex", strict=False)
    if column.null_count() or (column.bin.size() != HASH_BYTES).any():
        raise InvalidTablesError("an asset is named by 64 hex digits")
    return column


def decimals(column: pl.Series) -> np.ndarray:
    """Return 32-bit numbers as the 64-bit numbers with their shortest decimal form: 473.07, not 473.0700073."""
    return column.cast(pl.String).cast(pl.Float64).to_numpy()
