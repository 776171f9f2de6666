"""`index.bin`: what a page of images needs, in arrays of fixed width that are mapped into memory, not read.

A Parquet file must unpack thousands of rows to show one. Here the rows of a page are found by the class's list of
assets (`postings`) and taken by position, so that the first page and the last cost the same at any size.
The file is a magic word, the length of a JSON table of sections, that table, then the arrays, each 64-byte aligned.
"""

from collections.abc import Sequence
from pathlib import Path

import msgspec
import numpy as np
import polars as pl

from datasets.store.schema import HASH_BYTES, Tables

MAGIC = b"YMIRIDX1"
ALIGNMENT = 64
BOX = np.dtype(
    [
        ("x", "<f4"),
        ("y", "<f4"),
        ("w", "<f4"),
        ("h", "<f4"),
        ("score", "<f4"),
        ("class_code", "<u2"),
        ("kind", "u1"),
        ("flags", "u1"),
    ]
)
DIFFICULT, TRUNCATED, CROWD = 1, 2, 4


class Section(msgspec.Struct, array_like=True):
    """Where one array lies in the file."""

    name: str
    dtype: str
    offset: int
    count: int


class DamagedIndexError(ValueError):
    """The file is no index, or not whole."""


def build(tables: Tables) -> dict[str, np.ndarray]:
    """Compute the arrays from canonical tables."""
    assets = tables.assets
    names = assets["file_name"]
    name_ends = names.str.len_bytes().cast(pl.UInt64).cum_sum().to_numpy()
    postings, posting_offsets = build_postings(tables)
    return {
        "hashes": np.frombuffer(b"".join(assets["asset"]), np.uint8),
        "width": assets["width"].to_numpy(),
        "height": assets["height"].to_numpy(),
        "bytes": assets["bytes"].to_numpy(),
        "format": assets["format"].to_physical().to_numpy(),
        "name_offsets": np.concatenate([[0], name_ends]).astype("<u8"),
        "names": np.frombuffer("".join(names).encode(), np.uint8),
        "annotation_offsets": tables.offsets(),
        "posting_offsets": posting_offsets,
        "postings": postings,
        "boxes": build_boxes(tables.annotations).view(np.uint8),
    }


def build_postings(tables: Tables) -> tuple[np.ndarray, np.ndarray]:
    """Return the rows of each class's assets, class after class and at last those without annotations, and offsets."""
    codes = tables.annotations["class_code"].to_numpy()
    rows = tables.annotations["asset_row"].to_numpy()
    first = np.ones(len(codes), bool)
    first[1:] = (codes[1:] != codes[:-1]) | (rows[1:] != rows[:-1])
    codes, rows = codes[first], rows[first]
    order = np.argsort(codes, kind="stable")
    empty = np.setdiff1d(np.arange(tables.assets.height, dtype=np.uint32), rows, assume_unique=False)
    counts = np.append(np.bincount(codes, minlength=len(tables.class_names)), len(empty))
    return np.concatenate([rows[order], empty]).astype("<u4"), np.concatenate([[0], np.cumsum(counts)]).astype("<u8")


def build_boxes(annotations: pl.DataFrame) -> np.ndarray:
    """Return what is drawn of each annotation. A score of NaN says that there is none."""
    boxes = np.zeros(annotations.height, BOX)
    for name in ("x", "y", "w", "h", "class_code"):
        boxes[name] = annotations[name].to_numpy()
    boxes["score"] = annotations["score"].fill_null(float("nan")).to_numpy()
    boxes["kind"] = annotations["kind"].to_physical().to_numpy()
    for name, bit in (("difficult", DIFFICULT), ("truncated", TRUNCATED), ("crowd", CROWD)):
        boxes["flags"] |= annotations[name].to_numpy().astype(np.uint8) * np.uint8(bit)
    return boxes


def write(path: Path, arrays: dict[str, np.ndarray]) -> None:
    """Write the arrays into a new file."""
    sections, end = [], 0
    for name, array in arrays.items():
        sections.append(Section(name, array.dtype.str, end, len(array)))
        end += -(-array.nbytes // ALIGNMENT) * ALIGNMENT
    table = msgspec.json.encode(sections)
    table += b" " * (-(len(MAGIC) + 8 + len(table)) % ALIGNMENT)
    with path.open("xb") as file:
        file.write(MAGIC + len(table).to_bytes(8, "little") + table)
        for array in arrays.values():
            file.write(np.ascontiguousarray(array).data)
            file.write(b"\0" * (-array.nbytes % ALIGNMENT))


class Index:
    """The arrays of a version, mapped into memory."""

    def __init__(self, path: Path) -> None:
        """Map the file. Raises DamagedIndexError when it is not whole."""
        data = np.memmap(path, np.uint8, "r")
        if bytes(data[: len(MAGIC)]) != MAGIC:
            raise DamagedIndexError(f"{path} is no index")
        start = len(MAGIC) + 8
        length = int.from_bytes(bytes(data[len(MAGIC) : start]), "little")
        sections = msgspec.json.decode(bytes(data[start : start + length]), type=list[Section])
        self._arrays = {}
        for section in sections:
            dtype = np.dtype(section.dtype)
            begin = start + length + section.offset
            part = data[begin : begin + section.count * dtype.itemsize]
            if len(part) != section.count * dtype.itemsize:
                raise DamagedIndexError(f"{path} ends early")
            self._arrays[section.name] = part.view(dtype)
        self.boxes = self._arrays["boxes"].view(BOX)
        self.annotation_offsets = self._arrays["annotation_offsets"]
        self.asset_count = len(self._arrays["width"])
        self.width, self.height = self._arrays["width"], self._arrays["height"]
        self.bytes, self.format = self._arrays["bytes"], self._arrays["format"]

    def asset(self, row: int) -> str:
        """Return the hash of the asset at `row`, in hex."""
        return bytes(self._arrays["hashes"][row * HASH_BYTES : (row + 1) * HASH_BYTES]).hex()

    def file_name(self, row: int) -> str:
        """Return where the asset at `row` came from."""
        begin, end = self._arrays["name_offsets"][row : row + 2]
        return bytes(self._arrays["names"][int(begin) : int(end)]).decode()

    def find(self, asset: str) -> int | None:
        """Return the row of an asset given in hex, or None."""
        low, high = 0, self.asset_count
        while low < high:
            middle = (low + high) // 2
            if self.asset(middle) < asset:
                low = middle + 1
            else:
                high = middle
        return low if low < self.asset_count and self.asset(low) == asset else None

    def posting(self, number: int) -> np.ndarray:
        """Return the rows of the assets with class `number`; the number after the last class: those without any."""
        begin, end = self._arrays["posting_offsets"][number : number + 2]
        return self._arrays["postings"][int(begin) : int(end)]

    @property
    def unannotated(self) -> np.ndarray:
        """The rows of the assets without annotations."""
        return self.posting(len(self._arrays["posting_offsets"]) - 2)

    def rows(self, include: Sequence[int], exclude: Sequence[int] = ()) -> np.ndarray:
        """Return the rows of the assets with any class of `include` (none given: all) and no class of `exclude`."""
        if len(include) == 1 and not exclude:
            return self.posting(include[0])
        chosen = np.zeros(self.asset_count, bool) if include else np.ones(self.asset_count, bool)
        for number in include:
            chosen[self.posting(number)] = True
        for number in exclude:
            chosen[self.posting(number)] = False
        return np.flatnonzero(chosen)
