"""Write a version: staged, verified, synced, and moved to its place in one step."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import polars as pl

from common import files
from datasets.store import canonical, index, layout, schema, statistics
from datasets.store.layout import Layout
from datasets.store.schema import Tables

ASSET_ROW_GROUP = 8 * 1024
ANNOTATION_ROW_GROUP = 256 * 1024


class VerificationError(RuntimeError):
    """What was written does not read back as it was meant; the disk or the memory is at fault."""


@dataclass(frozen=True)
class Written:
    """A version that lies in its place."""

    content_id: str
    path: Path
    stats: dict[str, Any]


def write_version(root: Path, tables: Tables) -> Written:
    """Publish tables as versions/<content id> below the data root; equal content is written once.

    Raises InvalidTablesError for tables that break the schema and OSError when the disk refuses: then nothing is left.
    """
    return write(root, tables, Layout(root).versions)


def write_prediction(root: Path, tables: Tables) -> Written:
    """Publish tables as predictions/<content id>; like `write_version`."""
    return write(root, tables, Layout(root).predictions)


def write(root: Path, tables: Tables, parent: Path) -> Written:
    """Publish tables in a folder of `parent` that is named by their content."""
    tables = canonical.canonical(tables)
    content_id = canonical.content_id(tables)
    target = parent / content_id
    stats = statistics.statistics(tables)
    if not files.make_young(target):
        with files.stage(root) as staging:
            folder = staging / content_id
            folder.mkdir()
            fill(folder, tables, content_id, stats)
            verify(folder, tables)
            files.publish_folder(folder, target)
    return Written(content_id, target, stats)


def fill(folder: Path, tables: Tables, content_id: str, stats: dict[str, Any]) -> None:
    """Write the five files of a version."""
    write_parquet(folder / layout.ASSETS, tables.assets, ASSET_ROW_GROUP)
    write_parquet(folder / layout.ANNOTATIONS, tables.annotations, ANNOTATION_ROW_GROUP)
    index.write(folder / layout.INDEX, index.build(tables))
    (folder / layout.STATS).write_bytes(msgspec.json.encode(stats))
    manifest = {
        "schema_version": schema.SCHEMA_VERSION,
        "content_id": content_id,
        "asset_count": tables.assets.height,
        "annotation_count": tables.annotations.height,
        "class_names": tables.class_names,
    }
    (folder / layout.MANIFEST).write_bytes(msgspec.json.format(msgspec.json.encode(manifest)))


def write_parquet(path: Path, frame: pl.DataFrame, row_group_size: int) -> None:
    """Write one table."""
    frame.write_parquet(path, compression="zstd", compression_level=1, row_group_size=row_group_size)


def verify(folder: Path, tables: Tables) -> None:
    """Read the tables back and compare. Raises VerificationError."""
    same = pl.read_parquet(folder / layout.ASSETS).equals(tables.assets)
    same = same and pl.read_parquet(folder / layout.ANNOTATIONS).equals(tables.annotations)
    same = same and len(index.Index(folder / layout.INDEX).boxes) == tables.annotations.height
    if not same:
        raise VerificationError(f"{folder.name} does not read back as it was written")
