"""Annotations as they were read, before the images' true sizes are known: plain columns, four score bytes each."""

import unicodedata
from array import array
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
import polars as pl

from common.phrases import Phrase, gettext_noop
from datasets.formats.faults import Reason
from datasets.store import schema

CLIP_TOLERANCE = 0.01  # pixels; less is rounding, and not worth a notice
MAX_CLASS_NAME = 64
FORBIDDEN = {
    ";": gettext_noop("the name contains a semicolon"),
    ",": gettext_noop("the name contains a comma"),
    '"': gettext_noop("the name contains a quotation mark"),
    "'": gettext_noop("the name contains a quotation mark"),
    "\\": gettext_noop("the name contains a backslash"),
}
UNSET = float("nan")
DIFFICULT, TRUNCATED, CROWD = 1, 2, 4
KINDS = schema.Kind.categories.to_list()
BOX, POLYGON, MASK = (KINDS.index(name) for name in ("box", "polygon", "mask"))


@dataclass
class RawBoxes:
    """Columns of equal length. `image` numbers the package's images (-1: dropped), `file` its annotation files."""

    image: "array[int]" = field(default_factory=lambda: array("i"))
    file: "array[int]" = field(default_factory=lambda: array("i"))
    object: "array[int]" = field(default_factory=lambda: array("q"))  # its place in the file, from 1, or its id
    klass: "array[int]" = field(default_factory=lambda: array("i"))  # number of its class; -1 in rows that are dropped
    x: "array[float]" = field(default_factory=lambda: array("d"))
    y: "array[float]" = field(default_factory=lambda: array("d"))
    w: "array[float]" = field(default_factory=lambda: array("d"))
    h: "array[float]" = field(default_factory=lambda: array("d"))
    rotation: "array[float]" = field(default_factory=lambda: array("f"))
    score: "array[float]" = field(default_factory=lambda: array("f"))  # NaN: none
    quality: "array[float]" = field(default_factory=lambda: array("f"))
    kind: "array[int]" = field(default_factory=lambda: array("B"))
    flags: "array[int]" = field(default_factory=lambda: array("B"))
    shapes: dict[int, str] = field(default_factory=dict)  # by row
    attributes: dict[int, str] = field(default_factory=dict)
    classes: dict[str, int] = field(default_factory=dict)  # name as found -> number

    def __len__(self) -> int:
        return len(self.image)

    def class_number(self, name: str) -> int:
        """Return the number of a class, giving it one when it is new. Names are kept in one Unicode form."""
        name = name if name.isascii() else unicodedata.normalize("NFC", name)
        return self.classes.setdefault(name, len(self.classes))

    def class_counts(self) -> dict[str, int]:
        """Return how many annotations name each class."""
        numbers = np.asarray(self.klass, np.int64)
        counts = np.bincount(numbers[numbers >= 0], minlength=len(self.classes)).tolist()
        return dict(zip(self.classes, counts, strict=True))


def class_fault(name: str) -> Phrase | None:
    """Return what is wrong with a class name, or None: some signs would cut lists and files of executors apart."""
    if not name:
        return Phrase(gettext_noop("the name is empty"))
    if len(name) > MAX_CLASS_NAME:
        return Phrase(gettext_noop("the name is longer than {limit} characters"), limit=MAX_CLASS_NAME)
    for sign, words in FORBIDDEN.items():
        if sign in name:
            return Phrase(words)
    bad = any(unicodedata.category(letter).startswith("C") for letter in name)
    return Phrase(gettext_noop("the name contains control characters")) if bad else None


def clean(
    boxes: RawBoxes,
    wanted: np.ndarray,
    widths: np.ndarray,
    heights: np.ndarray,
    report_row: Callable[[Reason, int, str], None],
) -> "CleanBoxes":
    """Clip the wanted boxes to their images, and drop and report those that cannot be drawn.

    Sizes are by image number; `report_row` is told the reason, the row and the corners of each that is.
    """
    image = np.asarray(boxes.image, np.int64)
    x, y, w, h = (np.asarray(column, np.float64) for column in (boxes.x, boxes.y, boxes.w, boxes.h))
    keep = wanted.copy()

    def report(bad: np.ndarray, reason: Reason, *, drop: bool) -> None:
        for row in np.flatnonzero(bad & keep).tolist():
            left, top, width, height = (f"{column[row]:g}" for column in (x, y, w, h))
            source = gettext_noop("x {x}, y {y}, width {width}, height {height}")
            report_row(reason, row, Phrase(source, x=left, y=top, width=width, height=height))
        if drop:
            keep[bad] = False

    with np.errstate(over="ignore"):  # the tables hold 32 bits: what is more than those is infinite
        sound = [np.isfinite(column.astype(np.float32)) for column in (x, y, w, h, np.asarray(boxes.rotation))]
    report(~np.logical_and.reduce(sound), Reason.NOT_FINITE, drop=True)
    with np.errstate(invalid="ignore"):
        report((w <= 0) | (h <= 0), Reason.EMPTY_BOX, drop=True)
        left, top = np.maximum(x, 0), np.maximum(y, 0)
        right, bottom = np.minimum(x + w, widths[image]), np.minimum(y + h, heights[image])
        turned = np.asarray(boxes.rotation) != 0  # its corners lie elsewhere: only wholly outside is wrong
        report((right <= left) | (bottom <= top), Reason.OUTSIDE, drop=True)
        beyond = np.maximum.reduce([left - x, top - y, x + w - right, y + h - bottom])
    report((beyond > CLIP_TOLERANCE) & ~turned, Reason.CLIPPED, drop=False)
    clip = (beyond > 0) & ~turned
    x, w = np.where(clip, left, x), np.where(clip, right - left, w)
    y, h = np.where(clip, top, y), np.where(clip, bottom - top, h)
    return CleanBoxes(boxes, np.flatnonzero(keep), x, y, w, h)


@dataclass
class CleanBoxes:
    """The rows of RawBoxes that are kept, with their clipped corners."""

    raw: RawBoxes
    rows: np.ndarray
    x: np.ndarray
    y: np.ndarray
    w: np.ndarray
    h: np.ndarray

    def frame(self, asset_rows: np.ndarray, class_codes: np.ndarray) -> pl.DataFrame:
        """Return the kept rows by the schema. `asset_rows` by image number, `class_codes` by class number."""
        raw, rows = self.raw, self.rows
        flags = np.asarray(raw.flags)[rows]
        columns = {
            "asset_row": asset_rows[np.asarray(raw.image)[rows]].astype(np.uint32),
            "class_code": class_codes[np.asarray(raw.klass)[rows]].astype(np.uint16),
            **{name: getattr(self, name)[rows].astype(np.float32) for name in ("x", "y", "w", "h")},
            "kind": pl.Series(KINDS, dtype=schema.Kind).gather(np.asarray(raw.kind)[rows]),
            "rotation": np.asarray(raw.rotation)[rows],
            "score": nullable(np.asarray(raw.score)[rows]),
            "quality": nullable(np.asarray(raw.quality)[rows]),
            "difficult": (flags & DIFFICULT) > 0,
            "truncated": (flags & TRUNCATED) > 0,
            "crowd": (flags & CROWD) > 0,
            "shape": sparse(raw.shapes, rows),
            "attributes": sparse(raw.attributes, rows),
        }
        return schema.conform(pl.DataFrame(columns), schema.ANNOTATIONS)


def nullable(values: np.ndarray) -> pl.Series:
    """Return numbers with null where there is none, or none that is finite."""
    return pl.Series(np.where(np.isfinite(values), values, np.float32(UNSET))).fill_nan(None)


def sparse(values: Mapping[int, str], rows: np.ndarray) -> pl.Series:
    """Return a column of strings that few rows have."""
    if not values:
        return pl.Series([None], dtype=pl.String).new_from_index(0, len(rows))
    return pl.Series([values.get(row) for row in rows.tolist()], dtype=pl.String)
