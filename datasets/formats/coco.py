"""COCO detection: one JSON file for all images.

Read from a stream, in any order of its parts. Supercategories are not kept; `score` (or the replaced system's
`confidence`) is; polygons and run lengths are kept as they are, beside the box.
"""

import re
from array import array
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import numpy as np

from common.phrases import Phrase, gettext_noop
from datasets.formats import boxes as raw
from datasets.formats import json_stream
from datasets.formats import package as packages
from datasets.formats.base import Progress, Reading
from datasets.formats.faults import Fault, Reason
from datasets.formats.json_stream import MalformedJsonError
from datasets.formats.package import Package
from datasets.formats.sources import Source, UnreadableError

KEYS = frozenset({"images", "annotations", "categories"})
OWN_NAME = "coco-annotations.json"
HEAD = 64 << 10
PARTS = re.compile(rb'"(info|licenses|images|annotations|categories)"\s*:')
NOT_FINITE = re.compile(rb'"(?:[^"\\]|\\.)*"|(-?Infinity|NaN)')
MIN_POLYGON = 6
LARGEST_ID = 1 << 63

Id = int | str
NOTHING = msgspec.Raw()


class CocoImage(msgspec.Struct, gc=False):
    """An entry of `images`."""

    id: Id
    file_name: str
    width: float | None = None
    height: float | None = None


class CocoCategory(msgspec.Struct, gc=False):
    """An entry of `categories`."""

    id: Id
    name: str


class CocoAnnotation(msgspec.Struct, gc=False):
    """An entry of `annotations`, as it should be."""

    image_id: Id
    category_id: Id
    bbox: tuple[float, float, float, float]
    id: Id | None = None
    segmentation: msgspec.Raw = NOTHING
    iscrowd: float | bool | None = 0
    score: float | None = None
    confidence: float | None = None
    box_quality: float | None = None
    rotation: float | None = None
    difficult: float | bool | None = 0
    truncated: float | bool | None = 0
    attributes: msgspec.Raw = NOTHING


class LooseAnnotation(CocoAnnotation, gc=False):
    """An entry of `annotations` whose box is not as it should be, so that it can be told why."""

    bbox: list[float | None] | None = None  # type: ignore[assignment]


LOOSE = {CocoAnnotation: LooseAnnotation}


class BrokenAnnotationsError(ValueError):
    """A file that holds the annotations of all images cannot be read to its end: nothing is imported."""

    def __init__(self, fault: Fault) -> None:
        self.fault = fault
        super().__init__(f"{fault.file}, line {fault.line}: {fault.detail}")


class CocoImporter:
    """Reads the JSON files of a package that look like COCO."""

    name = "coco"

    def recognises(self, source: Source, package: Package) -> bool:
        """Tell whether a JSON file looks like COCO."""
        return bool(annotation_files(source, package))

    def read(self, reading: Reading, progress: Progress) -> None:
        """Read every file. Raises BrokenAnnotationsError."""
        names = annotation_files(reading.source, reading.package)
        for number, name in enumerate(names):

            def report(fraction: float, done: int = number) -> None:
                progress((done + fraction) / len(names), "annotations")

            try:
                CocoFile(reading, name).read(report)
            except RecursionError as error:
                raise BrokenAnnotationsError(
                    Fault(name, Reason.MALFORMED_JSON, Phrase(gettext_noop("nested too deeply")))
                ) from error
            except MalformedJsonError as error:
                fault = Fault(name, Reason.MALFORMED_JSON, error.detail, error.line)
                raise BrokenAnnotationsError(fault) from error
            except UnreadableError as error:
                raise BrokenAnnotationsError(Fault(name, Reason.UNREADABLE, str(error))) from error


def annotation_files(source: Source, package: Package) -> list[str]:
    """Return the JSON files to read: the replaced system's name, else `instances…`, else all that look like COCO."""
    own = [name for name in package.json if packages.base(name) == OWN_NAME]
    instances = [name for name in package.json if packages.base(name).startswith("instances")]
    return own or [name for name in instances or package.json if looks_like_coco(source, name)]


def looks_like_coco(source: Source, name: str) -> bool:
    """Tell by the beginning of a file whether it is COCO: an object with the name of one of COCO's parts."""
    try:
        with source.open(name) as file:
            head = file.read(HEAD)
    except UnreadableError:
        return True  # whatever it is, reading it says what is wrong
    return head.removeprefix(json_stream.BOM).lstrip().startswith(b"{") and bool(PARTS.search(head))


class CocoFile:
    """The reading of one file."""

    def __init__(self, reading: Reading, name: str) -> None:
        self.reading, self.name = reading, name
        self.file = len(reading.files)
        reading.files.append(name)
        self.first_row = len(reading.boxes)
        self.ids: dict[Id, int] = {}  # image id -> place, in the order in which ids are first met
        self.images: dict[int, int] = {}  # place -> image of the package; -1: has none
        self.categories: dict[Id, int] = {}  # category id -> place
        self.category_names: dict[int, str] = {}  # place -> name
        self.has_id = array("B")  # of each annotation

    def read(self, report: Callable[[float], None]) -> None:
        """Read the whole file, then join its parts. Raises MalformedJsonError."""
        size = max(self.reading.source.sizes[self.name], 1)
        takers: dict[str, tuple[Any, Callable[[list[Any]], None]]] = {
            "images": (CocoImage, self.take_images),
            "categories": (CocoCategory, self.take_categories),
            "annotations": (CocoAnnotation, self.take_annotations),
        }
        with self.reading.source.open(self.name) as file:
            for batch in json_stream.arrays(file, KEYS):
                if batch.key in takers:
                    kind, take = takers[batch.key]
                    take(list(self.decode(batch.data, kind, batch.line)))
                report(min(batch.position / size, 1.0))
        self.join()

    def decode(self, data: bytes, kind: Any, line: int) -> Iterator[Any]:
        """Decode a batch; one by one when an element is not as it should be."""
        try:
            yield from msgspec.json.decode(data, type=list[kind])
        except msgspec.ValidationError:
            yield from self.decode_each(data, kind, line)
        except msgspec.DecodeError as error:
            # NaN is no JSON, but Python writes it: the number is then found wanting, not the file
            data = NOT_FINITE.sub(lambda match: b"null" if match[1] else match[0], data)
            try:
                yield from self.decode_each(data, kind, line)
            except msgspec.DecodeError:
                place = re.search(r"byte (\d+)", str(error))
                line += data.count(b"\n", 0, int(place[1])) if place else 0
                raise MalformedJsonError(str(error), line) from error

    def decode_each(self, data: bytes, kind: Any, line: int) -> Iterator[Any]:
        """Decode element by element, reporting the bad ones."""
        end = 0
        for element in msgspec.json.decode(data, type=list[msgspec.Raw]):
            start = data.find(bytes(element), end)
            line += data.count(b"\n", end, start)
            end = start
            try:
                yield msgspec.json.decode(element, type=LOOSE.get(kind, kind))
            except msgspec.ValidationError as error:
                self.fault(Reason.INVALID_OBJECT, str(error), find_id(bytes(element)), line)

    def fault(self, reason: Reason, detail: str, number: Id | None = None, line: int | None = None) -> None:
        """Report about this file."""
        self.reading.log.add(Fault(self.name, reason, detail, line, number))

    def take_images(self, images: list[CocoImage]) -> None:
        """Match images to files."""
        for image in images:
            place = self.ids.setdefault(image.id, len(self.ids))
            if place in self.images:
                self.fault(Reason.DUPLICATE_ID, Phrase(gettext_noop("image {name}"), name=image.file_name), image.id)
                continue
            self.images[place] = number = self.find(image)
            if number >= 0 and image.width and image.height:
                self.reading.declare_size(number, int(image.width), int(image.height))

    def find(self, image: CocoImage) -> int:
        """Return the image of the package that is meant, or -1 after reporting that there is none."""
        package = self.reading.package
        name = packages.normal(image.file_name.replace("\\", "/"))
        candidates = package.by_base(name)
        if len(candidates) > 1:
            exact = [one for one in candidates if ("/" + packages.normal(package.images[one])).endswith("/" + name)]
            candidates = exact or candidates
        if len(candidates) > 1:
            # instances_train2017.json speaks of the images in train2017
            own = [one for one in candidates if any(part in self.name for part in packages.place(package.images[one]))]
            candidates = own or candidates
        if len(candidates) == 1:
            return candidates[0]
        reason = Reason.AMBIGUOUS_NAME if candidates else Reason.WITHOUT_IMAGE
        self.fault(reason, image.file_name, image.id)
        return -1

    def take_categories(self, categories: list[CocoCategory]) -> None:
        """Note names; two ids of one name are one class."""
        for category in categories:
            place = self.categories.setdefault(category.id, len(self.categories))
            if place in self.category_names:
                self.fault(
                    Reason.DUPLICATE_ID, Phrase(gettext_noop("category {name}"), name=category.name), category.id
                )
            else:
                self.category_names[place] = category.name.strip()

    def take_annotations(self, items: list[CocoAnnotation]) -> None:
        """Append annotations, with the places of image and category for the time being."""
        boxes = self.reading.boxes
        start = len(boxes)
        found = [read_box(item) if isinstance(item, LooseAnnotation) else item.bbox for item in items]
        if None in found:
            for item, box in zip(items, found, strict=True):
                if box is None:
                    self.fault(Reason.NO_BOX, "", item.id)
            items = [item for item, box in zip(items, found, strict=True) if box is not None]
        corners = np.array([box for box in found if box is not None], np.float64).reshape(-1, 4)
        for column, values in zip((boxes.x, boxes.y, boxes.w, boxes.h), corners.T, strict=True):
            column.frombytes(np.ascontiguousarray(values).tobytes())
        ids, categories = self.ids, self.categories
        boxes.image.extend([ids.setdefault(item.image_id, len(ids)) for item in items])
        boxes.klass.extend([categories.setdefault(item.category_id, len(categories)) for item in items])
        boxes.file.extend([self.file] * len(items))
        numbers = [item.id if isinstance(item.id, int) and abs(item.id) < LARGEST_ID else None for item in items]
        self.has_id.extend([number is not None for number in numbers])
        first = start - self.first_row + 1
        boxes.object.extend([row if number is None else number for row, number in enumerate(numbers, first)])
        boxes.rotation.extend([item.rotation or 0.0 for item in items])
        scores = [item.score if item.score is not None else item.confidence for item in items]
        boxes.score.extend([raw.UNSET if score is None or score < 0 else score for score in scores])
        qualities = [item.box_quality for item in items]
        boxes.quality.extend([raw.UNSET if quality is None or quality < 0 else quality for quality in qualities])
        boxes.flags.extend([read_flags(item) for item in items])
        boxes.kind.extend([raw.BOX] * len(items))
        for row, item in enumerate(items, start):
            if item.segmentation is not NOTHING or item.attributes is not NOTHING:
                self.take_extras(row, item)

    def take_extras(self, row: int, item: CocoAnnotation) -> None:
        """Keep the outline and what else is said of an annotation."""
        boxes = self.reading.boxes
        shape = bytes(item.segmentation)
        if self.reading.keep_shapes and shape not in {b"", b"null", b"[]", b"[[]]"}:
            boxes.shapes[row] = shape.decode(errors="replace")
            boxes.kind[row] = raw.MASK if shape.startswith((b"{", b'"')) else raw.POLYGON
        attributes = bytes(item.attributes)
        if attributes.startswith(b"{") and attributes != b"{}":
            boxes.attributes[row] = attributes.decode(errors="replace")

    def join(self) -> None:
        """Turn places of ids into images and classes, and drop what points nowhere."""
        boxes, start = self.reading.boxes, self.first_row
        count = len(boxes) - start
        drop = np.zeros(count, bool)
        places = np.asarray(boxes.image, np.int64)[start:]
        categories = np.asarray(boxes.klass, np.int64)[start:]
        numbers = np.asarray(boxes.object, np.int64)[start:]
        drop |= self.repeated(numbers)
        known = np.array([place in self.images for place in range(len(self.ids))], bool)
        images = np.array([self.images.get(place, -1) for place in range(len(self.ids))], np.int64)
        named = np.array([place in self.category_names for place in range(len(self.categories))], bool)
        classes = np.array([self.class_number(place) for place in range(len(self.categories))], np.int64)
        image_ids, category_ids = list(self.ids), list(self.categories)
        for row in np.flatnonzero(~known[places] & ~drop).tolist():
            detail = Phrase(gettext_noop("image {name}"), name=image_ids[places[row]])
            self.fault(Reason.UNKNOWN_IMAGE, detail, int(numbers[row]))
        for row in np.flatnonzero(~named[categories] & ~drop).tolist():
            detail = Phrase(gettext_noop("category {name}"), name=category_ids[categories[row]])
            self.fault(Reason.UNKNOWN_CATEGORY, detail, int(numbers[row]))
        drop |= (images[places] < 0) | ~named[categories]
        boxes.image[start:] = as_array("i", np.where(drop, -1, images[places]))
        boxes.klass[start:] = as_array("i", np.where(drop, -1, classes[categories]))

    def repeated(self, numbers: np.ndarray) -> np.ndarray:
        """Find annotations whose id was met before."""
        given = np.flatnonzero(np.asarray(self.has_id, bool))
        _ids, first = np.unique(numbers[given], return_index=True)
        again = np.zeros(len(numbers), bool)
        again[given] = True
        again[given[first]] = False
        for row in np.flatnonzero(again).tolist():
            self.fault(Reason.DUPLICATE_ID, Phrase(gettext_noop("annotation")), int(numbers[row]))
        return again

    def class_number(self, place: int) -> int:
        """Return the number of a category's class; one without a name has none."""
        return self.reading.boxes.class_number(self.category_names[place]) if place in self.category_names else -1


def as_array(code: str, values: np.ndarray) -> "array[Any]":
    """Return numbers as an array of the standard library."""
    column = array(code)
    column.frombytes(values.astype(code).tobytes())
    return column


def find_id(element: bytes) -> int | None:
    """Return the id of an element that could not be decoded, if it can be seen."""
    found = re.search(rb'"id"\s*:\s*(\d+)', element)
    return int(found[1]) if found else None


def read_flags(item: CocoAnnotation) -> int:
    """Return what is said of an annotation by yes or no."""
    if not (item.iscrowd or item.difficult or item.truncated):
        return 0
    flags = ((item.iscrowd, raw.CROWD), (item.difficult, raw.DIFFICULT), (item.truncated, raw.TRUNCATED))
    return sum(bit for value, bit in flags if value)


def read_box(item: LooseAnnotation) -> tuple[float, float, float, float] | None:
    """Return x, y, width and height; of an outline without a box, those of its bounds; None when there is neither."""
    box = item.bbox
    if box is not None and len(box) == len("xywh"):
        x, y, w, h = box
        if x is None or y is None or w is None or h is None:
            return raw.UNSET, raw.UNSET, raw.UNSET, raw.UNSET
        return x, y, w, h
    if box or not bytes(item.segmentation).startswith(b"[["):
        return None
    try:
        polygons = msgspec.json.decode(item.segmentation, type=list[list[float]])
    except msgspec.ValidationError:
        return None
    points = [point for polygon in polygons if len(polygon) >= MIN_POLYGON for point in polygon]
    if not points:
        return None
    left, top = min(points[::2]), min(points[1::2])
    return left, top, max(points[::2]) - left, max(points[1::2]) - top
