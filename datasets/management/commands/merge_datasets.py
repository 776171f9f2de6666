"""Unite dataset versions."""

from argparse import ArgumentParser
from typing import Any

from accounts import services as accounts
from datasets.commands import VersionCommand
from datasets.services import operations, versions
from executors.models import Job
from projects import services as projects


class Command(VersionCommand):
    help = "Unite versions, given from the oldest to the newest, as a new dataset version; an asset comes in once."
    example = "merge_datasets --project Smears --name smear-train smear-train@1 smear-mined@1 --wait"

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("sources", nargs="+", metavar="NAME@VERSION", help="the versions to unite")
        parser.add_argument(
            "--strategy",
            choices=["newest", "oldest", "stop"],
            default="newest",
            help="whose annotations win where several annotate the same asset; stop refuses that (default: newest)",
        )

    def submit(self, *, project: str, name: str, sources: list[str], strategy: str, **options: Any) -> Job:
        found = projects.find(project)
        return operations.submit_merge(
            project=found,
            name=name,
            sources=[versions.resolve(found, ref) for ref in sources],
            strategy=strategy,
            message=options["message"],
            by=accounts.acting_user(),
        )
