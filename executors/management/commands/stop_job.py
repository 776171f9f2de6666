"""Stop a job."""

from argparse import ArgumentParser
from typing import Any

from common.commands import YmirCommand
from executors.models import Job
from executors.services import jobs


class Command(YmirCommand):
    help = (
        "Stop a job that waits or runs. With --keep, a training becomes a version of what it has reached; otherwise "
        "nothing of it stays."
    )
    example = "stop_job 12 --keep"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("job", type=int, metavar="NUMBER", help="its number, as --wait and list_jobs print it")
        how = parser.add_mutually_exclusive_group()
        how.add_argument("--keep", action="store_true", help="keep what it has reached, where the work allows that")
        how.add_argument("--discard", action="store_true", help="keep nothing (what happens without --keep, too)")

    def run(self, *, job: int, keep: bool, **options: Any) -> dict[str, Any]:
        found = jobs.find(job)
        jobs.cancel(job=found, mode=Job.Cancel.KEEP if keep else Job.Cancel.DISCARD)
        found.refresh_from_db()
        return {"job": found.pk, "title": found.title, "state": found.state, "stop": found.cancel}
