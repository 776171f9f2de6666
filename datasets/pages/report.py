"""An import's report: its faults and notices in words, grouped, searched, and as a table to take away."""

import csv
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from datasets.formats.faults import NOTICES, Reason
from datasets.models import DatasetVersion
from datasets.services import versions

WORDS: Final[dict[str, str | Promise]] = {
    Reason.UNSAFE_PATH: _("path that leads out of the archive"),
    Reason.LINK: _("link, not a file"),
    Reason.SPECIAL_FILE: _("special file"),
    Reason.ENCRYPTED: _("encrypted entry"),
    Reason.COMPRESSION: _("unknown compression"),
    Reason.DUPLICATE_NAME: _("second file of the same name"),
    Reason.UNREADABLE: _("file that cannot be read"),
    Reason.EMPTY_FILE: _("empty image file"),
    Reason.NOT_AN_IMAGE: _("not an image"),
    Reason.UNSUPPORTED_IMAGE: _("image format that is not supported"),
    Reason.TRUNCATED_IMAGE: _("truncated image"),
    Reason.IMAGE_TOO_LARGE: _("image too large"),
    Reason.MALFORMED_XML: _("malformed XML"),
    Reason.MALFORMED_JSON: _("malformed JSON"),
    Reason.ENTITIES: _("XML with entities"),
    Reason.ENCODING: _("unknown text encoding"),
    Reason.WITHOUT_IMAGE: _("annotations without image"),
    Reason.AMBIGUOUS_NAME: _("name that fits several images"),
    Reason.ANNOTATED_TWICE: _("image annotated in two files"),
    Reason.NO_BOX: _("object without box"),
    Reason.INVALID_BOX: _("box with unreadable numbers"),
    Reason.NOT_FINITE: _("box with infinite or undefined numbers"),
    Reason.EMPTY_BOX: _("box without area"),
    Reason.OUTSIDE: _("box outside the image"),
    Reason.NO_CLASS: _("object without class"),
    Reason.REFUSED_CLASS: _("class name that cannot be used"),
    Reason.INVALID_OBJECT: _("unreadable object"),
    Reason.DUPLICATE_ID: _("second object of the same id"),
    Reason.UNKNOWN_IMAGE: _("annotation of an unknown image"),
    Reason.UNKNOWN_CATEGORY: _("annotation of an unknown category"),
    Reason.CLIPPED: _("box clipped to the image"),
    Reason.IGNORED_CLASS: _("unknown class left out"),
    Reason.WRONG_EXTENSION: _("wrong file extension"),
    Reason.DUPLICATE_CONTENT: _("the same image twice"),
    Reason.ROTATED: _("rotated image"),
    Reason.SIZE_DIFFERS: _("image size differs from the annotation"),
}
COLUMNS: Final = ("kind", "reason", "file", "line", "object", "detail")


@dataclass(frozen=True)
class Finding:
    """One thing an import found."""

    is_notice: bool
    reason: str
    file: str
    line: str
    object: str
    detail: str

    @property
    def words(self) -> str | Promise:
        return WORDS.get(self.reason, self.reason)


@dataclass(frozen=True)
class Group:
    """All findings of one reason."""

    reason: str
    words: str | Promise
    is_notice: bool
    count: int


@dataclass(frozen=True)
class Report:
    """Everything an import found, faults first."""

    findings: list[Finding]

    def groups(self) -> list[Group]:
        """Return the reasons with their counts, faults first, the most frequent first."""
        counts = Counter(each.reason for each in self.findings)
        groups = [Group(reason, WORDS.get(reason, reason), reason in NOTICES, n) for reason, n in counts.items()]
        return sorted(groups, key=lambda group: (group.is_notice, -group.count, group.reason))

    def search(self, query: str, reason: str) -> list[Finding]:
        """Return the findings of a reason (empty: any) that hold `query` in file, detail or words."""
        wanted = query.lower()
        return [
            each
            for each in self.findings
            if (not reason or each.reason == reason)
            and (not wanted or wanted in f"{each.file} {each.detail} {each.words}".lower())
        ]


def read(version: DatasetVersion) -> Report:
    """Return the report of the import that made a version; empty for other versions."""
    content = versions.report(version)
    return Report([finding(each) for each in [*content["faults"], *content["notices"]]])


def finding(entry: dict[str, Any]) -> Finding:
    """Return an entry of a report file."""
    reason = str(entry["reason"])
    line, number = entry.get("line"), entry.get("object")
    return Finding(
        is_notice=reason in NOTICES,
        reason=reason,
        file=str(entry.get("file", "")),
        line="" if line is None else str(line),
        object="" if number is None else str(number),
        detail=str(entry.get("detail", "")),
    )


class Echo:
    """What a CSV writer writes to when its lines are to be sent on."""

    def write(self, line: str) -> str:
        """Return the line."""
        return line


def as_csv(report: Report) -> Iterator[str]:
    """Write a report line by line."""
    writer = csv.writer(Echo())
    yield writer.writerow(COLUMNS)
    for each in report.findings:
        kind = "notice" if each.is_notice else "fault"
        cells = (kind, each.reason, each.file, each.line, each.object, each.detail)
        yield writer.writerow([guarded(cell) for cell in cells])


def guarded(cell: str) -> str:
    """Keep a spreadsheet from running a file name as a formula."""
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell
