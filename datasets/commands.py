"""What the commands that make a dataset version have in common."""

from argparse import ArgumentParser
from typing import Any

from datasets.models import DatasetVersion
from datasets.services import versions
from executors.commands import JobCommand
from executors.models import Job


class VersionCommand(JobCommand):
    """A command whose job ends in a dataset version."""

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--name", required=True, help="the dataset that gets a new version")
        parser.add_argument("--message", default="", help="what the version is for, kept with it")

    def result(self, job: Job) -> dict[str, Any]:
        version = DatasetVersion.objects.select_related("dataset", "dataset__project").get(job=job)
        return versions.facts(version)
