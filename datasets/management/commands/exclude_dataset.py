"""Leave out the assets that other versions hold."""

from argparse import ArgumentParser
from typing import Any

from accounts import services as accounts
from datasets.commands import VersionCommand
from datasets.services import operations, versions
from executors.models import Job
from projects import services as projects


class Command(VersionCommand):
    help = "Make a new dataset version of the assets of the first version that none of the others holds."
    example = "exclude_dataset --project Smears --name pool all@1 smear-train@2 smear-val@1 --wait"

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("source", metavar="NAME@VERSION", help="the version to take assets from")
        parser.add_argument("excluded", nargs="+", metavar="NAME@VERSION", help="versions whose assets are left out")

    def submit(self, *, project: str, name: str, source: str, excluded: list[str], **options: Any) -> Job:
        found = projects.find(project)
        return operations.submit_exclude(
            project=found,
            name=name,
            source=versions.resolve(found, source),
            excluded=[versions.resolve(found, ref) for ref in excluded],
            message=options["message"],
            by=accounts.acting_user(),
        )
