"""Reads what mining and inference left in /out: scores of assets, and the objects a model found."""

import json
import math
from collections import Counter
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO

import msgspec
import polars as pl

from executors.contract import documents, outbox
from executors.contract.errors import ResultError
from executors.contract.results import number

MINING_FILE = "result.tsv"
INFER_FILE = "infer-result.json"
MAX_LINE = 64 * 1024
LARGEST = 1e15

MINED_SCHEMA = {"asset": pl.String, "score": pl.Float64}
FOUND_SCHEMA = {
    "asset": pl.String,
    "class_name": pl.String,
    "score": pl.Float64,
    "x": pl.Float64,
    "y": pl.Float64,
    "w": pl.Float64,
    "h": pl.Float64,
    "segmentation": pl.String,  # COCO JSON; null for plain boxes
}


@dataclass(frozen=True)
class Skipped:
    """Entries that were not taken: why, how many, and the first of them."""

    reason: str
    count: int
    example: str


@dataclass(frozen=True)
class Findings:
    """A table of results in the order of the file, and what was left out of it."""

    table: pl.DataFrame
    skipped: tuple[Skipped, ...] = ()


def read_mining(out: Path, known: Container[str]) -> Findings:
    """Read /out/result.tsv: assets (hashes), best first, with their first score (null where it is no number).

    The order of the file counts, not the score. Assets that are not in `known`, and repeated ones, are skipped.

    Raises:
        ResultMissingError: when there is no result.tsv.
        ResultError: when no line of it can be used.
    """
    skips = _Skips()
    scores: dict[str, float | None] = {}
    with outbox.opened(out, MINING_FILE) as stream:
        for line in _lines(stream):
            columns = line.split("\t") if "\t" in line else line.split()
            asset = _asset(columns[0])
            if asset not in known:
                skips.add("unknown asset", columns[0])
            elif asset in scores:
                skips.add("asset listed twice", asset)
            else:
                scores[asset] = number(columns[1].strip()) if len(columns) > 1 else None
    if skips.counts and not scores:
        raise ResultError(MINING_FILE, f"no line names a candidate, e.g. {skips.first()}")
    table = pl.DataFrame({"asset": list(scores), "score": list(scores.values())}, schema=MINED_SCHEMA)
    return Findings(table, skips.all())


def read_inference(out: Path, known: Container[str]) -> Findings:
    """Read /out/infer-result.json, in the form for detection or in COCO form for segmentation.

    Boxes are x, y, w, h in pixels, floats as written. Skipped and counted: assets that are not in `known`, boxes
    without a score, a class or a positive finite size. An asset that is not mentioned has no objects.

    Raises:
        ResultMissingError: when there is no infer-result.json.
        ResultError: when it is neither form.
    """
    document = _json(outbox.read(out, INFER_FILE, outbox.MAX_TABLE))
    skips = _Skips()
    found = _Columns()
    if isinstance(document, dict) and isinstance(document.get("detection"), dict):
        _read_detection(document["detection"], known, found, skips)
    elif isinstance(document, dict) and all(
        isinstance(document.get(key), list) for key in ("images", "categories", "annotations")
    ):
        _read_coco(document, known, found, skips)
    else:
        raise ResultError(INFER_FILE, "has neither `detection` nor images, categories and annotations")
    return Findings(found.table(), skips.all())


class _Skips:
    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.examples: dict[str, str] = {}

    def add(self, reason: str, example: object) -> None:
        self.counts[reason] += 1
        if reason not in self.examples:
            self.examples[reason] = documents.plain(example)

    def first(self) -> str:
        return next(iter(self.examples.values()), "")

    def all(self) -> tuple[Skipped, ...]:
        return tuple(Skipped(reason, count, self.examples[reason]) for reason, count in self.counts.items())


class _Columns:
    """Grows a table column by column: half a million boxes without an object for each."""

    def __init__(self) -> None:
        self.values: dict[str, list[Any]] = {name: [] for name in FOUND_SCHEMA}

    def add(self, asset: str, class_name: str, score: float, box: tuple[float, ...], shape: str | None = None) -> None:
        row = (asset, class_name, score, *box, shape)
        for column, value in zip(self.values.values(), row, strict=True):
            column.append(value)

    def table(self) -> pl.DataFrame:
        return pl.DataFrame(self.values, schema=FOUND_SCHEMA)


def _asset(path: object) -> str:
    """The asset of a file name or path: its last part without the ending."""
    return PurePosixPath(path.strip()).stem if isinstance(path, str) else ""


def _lines(stream: BinaryIO) -> Iterator[str]:
    """Yield the lines that are not empty.

    Raises:
        ResultError: for text that is not UTF-8, a line without end, or more than any mining writes.
    """
    size = 0
    while raw := stream.readline(MAX_LINE):
        size += len(raw)
        if size > outbox.MAX_TABLE or (len(raw) == MAX_LINE and not raw.endswith(b"\n")):
            raise ResultError(MINING_FILE, "a line, or the file, is too long")
        try:
            line = raw.decode("utf-8-sig").strip()
        except UnicodeDecodeError as error:
            raise ResultError(MINING_FILE, "not UTF-8 text") from error
        if line:
            yield line


def _json(data: bytes) -> Any:
    """Parse JSON; a second, slower try allows the NaN that Python's json writes."""
    try:
        return msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError):
        pass
    except RecursionError as error:
        raise ResultError(INFER_FILE, "nested too deeply") from error
    try:
        return json.loads(data)
    except (ValueError, RecursionError) as error:
        raise ResultError(INFER_FILE, f"not valid JSON ({documents.plain(str(error), 100)})") from error


def _read_detection(entries: Mapping[str, Any], known: Container[str], found: _Columns, skips: _Skips) -> None:
    for name, entry in entries.items():
        asset = _asset(name)
        if asset not in known:
            skips.add("unknown asset", name)
            continue
        boxes = (entry.get("boxes") or entry.get("annotations") or []) if isinstance(entry, dict) else None
        if not isinstance(boxes, list):
            skips.add("asset without a list of boxes", name)
            continue
        for item in boxes:
            _read_box(asset, item, found, skips)


def _read_box(asset: str, item: Any, found: _Columns, skips: _Skips) -> None:
    score = _real(item.get("score")) if isinstance(item, dict) else None
    if score is None:
        skips.add("no score", asset)
        return
    corners = item.get("box")
    box = _box([corners.get(key) for key in ("x", "y", "w", "h")]) if isinstance(corners, dict) else None
    class_name = item.get("class_name")
    if box is None:
        skips.add("no usable box", asset)
    elif not isinstance(class_name, str) or not class_name.strip():
        skips.add("no class", asset)
    else:
        found.add(asset, documents.plain(class_name.strip()), score, box)


def _read_coco(document: Mapping[str, Any], known: Container[str], found: _Columns, skips: _Skips) -> None:
    images = _by_id(document["images"], "file_name")
    names = _by_id(document["categories"], "name")
    seen: set[tuple[Any, ...]] = set()
    for item in document["annotations"]:
        if not isinstance(item, dict):
            skips.add("not a mapping", item)
            continue
        asset = _asset(images.get(_key(item.get("image_id"))))
        class_name = names.get(_key(item.get("category_id")), "").strip()
        box = _box(item.get("bbox"))
        score = _real(item.get("confidence", item.get("score", 1.0)))
        shape = _shape(item.get("segmentation"))
        if asset not in known:
            skips.add("unknown asset", item.get("image_id"))
        elif not class_name:
            skips.add("no class", asset)
        elif box is None:
            skips.add("no usable box", asset)
        elif score is None:
            skips.add("no score", asset)
        elif (row := (asset, class_name, box, shape)) in seen:
            skips.add("object listed twice", asset)
        else:
            seen.add(row)
            found.add(asset, documents.plain(class_name), score, box, shape)


def _by_id(items: list[Any], key: str) -> dict[Any, str]:
    pairs = ((_key(item.get("id")), item.get(key)) for item in items if isinstance(item, dict))
    return {identity: value for identity, value in pairs if identity is not None and isinstance(value, str)}


def _key(value: Any) -> int | str | None:
    return value if isinstance(value, int | str) else None


def _real(value: Any) -> float | None:
    """A finite number that 32 bits hold; text is not one here."""
    read = number(value) if isinstance(value, int | float) else None
    return read if read is not None and abs(read) < LARGEST else None


def _box(values: Any) -> tuple[float, ...] | None:
    """x, y, w, h when they are finite and the size is positive."""
    if not isinstance(values, list) or len(values) != 4:  # noqa: PLR2004
        return None
    box = tuple(read for value in values if (read := _real(value)) is not None)
    return box if len(box) == 4 and box[2] > 0 and box[3] > 0 else None  # noqa: PLR2004


def _shape(value: Any) -> str | None:
    """A run-length code or polygons, as compact JSON text; None for anything else."""
    coded = (
        isinstance(value, dict) and isinstance(value.get("counts"), str | list) and isinstance(value.get("size"), list)
    )
    outlined = isinstance(value, list) and bool(value) and all(isinstance(ring, list) for ring in value)
    if not coded and not outlined:
        return None
    return json.dumps(value, separators=(",", ":"), allow_nan=True) if _finite(value) else None


def _finite(value: Any) -> bool:
    if isinstance(value, dict):
        return _finite(value["size"]) and (isinstance(value["counts"], str) or _finite(value["counts"]))
    rings = value if value and isinstance(value[0], list) else [value]
    return all(
        isinstance(part, int | float) and not isinstance(part, bool) and math.isfinite(part)
        for ring in rings
        for part in ring
    )
