"""Looks after what fell out of its worker's hands: silent jobs, forgotten ids, runs that nobody waits for."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from executors.models import Job
from executors.runners.base import Runner
from executors.services import jobs, orphans, queues


@dataclass(frozen=True)
class Reaped:
    """What one round found."""

    released: list[int]
    """Jobs whose worker fell silent; they wait again, or failed after too many tries."""
    sent: list[int]
    """Waiting jobs whose ids were sent to Redis again."""
    removed: list[str]
    """Runs that were removed."""

    def __bool__(self) -> bool:
        return bool(self.released or self.sent or self.removed)


def reap(*, now: datetime, runners: Iterable[Runner]) -> Reaped:
    """Release lost jobs, send forgotten ones, remove this host's orphaned runs. Any number may do so at once."""
    released = [job for job in jobs.lost(now) if jobs.release_lost(job)]
    for job in Job.objects.filter(pk__in=[job.pk for job in released], state=Job.State.PENDING):
        jobs.send(job)
    sent = queues.send_forgotten(now)
    return Reaped([job.pk for job in released], [job.pk for job in sent], orphans.sweep(runners))
