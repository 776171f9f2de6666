"""The canonical form of tables, and the content id over it: equal rows give equal ids, whatever their order."""

import hashlib

import numpy as np
import polars as pl

from datasets.store import schema
from datasets.store.schema import InvalidTablesError, Tables

NUMBERS = ["x", "y", "w", "h", "rotation", "score", "quality"]


def canonical(tables: Tables) -> Tables:
    """Return the same rows with assets by hash, annotations by asset and all their values, used classes by name.

    Raises InvalidTablesError when an asset is listed twice, a row or code points outside, or a number is not finite.
    """
    assets = schema.conform(tables.assets, schema.ASSETS)
    annotations = schema.conform(tables.annotations, schema.ANNOTATIONS)
    check_references(assets, annotations, tables.class_names)
    annotations, class_names = canonical_classes(annotations, tables.class_names)
    assets, annotations = canonical_assets(assets, annotations)
    if not is_sorted(annotations):
        annotations = annotations.sort(annotations.columns, nulls_last=False)
    return Tables(assets.rechunk(), annotations.rechunk(), class_names)


def check_references(assets: pl.DataFrame, annotations: pl.DataFrame, class_names: tuple[str, ...]) -> None:
    """Refuse rows that contradict each other."""
    if assets.null_count().select(pl.exclude("attributes")).sum_horizontal().item():
        raise InvalidTablesError("an asset lacks a value")
    if annotations.height:
        if annotations["asset_row"].null_count() or annotations["asset_row"].max() >= assets.height:  # type: ignore[operator]
            raise InvalidTablesError("an annotation points outside the assets")
        if annotations["class_code"].null_count() or annotations["class_code"].max() >= len(class_names):  # type: ignore[operator]
            raise InvalidTablesError("an annotation points outside the class names")
        if not annotations.select(pl.col(NUMBERS).is_finite().all()).fill_null(value=True).min_horizontal().item():
            raise InvalidTablesError("an annotation holds a number that is not finite")
    if len(set(class_names)) != len(class_names) or len(class_names) > schema.MAX_CLASSES:
        raise InvalidTablesError("class names are repeated or too many")


def canonical_classes(annotations: pl.DataFrame, class_names: tuple[str, ...]) -> tuple[pl.DataFrame, tuple[str, ...]]:
    """Keep the names in use, sorted, and renumber the codes."""
    counts = np.bincount(annotations["class_code"].to_numpy(), minlength=len(class_names))
    used = tuple(sorted(name for name, count in zip(class_names, counts, strict=True) if count))
    if used == class_names:
        return annotations, used
    places = {name: code for code, name in enumerate(used)}
    codes = np.array([places.get(name, 0) for name in class_names], np.uint16)
    new_codes = pl.Series("class_code", codes[annotations["class_code"].to_numpy()], dtype=pl.UInt16)
    return annotations.with_columns(new_codes), used


def canonical_assets(assets: pl.DataFrame, annotations: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Sort the assets by hash and point the annotations to the new rows."""
    if not assets.height:
        return assets, annotations
    words = schema.keys(assets)
    if not rising(words):
        order = np.lexsort(words.T[::-1])
        words, assets = words[order], assets[order]
        places = np.empty(len(order), np.uint32)
        places[order] = np.arange(len(order), dtype=np.uint32)
        rows = pl.Series("asset_row", places[annotations["asset_row"].to_numpy()], dtype=pl.UInt32)
        annotations = annotations.with_columns(rows)
    if not rising(words):
        raise InvalidTablesError("an asset is listed twice")
    return assets, annotations


def rising(words: np.ndarray) -> bool:
    """Tell whether rows of (n, 4) keys rise strictly."""
    before, after = words[:-1], words[1:]
    less, equal = before[:, 0] < after[:, 0], before[:, 0] == after[:, 0]
    for column in range(1, words.shape[1]):
        if not equal.any():
            break
        less |= equal & (before[:, column] < after[:, column])
        equal &= before[:, column] == after[:, column]
    return bool(less.all())


def is_sorted(annotations: pl.DataFrame) -> bool:
    """Tell whether rows already stand in the order of all their columns, nulls first; it is a scan, not a sort."""
    open_pairs = np.arange(max(annotations.height - 1, 0))  # neighbours equal so far
    for name in annotations.columns:
        column = annotations[name]
        before, after = column.gather(open_pairs), column.gather(open_pairs + 1)
        if column.dtype == pl.Enum:
            before, after = before.to_physical(), after.to_physical()
        null_first = before.is_null() & after.is_not_null()
        falls = (before > after).fill_null(value=False) | (before.is_not_null() & after.is_null())
        if falls.any():
            return False
        rises = (before < after).fill_null(value=False) | null_first
        open_pairs = open_pairs[~rises.to_numpy()]
        if not len(open_pairs):
            break
    return True


def content_id(tables: Tables) -> str:
    """Return the SHA-256, in hex, over the rows of canonical tables: columns in the schema's order, little-endian."""
    digest = hashlib.sha256(f"ymir-tables-{schema.SCHEMA_VERSION}\0".encode())
    add_strings(digest, pl.Series(tables.class_names, dtype=pl.String))
    for frame in (tables.assets, tables.annotations):
        digest.update(frame.height.to_bytes(8, "little"))
        for column in frame.iter_columns():
            add_column(digest, column)
    return digest.hexdigest()


def add_column(digest: "hashlib._Hash", column: pl.Series) -> None:
    """Feed one column: its name, which rows are null, and its values."""
    nulls = column.null_count()
    digest.update(f"{column.name}\0{nulls}\0".encode())
    if nulls == len(column):
        return
    if nulls:
        digest.update(np.packbits(column.is_null().to_numpy()).tobytes())
        column = column.drop_nulls()
    if column.dtype == pl.Binary:
        digest.update(b"".join(column))
    elif column.dtype == pl.String:
        add_strings(digest, column)
    elif column.dtype == pl.Boolean:
        digest.update(np.packbits(column.to_numpy()).tobytes())
    else:
        values = column.to_physical().to_numpy()
        # minus zero is zero
        values = values + np.float32(0) if column.dtype == pl.Float32 else values
        digest.update(np.ascontiguousarray(values, values.dtype.newbyteorder("<")).tobytes())


def add_strings(digest: "hashlib._Hash", column: pl.Series) -> None:
    """Feed strings by length and bytes, so that no two lists run together alike."""
    digest.update(column.str.len_bytes().to_numpy().astype("<u4").tobytes())
    digest.update("".join(column).encode())
