"""Bring annotations and stored images together: one row for each asset, boxes clipped to their images."""

from array import array
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import polars as pl

from common.phrases import Phrase, gettext_noop
from datasets.formats import boxes as raw
from datasets.formats.base import Progress, Reading
from datasets.formats.faults import Fault, Reason
from datasets.formats.sources import Source, UnreadableError
from datasets.store import schema
from datasets.store.assets import Batch, StoredAsset
from datasets.store.images import EXTENSIONS, MAX_IMAGE_BYTES, ImageRefusedError
from datasets.store.schema import Tables

CHUNK = 64
THREADS = 3
FORMATS = schema.ImageFormat.categories.to_list()


class Shelf:
    """The images of a package as stored: columns by image number. Of a refused image, only that it was."""

    def __init__(self) -> None:
        self.stored, self.format = array("B"), array("B")
        self.width, self.height, self.bytes = array("I"), array("I"), array("I")
        self.hashes = bytearray()

    def append(self, image: StoredAsset | None) -> None:
        """Add the next image, or that it was refused."""
        self.stored.append(image is not None)
        self.format.append(FORMATS.index(image.info.format) if image else 0)
        for column, value in (
            (self.width, image.info.width if image else 0),
            (self.height, image.info.height if image else 0),
            (self.bytes, image.bytes if image else 0),
        ):
            column.append(value)
        self.hashes += bytes.fromhex(image.asset) if image else bytes(schema.HASH_BYTES)

    def asset(self, number: int) -> bytes:
        """Return the hash of image `number`."""
        return bytes(self.hashes[number * schema.HASH_BYTES : (number + 1) * schema.HASH_BYTES])


def store_images(reading: Reading, batch: Batch, progress: Progress) -> Shelf:
    """Put every image into the batch, a few at a time side by side, and note the faults in the order of names."""
    names, shelf = reading.package.images, Shelf()

    def store_chunk(start: int) -> list[StoredAsset | Fault]:
        return [store_image(reading.source, batch, name) for name in names[start : start + CHUNK]]

    with ThreadPoolExecutor(THREADS) as pool:
        for start in range(0, len(names), CHUNK * THREADS):
            progress(start / len(names), "images")
            starts = range(start, min(start + CHUNK * THREADS, len(names)), CHUNK)
            for first, results in zip(starts, pool.map(store_chunk, starts), strict=True):
                for number, result in enumerate(results, first):
                    take_image(reading, shelf, number, result)
    return shelf


def store_image(source: Source, batch: Batch, name: str) -> StoredAsset | Fault:
    """Store one image, or say why not. What is too large to be one is not even read into memory."""
    if source.sizes[name] > MAX_IMAGE_BYTES:
        return Fault(name, Reason.IMAGE_TOO_LARGE, Phrase(gettext_noop("{bytes} bytes"), bytes=source.sizes[name]))
    try:
        return batch.add(source.read(name))
    except ImageRefusedError as error:
        return Fault(name, Reason(error.reason), error.detail)
    except UnreadableError as error:
        return Fault(name, Reason.UNREADABLE, str(error))


def take_image(reading: Reading, shelf: Shelf, number: int, result: StoredAsset | Fault) -> None:
    """Note one image, and what is odd about it."""
    if isinstance(result, Fault):
        reading.log.add(result)
        shelf.append(None)
        return
    shelf.append(result)
    name, info = reading.package.images[number], result.info
    extension = name.rpartition(".")[2].lower()
    if extension not in EXTENSIONS[info.format]:
        detail = Phrase(gettext_noop("the file is a {format} image"), format=info.format)
        reading.log.add(Fault(name, Reason.WRONG_EXTENSION, detail))
    if info.orientation != 1:
        source = gettext_noop("EXIF orientation {orientation}; boxes are taken as in the upright image")
        detail = Phrase(source, orientation=info.orientation)
        reading.log.add(Fault(name, Reason.ROTATED, detail))
    declared = (reading.declared_widths[number], reading.declared_heights[number])
    if declared not in {(0, 0), (info.width, info.height)}:
        said, true = f"{declared[0]} × {declared[1]}", f"{info.width} × {info.height}"
        detail = Phrase(gettext_noop("annotated as {said}, is {true}"), said=said, true=true)
        reading.log.add(Fault(name, Reason.SIZE_DIFFERS, detail))


def assemble(reading: Reading, shelf: Shelf, codes: np.ndarray, class_names: tuple[str, ...]) -> Tables:
    """Make the tables of what was stored and is sound."""
    boxes = reading.boxes
    image, klass = np.asarray(boxes.image, np.int64), np.asarray(boxes.klass, np.int64)
    stored = np.asarray(shelf.stored, bool)
    wanted = (image >= 0) & (klass >= 0)
    wanted[wanted] = stored[image[wanted]] & (codes[klass[wanted]] >= 0)
    wanted &= once_each(reading, image, wanted)
    images, rows = collapse(reading, shelf, np.bincount(image[wanted], minlength=len(stored)))
    wanted[wanted] = images[rows[image[wanted]]] == image[wanted]
    sizes = np.asarray(shelf.width), np.asarray(shelf.height)

    def report(reason: Reason, row: int, detail: str) -> None:
        reading.log.add(reading.fault(reason, row, detail))

    clean = raw.clean(boxes, wanted, *sizes, report)
    return Tables(asset_frame(reading, shelf, images), clean.frame(rows, codes), class_names)


def once_each(reading: Reading, image: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Find the annotations of the first file that speaks of their image; report the images told of twice."""
    file = np.asarray(reading.boxes.file, np.int64)
    rows = np.flatnonzero(wanted)
    first_file = np.full(len(reading.package.images), len(reading.files), np.int64)
    np.minimum.at(first_file, image[rows], file[rows])
    again = np.zeros(len(image), bool)
    again[rows] = file[rows] != first_file[image[rows]]
    pairs = {(int(file[row]), int(image[row])) for row in np.flatnonzero(again)}
    for number, which in sorted(pairs):
        image_name, file_name = reading.package.images[which], reading.files[first_file[which]]
        detail = Phrase(gettext_noop("{image} is annotated in {file}"), image=image_name, file=file_name)
        reading.log.add(Fault(reading.files[number], Reason.ANNOTATED_TWICE, detail))
    return ~again


def collapse(reading: Reading, shelf: Shelf, box_counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Make equal images one: of each content the first that has annotations, else the first.

    Returns the image number of each asset, and the asset row of each image number (refused ones: 0).
    """
    names = reading.package.images
    places: dict[bytes, int] = {}
    chosen: list[int] = []
    rows = np.zeros(len(names), np.int64)
    for number in np.flatnonzero(np.asarray(shelf.stored)).tolist():
        row = places.setdefault(shelf.asset(number), len(chosen))
        rows[number] = row
        if row == len(chosen):
            chosen.append(number)
            continue
        before = chosen[row]
        if not box_counts[before] and box_counts[number]:
            chosen[row] = number
        kept, left_out = chosen[row], before if chosen[row] == number else number
        detail = Phrase(gettext_noop("the same image as {image}"), image=names[kept])
        if lost := int(box_counts[left_out]):
            source = gettext_noop("the same image as {image}; annotations not taken: {count}")
            detail = Phrase(source, image=names[kept], count=lost)
        reading.log.add(Fault(names[left_out], Reason.DUPLICATE_CONTENT, detail))
    return np.array(chosen, np.int64), rows


def asset_frame(reading: Reading, shelf: Shelf, images: np.ndarray) -> pl.DataFrame:
    """Return the rows of the assets that `images` numbers."""
    numbers = images.tolist()
    columns = {
        "asset": pl.Series([shelf.asset(number) for number in numbers], dtype=pl.Binary),
        "format": pl.Series([FORMATS[shelf.format[number]] for number in numbers], dtype=schema.ImageFormat),
        **{name: np.asarray(getattr(shelf, name))[images] for name in ("width", "height", "bytes")},
        "file_name": pl.Series([reading.package.file_name(number) for number in numbers], dtype=pl.String),
        "attributes": raw.sparse(reading.image_attributes, images),
    }
    return schema.conform(pl.DataFrame(columns), schema.ASSETS)
