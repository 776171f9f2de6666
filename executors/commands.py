"""What the management commands that start a job have in common."""

import sys
from argparse import ArgumentParser
from collections.abc import Callable
from typing import Any

from django.urls import reverse

from common.commands import YmirCommand
from common.progress_line import ProgressLine
from executors.models import Job
from executors.services import jobs

INTERRUPTED = 130  # 128 + SIGINT


def follow(job: Job, write: Callable[..., Any], *, accept_kept: bool = False) -> Job:
    """Wait for a job's end and tell on stderr how far it is; ^C leaves the job alone and ends the command.

    Raises:
        executors.services.jobs.JobFailed
    """
    line = ProgressLine(write, tenths=True)
    write(f"Job {job.pk}: {job.title}, {reverse('executors:job', args=[job.pk])} on the site")
    try:
        return jobs.wait(job, on_progress=lambda seen: _tell(line, seen), accept_kept=accept_kept)
    except KeyboardInterrupt:
        line.end()
        write(f"Job {job.pk} goes on. To stop it: manage.py stop_job {job.pk} --keep (or --discard)")
        sys.exit(INTERRUPTED)
    finally:
        line.end()


def _tell(line: ProgressLine, job: Job) -> None:
    if not job.is_active:
        return
    if job.state == Job.State.PENDING:
        line(f"{job.title}: waits for its turn", None)
    else:
        line(f"{job.title}: {job.get_phase_display()}", job.progress)


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
        job = follow(job, self.stderr.write, accept_kept=True)
        facts = {"job": job.pk, **self.result(job)}
        return {**facts, "stopped_early": True} if job.was_kept else facts

    def describe(self, facts: dict[str, Any]) -> str:
        words = super().describe({key: value for key, value in facts.items() if key != "stopped_early"})
        if not facts.get("stopped_early"):
            return words
        return f"Job {facts['job']} was stopped early; what it had reached is kept as {facts.get('ref')}.\n{words}"
