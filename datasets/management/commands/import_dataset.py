"""Import images and annotations as a dataset version."""

from argparse import ArgumentParser
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from django.urls import reverse

from accounts import services as accounts
from datasets.commands import VersionCommand
from datasets.pages import report
from datasets.services import imports
from executors.models import Job
from projects import services as projects

MOST_FAULTS = 20


class Command(VersionCommand):
    help = (
        "Import a folder or zip of images, with VOC or COCO annotations or without, as a new dataset version. What is "
        "wrong with a file is listed and left out; the good rest comes in."
    )
    example = "import_dataset --project Smears --name smear-train /data/smears.zip --wait"

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("path", type=Path, metavar="PATH", help="a folder or zip on this machine")
        parser.add_argument(
            "--format", choices=imports.FORMATS, default="auto", help="of the annotations (default: found out)"
        )
        parser.add_argument(
            "--unknown",
            choices=imports.Unknown.values,
            default=imports.Unknown.ADD,
            help="classes that the project lacks are added, left out, or the import is refused (default: add)",
        )

    def submit(self, *, project: str, name: str, path: Path, **options: Any) -> Job:
        return imports.submit(
            project=projects.find(project),
            name=name,
            source=path,
            format=options["format"],
            unknown=options["unknown"],
            message=options["message"],
            by=accounts.acting_user(),
        )

    def describe(self, facts: dict[str, Any]) -> str:
        """The faults below the facts: the first of them, and where the others are."""
        faults = facts.get("faults", [])
        ignored = facts.get("classes_ignored", {})
        lines = [super().describe({**facts, "faults": [], "classes_ignored": {}}), *_ignored_lines(ignored)]
        lines += [*_fault_lines(faults[:MOST_FAULTS])]
        if len(faults) > MOST_FAULTS:
            page = reverse("datasets:faults", args=[facts["id"]])
            lines.append(f"and {len(faults) - MOST_FAULTS} more: see {page} on the site, or --json")
        return "\n".join(lines)


def _ignored_lines(ignored: Mapping[str, int]) -> Iterator[str]:
    if ignored:
        counts = ", ".join(f"{name} {count}" for name, count in ignored.items())
        yield f"{sum(ignored.values())} annotations of classes that the project does not have were left out: {counts}"


def _fault_lines(faults: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    if faults:
        yield "left out:"
    for fault in faults:
        line = f":{fault['line']}" if fault.get("line") else ""
        detail = f" ({fault['detail']})" if fault.get("detail") else ""
        yield f"  {fault['file']}{line}: {report.WORDS.get(fault['reason'], fault['reason'])}{detail}"
