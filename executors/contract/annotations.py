"""Writes the annotation files of a training in the formats that images may ask for."""

import json
import os
from collections.abc import Callable, Iterable, Sequence
from enum import StrEnum
from itertools import islice
from pathlib import Path
from typing import TextIO
from xml.sax.saxutils import escape

import polars as pl

from executors.contract.errors import ConfigError
from executors.contract.layout import WorkDir

COCO_FILE = "coco-annotations.json"
_BATCH = 50_000


class AnnotationFormat(StrEnum):
    """Form of the annotation files; the value is the suffix of a file."""

    ARK = "txt"
    VOC = "xml"
    COCO = "json"
    NONE = ""
    UNKNOWN = "?"
    """One that was never there, or is not any more: no annotations, and index files that list nothing."""


_NAMES = {
    "ark": AnnotationFormat.ARK,
    "det-ark": AnnotationFormat.ARK,
    "voc": AnnotationFormat.VOC,
    "det-voc": AnnotationFormat.VOC,
    "coco": AnnotationFormat.COCO,
    "seg-coco": AnnotationFormat.COCO,
    "none": AnnotationFormat.NONE,
}


def parse_export_format(text: object) -> AnnotationFormat:
    """Return the annotation format of an `export_format` such as `ark:raw`. Nothing stated means VOC, as it always has.

    Raises:
        ConfigError: for an asset form that we do not write.
    """
    words = "" if text is None else str(text).strip().lower()
    if not words:
        return AnnotationFormat.VOC
    name, _, assets = words.partition(":")
    if assets not in {"", "raw"}:
        raise ConfigError("export_format", f"{text!r}: assets come as raw")
    return _NAMES.get(name, AnnotationFormat.UNKNOWN)


def notice(export_format: object) -> str:
    """Return what a person should know of the annotations of a run; empty where it gets what it asks for."""
    if parse_export_format(export_format) is not AnnotationFormat.UNKNOWN:
        return ""
    return (
        f"[export_format {str(export_format)!r} is unknown: there are no annotations, and the index files are empty; "
        f"known are {', '.join(_NAMES)}]"
    )


def inside(work: WorkDir, folder: str, suffix: pl.Expr) -> pl.Expr:
    """Return the path that the program sees of an asset's file in a folder of /in (over the columns asset and ext)."""
    root = pl.lit(f"{work.inside_in}/{folder}")
    return pl.format("{}/{}/{}.{}", root, pl.col("asset").str.slice(-2), "asset", suffix)


def annotation_inside(work: WorkDir, annotation_format: AnnotationFormat) -> pl.Expr:
    """Return the path that the program sees of an asset's annotation file."""
    if annotation_format is AnnotationFormat.COCO:
        return pl.lit(f"{work.inside_in}/annotations/{COCO_FILE}")
    return inside(work, "annotations", pl.lit(annotation_format.value))


def write(
    work: WorkDir,
    assets: pl.DataFrame,
    annotations: pl.DataFrame,
    class_names: Sequence[str],
    annotation_format: AnnotationFormat,
) -> None:
    """Write the annotation files of the assets; an asset without objects gets an empty one.

    Columns as in `index`. Pixel coordinates of ark and VOC are whole, inclusive, and inside the image.
    """
    boxes = _clean(assets, annotations, len(class_names))
    if annotation_format is AnnotationFormat.ARK:
        _write_each(work, assets, _joined(_inclusive(boxes), ARK_LINE, "\n"), annotation_format, str)
    elif annotation_format is AnnotationFormat.VOC:
        _write_voc(work, assets, boxes, class_names)
    elif annotation_format is AnnotationFormat.COCO:
        _write_coco(work.annotations_dir / COCO_FILE, assets, boxes, class_names)


def _clean(assets: pl.DataFrame, annotations: pl.DataFrame, class_count: int) -> pl.DataFrame:
    """Keep the boxes with a class and a positive, finite size; add their image's size."""
    sound = [pl.col(name).cast(pl.Float64).is_finite() for name in ("x", "y", "w", "h")]
    kept = annotations.filter(pl.col("class_index").is_between(0, class_count - 1), pl.col("w", "h") > 0, *sound)
    return kept.join(assets.select("asset", "width", "height"), on="asset", how="inner", maintain_order="left")


def _inclusive(boxes: pl.DataFrame) -> pl.DataFrame:
    """Turn x, y, w, h into whole pixels of the first and last column and row: xmax = x + w - 1."""

    def first(start: str, limit: str) -> pl.Expr:
        return pl.min_horizontal(pl.col(start).round().clip(0), pl.col(limit).cast(pl.Float64) - 1).cast(pl.Int64)

    def last(start: str, size: str, limit: str, least: str) -> pl.Expr:
        end = (pl.col(start) + pl.col(size)).round() - 1
        inner = pl.min_horizontal(end.clip(0), pl.col(limit).cast(pl.Float64) - 1).cast(pl.Int64)
        return pl.max_horizontal(inner, pl.col(least))

    return boxes.with_columns(xmin=first("x", "width"), ymin=first("y", "height")).with_columns(
        xmax=last("x", "w", "width", "xmin"), ymax=last("y", "h", "height", "ymin")
    )


ARK_LINE = pl.format("{}, {}, {}, {}, {}, -1.0, 0.0", "class_index", "xmin", "ymin", "xmax", "ymax")


def _joined(boxes: pl.DataFrame, line: pl.Expr, separator: str) -> pl.DataFrame:
    """Return one text for each asset that has boxes."""
    lines = boxes.select("asset", text=line)
    return lines.group_by("asset", maintain_order=True).agg(pl.col("text").str.join(separator))


def _write_each(
    work: WorkDir,
    assets: pl.DataFrame,
    texts: pl.DataFrame,
    annotation_format: AnnotationFormat,
    render: Callable[[str], str],
) -> None:
    """Write a file for each asset: 100 k of them, so with as few calls to the system as can be."""
    table = assets.select("asset").join(texts, on="asset", how="left", maintain_order="left")
    table = table.with_columns(pl.col("text").fill_null(""), shard=pl.col("asset").str.slice(-2))
    for shard in table["shard"].unique():
        (work.annotations_dir / shard).mkdir(parents=True, exist_ok=True)
    paths = table.select(
        pl.format("{}/{}/{}.{}", pl.lit(str(work.annotations_dir)), "shard", "asset", pl.lit(annotation_format.value))
    ).to_series()
    for path, text in zip(paths, table["text"], strict=True):
        content = render(text)
        _write_file(path, (content + "\n" if content else "").encode())


def _write_file(path: str, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o644)
    try:
        os.write(descriptor, content)
    finally:
        os.close(descriptor)


VOC_HEAD = """<annotation>
  <folder>assets</folder>
  <filename>{}.{}</filename>
  <source><database>YMIR</database></source>
  <size><width>{}</width><height>{}</height><depth>3</depth></size>
  <segmented>0</segmented>
"""
VOC_OBJECT = """  <object>
    <name>{}</name>
    <pose>unknown</pose>
    <truncated>unknown</truncated>
    <occluded>0</occluded>
    <bndbox>
      <xmin>{}</xmin>
      <ymin>{}</ymin>
      <xmax>{}</xmax>
      <ymax>{}</ymax>
      <rotate_angle>0.0</rotate_angle>
    </bndbox>
    <difficult>0</difficult>
    <box_quality>-1.0</box_quality>
    <confidence>-1.0</confidence>
  </object>
"""


def _write_voc(work: WorkDir, assets: pl.DataFrame, boxes: pl.DataFrame, class_names: Sequence[str]) -> None:
    names = {index: escape(name) for index, name in enumerate(class_names)}
    class_name = pl.col("class_index").cast(pl.Int64).replace_strict(names, return_dtype=pl.String)
    found = pl.format(VOC_OBJECT, class_name, "xmin", "ymin", "xmax", "ymax")
    objects = _joined(_inclusive(boxes), found, "")
    sizes = [pl.col(name).cast(pl.String).fill_null("0") for name in ("width", "height")]
    heads = assets.select("asset", head=pl.format(VOC_HEAD, "asset", "ext", *sizes))
    whole = heads.join(objects, on="asset", how="left", maintain_order="left")
    texts = whole.select("asset", text=pl.col("head") + pl.col("text").fill_null(""))
    _write_each(work, assets, texts, AnnotationFormat.VOC, lambda text: text + "</annotation>")


def _write_coco(path: Path, assets: pl.DataFrame, boxes: pl.DataFrame, class_names: Sequence[str]) -> None:
    """One file for both splits. Images count from 1, categories from 0: their place in class_names."""
    numbered = assets.with_row_index("id", offset=1)
    image = pl.format(
        '{{"id": {}, "file_name": "{}.{}", "width": {}, "height": {}, "date_captured": "", "license": 0, '
        '"coco_url": "", "flickr_url": ""}}',
        "id",
        "asset",
        "ext",
        *(pl.col(name).fill_null(0) for name in ("width", "height")),
    )
    rows = boxes.join(numbered.select("asset", image_id="id"), on="asset", maintain_order="left")
    categories = [{"id": i, "name": name, "supercategory": "object"} for i, name in enumerate(class_names)]
    with path.open("w", encoding="utf-8") as stream:
        stream.write('{"licenses": [], "categories": ' + json.dumps(categories, ensure_ascii=False))
        stream.write(',\n"images": [')
        _write_batches(stream, numbered.select(text=image)["text"])
        stream.write('],\n"annotations": [')
        _write_batches(stream, rows.with_row_index("id", offset=1).select(text=_coco_annotation(rows))["text"])
        stream.write("]}\n")


def _coco_annotation(rows: pl.DataFrame) -> pl.Expr:
    shape = pl.col("segmentation").fill_null("{}") if "segmentation" in rows.columns else pl.lit("{}")
    return pl.format(
        '{{"id": {}, "image_id": {}, "category_id": {}, "iscrowd": 0, "bbox": [{}, {}, {}, {}], "confidence": -1.0, '
        '"area": {}, "segmentation": {}}}',
        "id",
        "image_id",
        "class_index",
        *(pl.col(name).cast(pl.Float64) for name in ("x", "y", "w", "h")),
        pl.col("w").cast(pl.Float64) * pl.col("h"),
        shape,
    )


def _write_batches(stream: TextIO, texts: Iterable[str]) -> None:
    """Write JSON items with commas between, some ten thousand at a time."""
    items = iter(texts)
    separator = "\n"
    while batch := list(islice(items, _BATCH)):
        stream.write(separator + ",\n".join(batch))
        separator = ",\n"
