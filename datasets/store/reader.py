"""Read a version: whole tables, statistics, or the page of images that somebody looks at."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy as np
import polars as pl

from datasets.store import layout, schema
from datasets.store.index import CROWD, DIFFICULT, TRUNCATED, Index
from datasets.store.schema import Tables

FORMATS = schema.ImageFormat.categories.to_list()
KINDS = schema.Kind.categories.to_list()


class Manifest(msgspec.Struct, frozen=True):
    """What a version says of itself."""

    schema_version: int
    content_id: str
    asset_count: int
    annotation_count: int
    class_names: tuple[str, ...]


class UnknownSchemaError(ValueError):
    """The version was written by a newer release."""


class Box(NamedTuple):
    """One annotation, as it is drawn. `score` is None for ground truth."""

    class_name: str
    x: float
    y: float
    w: float
    h: float
    score: float | None
    kind: str
    difficult: bool
    truncated: bool
    crowd: bool


@dataclass(frozen=True, slots=True)
class Asset:
    """One image of a version with its annotations."""

    row: int
    asset: str
    file_name: str
    format: str
    width: int
    height: int
    bytes: int
    boxes: list[Box]


@dataclass(frozen=True, slots=True)
class Page:
    """`items` from `offset` on, of `total` images that match."""

    total: int
    offset: int
    items: list[Asset]


def manifest(folder: Path) -> Manifest:
    """Read what the version in `folder` says of itself. Raises UnknownSchemaError, or OSError when it is not there."""
    content = msgspec.json.decode((folder / layout.MANIFEST).read_bytes(), type=Manifest)
    if content.schema_version > schema.SCHEMA_VERSION:
        raise UnknownSchemaError(f"schema {content.schema_version} is newer than {schema.SCHEMA_VERSION}")
    return content


def load(folder: Path) -> Tables:
    """Read the whole tables."""
    names = manifest(folder).class_names
    assets = pl.read_parquet(folder / layout.ASSETS)
    return Tables(assets, pl.read_parquet(folder / layout.ANNOTATIONS), names)


def stats(folder: Path) -> dict[str, Any]:
    """Read the statistics counted at commit; see `statistics.statistics`."""
    content: dict[str, Any] = msgspec.json.decode((folder / layout.STATS).read_bytes())
    return content


def page(
    folder: Path,
    *,
    classes: Sequence[str] = (),
    without: Sequence[str] = (),
    unannotated: bool = False,
    offset: int = 0,
    limit: int = 60,
) -> Page:
    """Return images in the order of their hash, with all their annotations.

    Args:
        folder: The version.
        classes: Only images with any of these classes; none given: all images.
        without: No images with any of these classes.
        unannotated: Only images without annotations; `classes` and `without` are then of no use.
        offset: How many to pass over.
        limit: How many to return at most.
    """
    names, index = manifest(folder).class_names, Index(folder / layout.INDEX)
    if not (classes or without or unannotated):
        end = min(offset + limit, index.asset_count)
        return Page(index.asset_count, offset, [take(index, names, row) for row in range(offset, end)])
    matches = matching(index, names, classes, without, unannotated)
    chosen = matches[offset : offset + limit].tolist()
    return Page(len(matches), offset, [take(index, names, row) for row in chosen])


def asset(folder: Path, asset_hash: str) -> Asset | None:
    """Return one image with its annotations, or None when the version does not hold it."""
    names, index = manifest(folder).class_names, Index(folder / layout.INDEX)
    row = index.find(asset_hash)
    return None if row is None else take(index, names, row)


def assets(folder: Path, asset_hashes: Sequence[str]) -> list[Asset]:
    """Return the given images that the version holds, in the order given."""
    names, index = manifest(folder).class_names, Index(folder / layout.INDEX)
    found = (index.find(asset_hash) for asset_hash in asset_hashes)
    return [take(index, names, row) for row in found if row is not None]


def matching(
    index: Index, names: tuple[str, ...], classes: Sequence[str], without: Sequence[str], unannotated: bool
) -> np.ndarray:
    """Return the rows that match, ascending."""
    if unannotated:
        return index.unannotated
    include = [names.index(name) for name in classes if name in names]
    if classes and not include:
        return np.empty(0, np.uint32)
    return index.rows(include, [names.index(name) for name in without if name in names])


def take(index: Index, names: tuple[str, ...], row: int) -> Asset:
    """Return the image at `row`."""
    begin, end = index.annotation_offsets[row : row + 2].tolist()
    return Asset(
        row=row,
        asset=index.asset(row),
        file_name=index.file_name(row),
        format=FORMATS[index.format[row]],
        width=int(index.width[row]),
        height=int(index.height[row]),
        bytes=int(index.bytes[row]),
        boxes=[draw(names, *record) for record in index.boxes[begin:end].tolist()],
    )


def draw(
    names: tuple[str, ...], x: float, y: float, w: float, h: float, score: float, code: int, kind: int, flags: int
) -> Box:
    """Make a box of a record of the index. NaN, the score that is none, is the one number unequal to itself."""
    flag = [bool(flags & bit) for bit in (DIFFICULT, TRUNCATED, CROWD)]
    return Box(names[code], x, y, w, h, score if score == score else None, KINDS[kind], *flag)  # noqa: PLR0124
