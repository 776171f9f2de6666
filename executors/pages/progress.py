"""How far a job is: its phases as a scale, the share done, and when it will be ready."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from common import numbers
from executors import kinds
from executors.contract.metrics import Metrics
from executors.models import Job
from executors.services import jobs

Phase = Job.Phase
CONTAINER_WEIGHTS: Final = {Phase.QUEUE: 1, Phase.PREPARE: 2, Phase.EXECUTE: 9, Phase.COLLECT: 2}
PLAIN_WEIGHTS: Final = {Phase.QUEUE: 1, Phase.PREPARE: 2, Phase.COLLECT: 9}
MOST_TICKS: Final = 20
NEARLY: Final = 0.99


@dataclass(frozen=True)
class Progress:
    """What the head of a job's page shows."""

    share: float
    """0..1 of the phase under way; 1 at the end."""
    doing: str
    phases: Sequence[dict[str, Any]]
    left: float | None = None
    """Seconds until this phase ends."""
    ready_at: datetime | None = None
    place: int | None = None
    """In the queue, from 1."""
    took: float | None = None
    """Seconds from start to end."""


def of(job: Job, metrics: Metrics, now: datetime) -> Progress:
    """Return how far a job is; one query where the job waits, none otherwise."""
    left = jobs.seconds_left(job, now)
    return Progress(
        share=1.0 if job.state == Job.State.SUCCEEDED else job.progress,
        doing=_doing(job, metrics),
        phases=_phases(job, metrics, now),
        left=left,
        ready_at=None if left is None else now + timedelta(seconds=left),
        place=jobs.place_in_queue(job) if job.state == Job.State.PENDING and kinds.is_known(job.kind) else None,
        took=_seconds(job.started_at, job.finished_at),
    )


def kind_label(name: str) -> str | Promise:
    """Return what a kind of job is called; its bare name when no app registers it (any more)."""
    try:
        return kinds.get(name).label
    except KeyError:
        return name


def keeps_partial(job: Job) -> bool:
    """Tell whether stopping this job now can keep a result."""
    return job.state == Job.State.RUNNING and kinds.is_known(job.kind) and kinds.get(job.kind).keeps_partial


def _doing(job: Job, metrics: Metrics) -> str:
    if job.state == Job.State.PENDING:
        return _("in the queue")
    if metrics.epoch is not None and (not job.is_active or job.phase == Phase.EXECUTE):
        return _epochs(metrics.epoch, metrics.epochs)
    return job.note or (str(_phase_name(job, Phase(job.phase))) if job.is_active else "")


def _epochs(epoch: int, epochs: int | None) -> str:
    if epochs is None:
        return _("epoch {epoch}").format(epoch=epoch)
    return _("epoch {epoch} of {epochs}").format(epoch=epoch, epochs=epochs)


def _phases(job: Job, metrics: Metrics, now: datetime) -> list[dict[str, Any]]:
    weights = CONTAINER_WEIGHTS if _has_run(job) else PLAIN_WEIGHTS
    order, reached = list(weights), _reached(job)
    return [
        {
            "name": _phase_name(job, phase),
            "weight": weights[phase],
            "state": _phase_state(job, order.index(phase) - order.index(reached)),
            "fraction": _fraction(job) if phase == reached else 0.0,
            "note": _phase_note(job, phase, metrics, now),
            "ticks": min(metrics.epochs or 0, MOST_TICKS) if phase == Phase.EXECUTE else 0,
        }
        for phase in order
    ]


def _fraction(job: Job) -> float:
    """The share done of the phase that was reached; what failed was never done."""
    return min(job.progress, NEARLY) if job.state == Job.State.FAILED else job.progress


def _phase_name(job: Job, phase: Phase) -> str | Promise:
    """The phase in which the work itself is done bears the name of the work."""
    works_in = Phase.EXECUTE if _has_run(job) else Phase.COLLECT
    return kind_label(job.kind) if phase == works_in else phase.label


def _has_run(job: Job) -> bool:
    """Whether a program runs for this job; otherwise all its work is done while collecting."""
    begun = {*job.phase_times, job.phase}
    return Phase.EXECUTE in begun or (job.image_id is not None and Phase.COLLECT not in begun)


def _reached(job: Job) -> Phase:
    """The phase under way, or the one in which the job ended."""
    if job.phase in CONTAINER_WEIGHTS:
        return Phase(job.phase)
    begun = [phase for phase in CONTAINER_WEIGHTS if phase in job.phase_times]
    return begun[-1] if begun else Phase.QUEUE


def _phase_state(job: Job, distance: int) -> str:
    """`distance` of the phase from the one that was reached."""
    if distance < 0 or job.state == Job.State.SUCCEEDED:
        return "done"
    if distance > 0 or job.state == Job.State.CANCELED:
        return "later"
    return "failed" if job.state == Job.State.FAILED else "now"


def _phase_note(job: Job, phase: Phase, metrics: Metrics, now: datetime) -> str:
    start, end = _begin(job, phase), _end(job, phase)
    seconds = _seconds(start, end or (now if job.is_active else job.finished_at))
    if seconds is None:
        return ""
    note = numbers.duration(seconds)
    pace = metrics.last("seconds") if phase == Phase.EXECUTE else None
    if pace is None:
        return note
    return _("{time}, {pace} s an epoch").format(time=note, pace=f"{pace:.1f}")


def _begin(job: Job, phase: Phase) -> datetime | None:
    if phase == Phase.QUEUE:
        return job.created_at
    began = job.phase_times.get(phase)
    return datetime.fromisoformat(began) if began else None


def _end(job: Job, phase: Phase) -> datetime | None:
    """A phase ends when the next one that happened begins."""
    order = [*CONTAINER_WEIGHTS, Phase.DONE]
    later = (_begin(job, each) for each in order[order.index(phase) + 1 :])
    began = next((moment for moment in later if moment is not None), None)
    return job.started_at or began if phase == Phase.QUEUE else began


def _seconds(start: datetime | None, end: datetime | None) -> float | None:
    return None if start is None or end is None else max(0.0, (end - start).total_seconds())


def left_in_words(progress: Progress) -> str:
    """Say what is left to wait for: the time, or the place in the queue; nothing when neither is known."""
    if progress.left is not None:
        return _("{time} left").format(time=numbers.duration(progress.left))
    if progress.place is None:
        return ""
    before = progress.place - 1
    if before == 0:
        return _("next in the queue")
    return ngettext("{count} job before it", "{count} jobs before it", before).format(count=before)
