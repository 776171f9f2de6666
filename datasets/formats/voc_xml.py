"""Parse one Pascal VOC file. Entities, the danger of XML, are refused; what expat cannot read, Python decodes."""

import re
from dataclasses import dataclass, field
from xml.etree import ElementTree

from common.phrases import Phrase, gettext_noop
from datasets.formats.faults import Reason

DECLARED_ENCODING = re.compile(rb"""^\s*<\?xml[^>]*?encoding\s*=\s*["']([A-Za-z0-9._:-]+)["']""")
HEAD = 200
OBJECT = re.compile(rb"<object[\s>/]")
ENTITY = b"<!ENTITY"
BOXES = ("bndbox", "robndbox")
BYTE_ORDER_MARKS = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}


class XmlError(ValueError):
    """The file cannot be used; where and why."""

    def __init__(self, reason: Reason, detail: str, line: int) -> None:
        self.reason, self.detail, self.line = reason, detail, line
        super().__init__(detail)


@dataclass(slots=True)
class VocObject:
    """One <object>: the texts of its leaves by name (those of its box among them), and its <tags>."""

    leaves: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class VocFile:
    """One annotation file: the texts of its leaves (those of <size> among them), its <cks> and objects."""

    leaves: dict[str, str]
    tags: dict[str, str]
    objects: list[VocObject]


def parse(data: bytes) -> VocFile:
    """Read a file. Raises XmlError."""
    data = to_utf8(data)
    if ENTITY in data:
        raise XmlError(
            Reason.ENTITIES, Phrase(gettext_noop("the file declares entities")), line_at(data, data.index(ENTITY))
        )
    parser = ElementTree.XMLParser(encoding="utf-8")  # noqa: S314 - entities were refused
    try:
        parser.feed(data)
        root = parser.close()
    except ElementTree.ParseError as error:
        raise XmlError(Reason.MALFORMED_XML, str(error).partition(":")[0], error.position[0]) from error
    if root.tag != "annotation":
        raise XmlError(
            Reason.MALFORMED_XML, Phrase(gettext_noop("the root is <{name}>, not <annotation>"), name=root.tag), 1
        )
    return VocFile(
        leaves=texts(root) | texts(root.find("size")),
        tags=texts(root.find("cks")),
        objects=[read_object(element) for element in root.iterfind("object")],
    )


def to_utf8(data: bytes) -> bytes:
    """Return the text as UTF-8, by its byte order mark or by what it declares. Raises XmlError."""
    mark = next((name for sign, name in BYTE_ORDER_MARKS.items() if data.startswith(sign)), None)
    declared = DECLARED_ENCODING.match(data[:HEAD])
    encoding = mark or (declared[1].decode() if declared else "utf-8")
    try:
        return data.decode(encoding).encode()
    except UnicodeDecodeError as error:
        raise XmlError(Reason.ENCODING, str(error), line_at(data, error.start)) from error
    except (LookupError, UnicodeError) as error:  # no such encoding; one that makes of bytes what is no text
        raise XmlError(Reason.ENCODING, str(error), 1) from error


def read_object(element: ElementTree.Element) -> VocObject:
    """Return an <object>. Its <part>s have boxes of their own, which are not its."""
    item = VocObject()
    for child in element:
        if child.tag in BOXES:
            item.leaves.update(texts(child))
        elif child.tag == "tags":
            item.tags = texts(child)
        elif not len(child):
            item.leaves[child.tag] = (child.text or "").strip()
    return item


def texts(element: ElementTree.Element | None) -> dict[str, str]:
    """Return the texts of an element's leaves by name."""
    return {} if element is None else {leaf.tag: (leaf.text or "").strip() for leaf in element if not len(leaf)}


def object_line(data: bytes, number: int) -> int | None:
    """Return the line on which object `number`, from 1, begins."""
    for count, found in enumerate(OBJECT.finditer(data), 1):
        if count == number:
            return line_at(data, found.start())
    return None


def line_at(data: bytes, place: int) -> int:
    """Return the line of a place in the data, from 1."""
    return data.count(b"\n", 0, place) + 1
