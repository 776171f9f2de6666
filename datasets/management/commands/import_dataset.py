"""Import images and annotations as a dataset version."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from accounts import services as accounts
from datasets.commands import VersionCommand
from datasets.services import imports
from executors.models import Job
from projects import services as projects


class Command(VersionCommand):
    help = "Import a folder or zip of images, with VOC or COCO annotations or without, as a new dataset version."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("path", type=Path, help="a folder or zip")
        parser.add_argument("--format", choices=imports.FORMATS, default="auto")
        parser.add_argument(
            "--unknown",
            choices=imports.Unknown.values,
            default=imports.Unknown.ADD,
            help="classes that the project lacks (default: add)",
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
