"""Leave out the assets that other versions hold."""

from argparse import ArgumentParser
from typing import Any

from accounts import services as accounts
from datasets.commands import VersionCommand
from datasets.services import operations, versions
from executors.models import Job
from projects import services as projects


class Command(VersionCommand):
    help = "Keep the assets of the first version that none of the others holds."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("source", metavar="NAME@VERSION")
        parser.add_argument("excluded", nargs="+", metavar="NAME@VERSION")

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
