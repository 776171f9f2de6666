"""Hosts, the queue and the workers, as the compute page shows them."""

import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import django_rq
from django.conf import settings
from django.utils.functional import Promise
from redis.exceptions import RedisError
from rq.worker import BaseWorker, Worker

from executors import kinds
from executors.models import Gpu, Job
from executors.pages.progress import kind_label
from executors.services import jobs

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Host:
    """A machine and its GPUs."""

    name: str
    gpus: list[Gpu]

    @property
    def busy(self) -> int:
        return sum(gpu.job_id is not None for gpu in self.gpus)


@dataclass(frozen=True)
class QueueRow:
    """A job that waits; `place` in its own queue, from 1."""

    job: Job
    kind: str | Promise
    queue: str
    place: int


@dataclass(frozen=True)
class RunningRow:
    job: Job
    kind: str | Promise
    left: float | None


@dataclass(frozen=True)
class WorkerRow:
    """A process that takes up jobs."""

    name: str
    host: str
    queues: str
    busy: bool
    seen_at: datetime | None


def hosts(gpus: Sequence[Gpu]) -> list[Host]:
    """Group GPUs by host."""
    names = dict.fromkeys(gpu.host for gpu in gpus)
    return [Host(name, [gpu for gpu in gpus if gpu.host == name]) for name in names]


def running(found: Sequence[Job], now: datetime) -> list[RunningRow]:
    """Return the running jobs with the seconds left of their phase."""
    return [RunningRow(job, kind_label(job.kind), jobs.seconds_left(job, now)) for job in found]


def waiting(found: Sequence[Job]) -> list[QueueRow]:
    """Return the waiting jobs, given oldest first, with their places; the queues are worked off side by side."""
    queue_of = {kind.name: kind.queue for kind in kinds.all_kinds()}
    places: Counter[str] = Counter()
    rows = []
    for job in found:
        queue = queue_of.get(job.kind, "")
        places[queue] += 1
        rows.append(QueueRow(job, kind_label(job.kind), queue, places[queue]))
    return rows


def workers() -> list[WorkerRow] | None:
    """Return the workers that Redis knows; None when Redis does not answer."""
    try:
        found = Worker.all(connection=django_rq.get_connection(next(iter(settings.RQ_QUEUES))))
        return sorted((_worker(worker) for worker in found), key=lambda row: (row.host, row.name))
    except RedisError:
        logger.warning("Redis does not answer: workers unknown")
        return None


def _worker(worker: BaseWorker) -> WorkerRow:
    beat = worker.last_heartbeat
    return WorkerRow(
        name=str(worker.name),
        host=worker.hostname or "",
        queues=", ".join(worker.queue_names()),
        busy=worker.get_state() == "busy",
        seen_at=beat.replace(tzinfo=UTC) if beat and beat.tzinfo is None else beat,
    )
