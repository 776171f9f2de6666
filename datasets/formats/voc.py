"""Pascal VOC: an XML file beside each image.

Coordinates: x = xmin, width = xmax - xmin, as every current training code reads it, so that import and export mirror
each other exactly. The replaced system wrote the last pixel inside (width = xmax - xmin + 1): `inclusive` is for that.
The `ImageSets` of plain VOC are not read: a split is a version of its own here.
"""

import functools
import math
import posixpath
from collections.abc import Iterator
from xml.sax.saxutils import escape

import msgspec
import numpy as np
import polars as pl

from common.phrases import Phrase, gettext_noop
from datasets.formats import boxes as raw
from datasets.formats import package as packages
from datasets.formats import voc_xml
from datasets.formats.base import Progress, Reading, Sink
from datasets.formats.faults import Fault, Reason
from datasets.formats.package import Package
from datasets.formats.sources import Source, UnreadableError
from datasets.formats.voc_xml import VocFile, VocObject, XmlError
from datasets.store import schema
from datasets.store.schema import Tables

CORNERS = ("xmin", "ymin", "xmax", "ymax")
CENTRE = ("cx", "cy", "w", "h", "angle")
YES = {"1", "true", "yes"}
UNSAID = {"", "unspecified", "unknown", "0"}
REPORT_EVERY = 500
MOST_DIGITS = 9  # of the side of an image
MAX_FILE_BYTES = 64 << 20  # the annotations of one image


class VocImporter:
    """Reads XML files and gives them to the images of the same name."""

    name = "voc"

    def recognises(self, source: Source, package: Package) -> bool:  # noqa: ARG002 - the protocol's
        """Tell whether there are XML files."""
        return bool(package.xml)

    def read(self, reading: Reading, progress: Progress) -> None:
        """Read every XML file."""
        reading.locate = functools.partial(locate, reading)
        for number, name in enumerate(reading.package.xml):
            if number % REPORT_EVERY == 0:
                progress(number / len(reading.package.xml), "annotations")
            if reading.source.sizes[name] > MAX_FILE_BYTES:
                source = gettext_noop("{bytes} bytes, the limit is {limit}")
                detail = Phrase(source, bytes=reading.source.sizes[name], limit=MAX_FILE_BYTES)
                reading.log.add(Fault(name, Reason.UNREADABLE, detail))
                continue
            try:
                read_file(reading, name, voc_xml.parse(reading.source.read(name)))
            except XmlError as error:
                reading.log.add(Fault(name, error.reason, error.detail, error.line))
            except UnreadableError as error:
                reading.log.add(Fault(name, Reason.UNREADABLE, str(error)))


def read_file(reading: Reading, name: str, content: VocFile) -> None:
    """Take over one file's objects."""
    image = find_image(reading, name, content.leaves.get("filename", ""))
    if image is None:
        return
    file = len(reading.files)
    reading.files.append(name)
    width, height = (content.leaves.get(side, "") for side in ("width", "height"))
    if all(side.isdecimal() and len(side) <= MOST_DIGITS for side in (width, height)):
        reading.declare_size(image, int(width), int(height))
    if content.tags:
        reading.image_attributes[image] = msgspec.json.encode(content.tags).decode()
    for number, item in enumerate(content.objects, 1):
        fault = read_object(reading, image, file, number, item)
        if fault is not None:
            reason, detail = fault
            reading.log.add(Fault(name, reason, detail, locate(reading, file, number), number))


def locate(reading: Reading, file: int, number: int) -> int | None:
    """Return the line of an object: looked for when there is something to say of it, not noted for all."""
    try:
        return voc_xml.object_line(voc_xml.to_utf8(reading.source.read(reading.files[file])), number)
    except (UnreadableError, XmlError):
        return None


def find_image(reading: Reading, name: str, declared: str) -> int | None:
    """Return the image that an XML file belongs to: by its own name, then by the <filename> it holds."""
    declared = declared.replace("\\", "/")
    candidates = reading.package.by_stem(name) or (reading.package.by_stem(declared) if declared else [])
    if not candidates:
        reading.log.add(Fault(name, Reason.WITHOUT_IMAGE, packages.base(declared)))
        return None
    if len(candidates) > 1:
        candidates = narrow(reading.package, candidates, name, declared)
    if len(candidates) == 1:
        return candidates[0]
    detail = ", ".join(reading.package.images[number] for number in candidates[:3])
    reading.log.add(Fault(name, Reason.AMBIGUOUS_NAME, detail))
    return None


def narrow(package: Package, candidates: list[int], name: str, declared: str) -> list[int]:
    """Choose among images of one stem: same folder, same place in the structure, then the declared name."""
    tests = (
        lambda image: posixpath.dirname(image) == posixpath.dirname(name),
        lambda image: packages.place(image) == packages.place(name),
        lambda image: packages.base(image) == packages.base(declared),
    )
    for test in tests:
        chosen = [number for number in candidates if test(package.images[number])]
        candidates = chosen or candidates
    return candidates


def read_object(reading: Reading, image: int, file: int, number: int, item: VocObject) -> tuple[Reason, str] | None:
    """Append one object, or return why not."""
    leaves = item.leaves
    if not leaves.get("name"):
        return Reason.NO_CLASS, ""
    try:
        box = read_box(leaves, 1 if reading.inclusive else 0)
        score = float(leaves.get("confidence") or raw.UNSET)
        quality = float(leaves.get("box_quality") or raw.UNSET)
    except ValueError as error:
        return Reason.INVALID_BOX, Phrase(gettext_noop("no number: {text}"), text=str(error).partition(": ")[2])
    if box is None:
        return Reason.NO_BOX, ""
    boxes = reading.boxes
    attributes = read_attributes(item)
    if attributes:
        boxes.attributes[len(boxes)] = msgspec.json.encode(attributes).decode()
    boxes.image.append(image)
    boxes.file.append(file)
    boxes.object.append(number)
    boxes.klass.append(boxes.class_number(leaves["name"]))
    for column, value in zip((boxes.x, boxes.y, boxes.w, boxes.h, boxes.rotation), box, strict=True):
        column.append(value)
    boxes.score.append(score if score >= 0 else raw.UNSET)  # the replaced system wrote -1 for none
    boxes.quality.append(quality if quality >= 0 else raw.UNSET)
    boxes.kind.append(raw.BOX)
    difficult = leaves.get("difficult", "").lower() in YES
    truncated = leaves.get("truncated", "").lower() in YES
    boxes.flags.append(raw.DIFFICULT * difficult + raw.TRUNCATED * truncated)
    return None


def read_box(leaves: dict[str, str], extra: int) -> tuple[float, float, float, float, float] | None:
    """Return x, y, width, height and rotation, or None without a box. Raises ValueError for what is no number."""
    if all(name in leaves for name in CORNERS):
        left, top, right, bottom = (float(leaves[name]) for name in CORNERS)
        angle = float(leaves.get("rotate_angle") or 0)
        return left, top, right - left + extra, bottom - top + extra, angle
    if all(name in leaves for name in CENTRE):
        x, y, width, height, angle = (float(leaves[name]) for name in CENTRE)
        return x - width / 2, y - height / 2, width, height, angle
    return None


def read_attributes(item: VocObject) -> dict[str, str]:
    """Return what else is said of an object."""
    said = {name: item.leaves.get(name, "") for name in ("pose", "occluded")}
    return {**{name: text for name, text in said.items() if text.lower() not in UNSAID}, **item.tags}


class VocExporter:
    """Writes the folders that VOC tools expect."""

    name = "voc"
    image_folder = "JPEGImages"

    def __init__(self, *, inclusive: bool = False) -> None:
        self._extra = 1 if inclusive else 0

    def write(self, tables: Tables, names: list[str], sink: Sink, progress: Progress) -> None:
        """Write an XML file for each image, and the list of all."""
        objects = list(render_objects(tables, self._extra))
        ends = tables.offsets().tolist()
        sizes = tables.assets.select("width", "height", "attributes").iter_rows()
        for row, (name, (width, height, attributes)) in enumerate(zip(names, sizes, strict=True)):
            if row % REPORT_EVERY == 0:
                progress(row / len(names), "annotations")
            document = render(name, width, height, attributes, objects[ends[row] : ends[row + 1]])
            sink.write(f"Annotations/{posixpath.splitext(name)[0]}.xml", document.encode())
        listing = "".join(f"{posixpath.splitext(name)[0]}\n" for name in names)
        sink.write("ImageSets/Main/default.txt", listing.encode())


def render(name: str, width: int, height: int, attributes: str | None, objects: list[str]) -> str:
    """Return the XML of one image."""
    folder, base = posixpath.split(name)
    return (
        f"<annotation>\n\t<folder>{escape(folder or 'JPEGImages')}</folder>\n\t<filename>{escape(base)}</filename>\n"
        f"\t<size>\n\t\t<width>{width}</width>\n\t\t<height>{height}</height>\n\t\t<depth>3</depth>\n\t</size>\n"
        f"\t<segmented>0</segmented>\n{render_tags('cks', attributes, 1)}{''.join(objects)}</annotation>\n"
    )


def render_tags(element: str, attributes: str | None, depth: int) -> str:
    """Return attributes as elements; those whose names are no XML names cannot be written."""
    if attributes is None:
        return ""
    pairs = msgspec.json.decode(attributes, type=dict[str, object])
    indent = "\t" * depth
    inner = "".join(f"{indent}\t<{key}>{escape(str(value))}</{key}>\n" for key, value in pairs.items() if is_name(key))
    return f"{indent}<{element}>\n{inner}{indent}</{element}>\n" if inner else ""


def is_name(key: str) -> bool:
    """Tell whether a key can be the name of an element."""
    return key.replace("-", "_").isidentifier()


def render_objects(tables: Tables, extra: int) -> Iterator[str]:
    """Yield the XML of each annotation, in the order of the rows."""
    rows = tables.annotations
    left, right = corner_texts(rows["x"], rows["w"], extra)
    top, bottom = corner_texts(rows["y"], rows["h"], extra)
    names = [escape(name) for name in tables.class_names]
    columns = rows.select("class_code", "difficult", "truncated", "rotation", "score", "quality", "attributes")
    for corners, row in zip(zip(left, top, right, bottom, strict=True), columns.iter_rows(), strict=True):
        code, difficult, truncated, rotation, score, quality, attributes = row
        box = "".join(f"\t\t\t<{tag}>{text}</{tag}>\n" for tag, text in zip(CORNERS, corners, strict=True))
        if rotation:
            box += f"\t\t\t<rotate_angle>{rotation!r}</rotate_angle>\n"
        numbers = (("confidence", score), ("box_quality", quality))
        rest = "".join(f"\t\t<{tag}>{value!r}</{tag}>\n" for tag, value in numbers if value is not None)
        yield (
            f"\t<object>\n\t\t<name>{names[code]}</name>\n\t\t<pose>Unspecified</pose>\n"
            f"\t\t<truncated>{truncated:d}</truncated>\n\t\t<difficult>{difficult:d}</difficult>\n"
            f"\t\t<bndbox>\n{box}\t\t</bndbox>\n{rest}{render_tags('tags', attributes, 2)}\t</object>\n"
        )


def corner_texts(start: pl.Series, length: pl.Series, extra: int) -> tuple[list[str], list[str]]:
    """Return texts of start and end from which the same numbers are read back.

    The short decimal form (473.07) is used where reading it back gives the length exactly, the long one elsewhere.
    """
    first, side = (schema.decimals(column) for column in (start, length))
    last = np.round(first + side - extra, 6)
    exact = (last - first + extra).astype(np.float32) == length.to_numpy()
    first = np.where(exact, first, start.to_numpy().astype(np.float64))
    last = np.where(exact, last, first + length.to_numpy() - extra)
    return [number_text(value) for value in first.tolist()], [number_text(value) for value in last.tolist()]


def number_text(value: float) -> str:
    """Return a number without a needless fraction."""
    return str(int(value)) if math.floor(value) == value else repr(value)
