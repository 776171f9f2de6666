"""Keep the assets of a version by class."""

from argparse import ArgumentParser
from typing import Any

from accounts import services as accounts
from datasets.commands import VersionCommand
from datasets.services import operations, versions
from executors.models import Job
from labels.services import split_names
from projects import services as projects


class Command(VersionCommand):
    help = (
        "Make a new dataset version of the assets with any of --classes and none of --exclude-classes; an asset keeps "
        "all its annotations."
    )
    example = "filter_dataset --project Smears --name with-platelets smear-train@2 --classes Platelets --wait"

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("source", metavar="NAME@VERSION", help="the version to take assets from")
        parser.add_argument("--classes", default="", help="class names, separated by commas (default: all)")
        parser.add_argument("--exclude-classes", default="", help="class names, separated by commas (default: none)")

    def submit(self, *, project: str, name: str, source: str, **options: Any) -> Job:
        found = projects.find(project)
        return operations.submit_filter(
            project=found,
            name=name,
            source=versions.resolve(found, source),
            classes=split_names(options["classes"]),
            exclude_classes=split_names(options["exclude_classes"]),
            message=options["message"],
            by=accounts.acting_user(),
        )
