"""Clears away runs that no job waits for any more."""

import logging
from collections.abc import Iterable

from django.conf import settings
from django.utils import timezone

from executors.models import Job
from executors.runners.base import OwnedRun, Runner, RunnerError
from executors.services import jobs

logger = logging.getLogger(__name__)


def sweep(runners: Iterable[Runner]) -> list[str]:
    """Remove the runs of this host whose job is over, gone, or run by another host now; return their names.

    The run of a waiting job stays: the next worker adopts it.
    """
    removed = []
    for runner in runners:
        try:
            for run in runner.list_owned():
                if _is_orphan(run):
                    runner.remove(run.name)
                    removed.append(run.name)
        except RunnerError as error:
            logger.warning("cannot sweep: %s", error)
    return removed


def _is_orphan(run: OwnedRun) -> bool:
    job = Job.objects.filter(pk=run.job).first() if run.job.isdecimal() else None
    if job is None or not job.is_active:
        return True
    is_elsewhere = job.state == Job.State.RUNNING and job.worker.rpartition(":")[0] != settings.YMIR_HOST
    return is_elsewhere and job not in jobs.lost(timezone.now())  # a lost one is adopted here, perhaps
