"""What the management commands that start a job have in common."""

from argparse import ArgumentParser
from typing import Any

from common.commands import YmirCommand
from executors.models import Job
from executors.services import jobs


class JobCommand(YmirCommand):
    """A command that submits a job; with `--wait` it stays until the job ends and prints what the job made."""

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--project", required=True, help="name or number")
        parser.add_argument("--wait", action="store_true", help="wait for the end and print the result")

    def submit(self, *args: Any, **options: Any) -> Job:
        """Ask a service for the job."""
        raise NotImplementedError

    def result(self, job: Job) -> dict[str, Any]:
        """Return what a job that succeeded made, as facts."""
        raise NotImplementedError

    def run(self, *args: Any, wait: bool, **options: Any) -> dict[str, Any]:
        job = self.submit(**options)
        if not wait:
            return {"job": job.pk, "state": job.state}
        return {"job": job.pk, **self.result(jobs.wait(job))}
