"""What the management commands that start a job have in common."""

from argparse import ArgumentParser
from typing import Any

from common.commands import YmirCommand
from executors.models import Job
from executors.services import jobs


class JobCommand(YmirCommand):
    """A command that submits a job; with `--wait` it stays until the job ends and prints what the job made."""

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--project", required=True, help="name or number of the project")
        parser.add_argument(
            "--wait", action="store_true", help="wait for the job's end and print the result, not only its number"
        )

    def submit(self, *args: Any, **options: Any) -> Job:
        """Ask a service for the job."""
        raise NotImplementedError

    def result(self, job: Job) -> dict[str, Any]:
        """Return what a job made, as facts."""
        raise NotImplementedError

    def run(self, *args: Any, wait: bool, **options: Any) -> dict[str, Any]:
        job = self.submit(**options)
        if not wait:
            return {"job": job.pk, "state": job.state}
        job = jobs.wait(job, accept_kept=True)
        facts = {"job": job.pk, **self.result(job)}
        return {**facts, "stopped_early": True} if job.was_kept else facts

    def describe(self, facts: dict[str, Any]) -> str:
        words = super().describe({key: value for key, value in facts.items() if key != "stopped_early"})
        if not facts.get("stopped_early"):
            return words
        return f"Job {facts['job']} was stopped early; what it had reached is kept as {facts.get('ref')}.\n{words}"
