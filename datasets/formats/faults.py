"""What an import found wrong. The good rest is imported; every fault names its file and reason."""

from collections import Counter
from enum import StrEnum
from typing import Any, NamedTuple

from common.phrases import Phrase

MAX_LISTED = 100_000


class Reason(StrEnum):
    """Why something was left out, or, for a notice, what was put right. Services turn these into words."""

    # entries of an archive or folder
    UNSAFE_PATH = "unsafe_path"
    LINK = "link"
    SPECIAL_FILE = "special_file"
    ENCRYPTED = "encrypted"
    COMPRESSION = "compression"
    DUPLICATE_NAME = "duplicate_name"
    UNREADABLE = "unreadable"
    # images
    EMPTY_FILE = "empty_file"
    NOT_AN_IMAGE = "not_an_image"
    UNSUPPORTED_IMAGE = "unsupported_image"
    TRUNCATED_IMAGE = "truncated_image"
    IMAGE_TOO_LARGE = "image_too_large"
    # annotation files
    MALFORMED_XML = "malformed_xml"
    MALFORMED_JSON = "malformed_json"
    ENTITIES = "entities"
    ENCODING = "encoding"
    WITHOUT_IMAGE = "annotation_without_image"
    AMBIGUOUS_NAME = "ambiguous_name"
    ANNOTATED_TWICE = "annotated_twice"
    # objects
    NO_BOX = "no_box"
    INVALID_BOX = "invalid_box"
    NOT_FINITE = "not_finite"
    EMPTY_BOX = "empty_box"
    OUTSIDE = "box_outside"
    NO_CLASS = "no_class"
    REFUSED_CLASS = "refused_class"
    INVALID_OBJECT = "invalid_object"
    DUPLICATE_ID = "duplicate_id"
    UNKNOWN_IMAGE = "unknown_image"
    UNKNOWN_CATEGORY = "unknown_category"
    # notices
    CLIPPED = "box_clipped"
    IGNORED_CLASS = "ignored_class"
    WRONG_EXTENSION = "wrong_extension"
    DUPLICATE_CONTENT = "duplicate_content"
    ROTATED = "rotated_image"
    SIZE_DIFFERS = "size_differs"


NOTICES = frozenset(
    {
        Reason.CLIPPED,
        Reason.IGNORED_CLASS,
        Reason.WRONG_EXTENSION,
        Reason.DUPLICATE_CONTENT,
        Reason.ROTATED,
        Reason.SIZE_DIFFERS,
    }
)


class Fault(NamedTuple):
    """One thing found wrong: in which file, at which line or object of it, and why."""

    file: str
    reason: Reason
    detail: str = ""
    line: int | None = None
    object: int | str | None = None

    @property
    def is_notice(self) -> bool:
        """Whether nothing was lost."""
        return self.reason in NOTICES

    def as_json(self) -> dict[str, Any]:
        """Return the fields that are set; a detail that can be told in other languages as what it is made from."""
        fields = {key: value for key, value in self._asdict().items() if value not in (None, "")}
        return fields | {"detail": self.detail.recipe} if isinstance(self.detail, Phrase) else fields


class FaultLog:
    """Faults and notices in the order found; beyond `MAX_LISTED` of each they are only counted."""

    def __init__(self) -> None:
        self.faults: list[Fault] = []
        self.notices: list[Fault] = []
        self.counts: Counter[Reason] = Counter()

    def add(self, fault: Fault) -> None:
        """Note one."""
        self.counts[fault.reason] += 1
        items = self.notices if fault.is_notice else self.faults
        if len(items) < MAX_LISTED:
            items.append(fault)

    @property
    def fault_count(self) -> int:
        """How many faults there are, listed or not."""
        return sum(count for reason, count in self.counts.items() if reason not in NOTICES)
