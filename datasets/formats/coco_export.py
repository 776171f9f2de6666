"""COCO detection, written: one JSON file for all images."""

from collections.abc import Iterator
from typing import IO, Any

import msgspec
import numpy as np
import polars as pl

from datasets.formats.base import Progress, Sink
from datasets.formats.coco import OWN_NAME
from datasets.store import schema
from datasets.store.schema import Tables

ROWS_PER_PIECE = 50_000


class CocoExporter:
    """Writes one JSON file, piece by piece."""

    name = "coco"
    image_folder = "images"

    def write(self, tables: Tables, names: list[str], sink: Sink, progress: Progress) -> None:
        """Write annotations/coco-annotations.json. Ids count from 1, in the order of the rows."""
        with sink.open(f"annotations/{OWN_NAME}") as file:
            file.write(b'{"info":{"description":"YMIR"},"licenses":[],"categories":')
            categories = [{"id": code, "name": name} for code, name in enumerate(tables.class_names, 1)]
            file.write(msgspec.json.encode(categories))
            write_array(file, "images", render_images(tables.assets, names))
            write_array(file, "annotations", render_annotations(tables.annotations, progress))
            file.write(b"}\n")


def write_array(file: IO[bytes], key: str, pieces: Iterator[list[Any]]) -> None:
    """Write an array of which only a piece is in memory."""
    file.write(f',"{key}":['.encode())
    comma = b""
    for piece in pieces:
        file.write(comma + msgspec.json.encode(piece)[1:-1])
        comma = b","
    file.write(b"]")


def render_images(assets: pl.DataFrame, names: list[str]) -> Iterator[list[Any]]:
    """Yield the entries of `images`."""
    rows = zip(names, assets["width"], assets["height"], strict=True)
    entries = [{"id": i, "file_name": name, "width": w, "height": h} for i, (name, w, h) in enumerate(rows, 1)]
    for start in range(0, len(entries), ROWS_PER_PIECE):
        yield entries[start : start + ROWS_PER_PIECE]


def render_annotations(annotations: pl.DataFrame, progress: Progress) -> Iterator[list[Any]]:
    """Yield the entries of `annotations`."""
    for start in range(0, annotations.height, ROWS_PER_PIECE):
        progress(start / annotations.height, "annotations")
        piece = annotations.slice(start, ROWS_PER_PIECE)
        boxes = np.stack([schema.decimals(piece[name]) for name in ("x", "y", "w", "h")], axis=1)
        areas = np.round(boxes[:, 2] * boxes[:, 3], 4).tolist()
        rows, codes, crowds = (piece[name].to_list() for name in ("asset_row", "class_code", "crowd"))
        entries: list[dict[str, Any]] = [
            {"id": i, "image_id": row + 1, "category_id": code + 1, "bbox": box, "area": area, "iscrowd": int(crowd)}
            for i, (row, code, box, area, crowd) in enumerate(
                zip(rows, codes, boxes.tolist(), areas, crowds, strict=True), start + 1
            )
        ]
        add_extras(entries, piece)
        yield entries


def add_extras(entries: list[dict[str, Any]], piece: pl.DataFrame) -> None:
    """Add what only few annotations have."""
    numbers = (("score", "score"), ("quality", "box_quality"), ("rotation", "rotation"))
    for column, key in numbers:
        present = piece[column].is_not_null() & (piece[column] != 0 if column == "rotation" else True)
        values = schema.decimals(piece[column].fill_null(0)).tolist()
        for row in present.arg_true().to_list():
            entries[row][key] = values[row]
    for column in ("difficult", "truncated"):
        for row in piece[column].arg_true().to_list():
            entries[row][column] = True
    for column, key in (("shape", "segmentation"), ("attributes", "attributes")):
        for row in piece[column].is_not_null().arg_true().to_list():
            entries[row][key] = msgspec.Raw(piece[column][row].encode())
