"""Parse one Pascal VOC file, with expat: no tree is built, entities are refused, line numbers are kept."""

import re
from dataclasses import dataclass, field
from xml.parsers import expat

from datasets.formats.faults import Reason

DECLARED_ENCODING = re.compile(rb"""^\s*<\?xml[^>]*?encoding\s*=\s*["']([A-Za-z0-9._:-]+)["'][^>]*\?>""")
ROOT, CHILD, GRANDCHILD = 1, 2, 3  # how many elements are open above a leaf


class XmlError(ValueError):
    """The file cannot be used; where and why."""

    def __init__(self, reason: Reason, detail: str, line: int | None = None) -> None:
        self.reason, self.detail, self.line = reason, detail, line
        super().__init__(detail)


@dataclass
class VocObject:
    """One <object>: the texts of its leaves by name (those of <bndbox> among them), and its <tags>."""

    line: int
    leaves: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)


@dataclass
class VocFile:
    """One annotation file: the texts of its leaves (those of <size> among them), its <cks> and objects."""

    leaves: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    objects: list[VocObject] = field(default_factory=list)


class Reader:
    """Collects what expat reports."""

    def __init__(self, parser: expat.XMLParserType) -> None:
        self.file = VocFile()
        self._parser = parser
        self._open: list[str] = []
        self._text = ""
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._data
        parser.EntityDeclHandler = self._entity

    def _start(self, tag: str, _attributes: dict[str, str]) -> None:
        self._open.append(tag)
        self._text = ""
        if tag == "object" and len(self._open) == CHILD:
            self.file.objects.append(VocObject(self._parser.CurrentLineNumber))

    def _data(self, text: str) -> None:
        self._text += text

    def _end(self, tag: str) -> None:
        self._open.pop()
        above = self._open
        if len(above) == CHILD and above[1] == "object":
            self.file.objects[-1].leaves[tag] = self._text.strip()
        elif len(above) == GRANDCHILD and above[1] == "object":
            # <part> has boxes of its own, which are not the object's
            if above[2] in {"bndbox", "robndbox"}:
                self.file.objects[-1].leaves[tag] = self._text.strip()
            elif above[2] == "tags":
                self.file.objects[-1].tags[tag] = self._text.strip()
        elif len(above) == ROOT or (len(above) == CHILD and above[1] == "size"):
            self.file.leaves[tag] = self._text.strip()
        elif len(above) == CHILD and above[1] == "cks":
            self.file.tags[tag] = self._text.strip()
        elif not above and tag != "annotation":
            raise XmlError(Reason.MALFORMED_XML, f"the root is <{tag}>, not <annotation>", 1)
        self._text = ""

    def _entity(self, *_declaration: object) -> None:
        raise XmlError(Reason.ENTITIES, "the file declares entities", self._parser.CurrentLineNumber)


def parse(data: bytes) -> VocFile:
    """Read a file. Raises XmlError."""
    declared = DECLARED_ENCODING.match(data[:200])
    encoding = declared[1].decode().lower() if declared else "utf-8"
    try:
        return parse_utf8(data, None)
    except expat.ExpatError as error:
        # expat knows few encodings; Python knows the others, such as GBK
        if error.code != expat.errors.codes[expat.errors.XML_ERROR_UNKNOWN_ENCODING]:
            reason = Reason.MALFORMED_XML if decodes(data, encoding) else Reason.ENCODING
            raise XmlError(reason, expat.ErrorString(error.code), error.lineno) from error
    except XmlError:
        raise
    except (ValueError, LookupError):  # the same, by other names
        pass
    return parse_recoded(data, encoding)


def parse_recoded(data: bytes, encoding: str) -> VocFile:
    """Read a file whose encoding only Python knows. Raises XmlError."""
    try:
        return parse_utf8(data.decode(encoding).encode(), "utf-8")
    except (LookupError, UnicodeDecodeError) as error:
        raise XmlError(Reason.ENCODING, str(error), 1) from error
    except expat.ExpatError as error:
        raise XmlError(Reason.MALFORMED_XML, expat.ErrorString(error.code), error.lineno) from error


def parse_utf8(data: bytes, encoding: str | None) -> VocFile:
    """Read a file whose encoding expat knows, or is told."""
    parser = expat.ParserCreate(encoding)
    parser.buffer_text = True
    reader = Reader(parser)
    parser.Parse(data, True)
    return reader.file


def decodes(data: bytes, encoding: str) -> bool:
    """Tell whether the bytes are what they are said to be; UTF-16 marks itself."""
    try:
        data.decode("utf-16" if data[:2] in {b"\xff\xfe", b"\xfe\xff"} else encoding)
    except (LookupError, UnicodeDecodeError):
        return False
    return True
