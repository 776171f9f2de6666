"""Every change of a job's state: each is one conditional UPDATE, and 0 rows changed means that someone else won.

pending ──claim──> running ──> succeeded | failed | canceled        (final states are never left)
   ^                  │
   └── release_lost ──┘   the worker fell silent; the next one adopts its container
"""

import logging
import time
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NoReturn

import django_rq
from django.conf import settings
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from redis.exceptions import RedisError

from common.errors import DomainError
from executors import kinds, owners
from executors.models import ExecutorImage, Job, JobAttempt
from projects.models import Project

logger = logging.getLogger(__name__)
EXECUTE = "executors.worker.execute"
MAX_ATTEMPTS = 5
WAIT_POLL_SECONDS = 0.5


class JobFailed(DomainError):
    """Raised to whoever waited for a job that did not succeed; carries the job's own words, and the cause's id."""

    id = "executors.job_failed"
    status = 409
    message = _("{title} (#{job}): {cause}")
    hint = _("{next_step}")

    def __init__(self, *, error_id: str, **values: Any) -> None:
        super().__init__(error_id=error_id, **values)
        self.id = error_id or self.id


class JobNotFound(DomainError):
    """A command named a job that there is not."""

    id = "executors.job_not_found"
    status = 404
    message = _("There is no job {number}.")
    hint = _("`list_jobs` lists the newest ones.")


class JobOver(DomainError):
    """What is asked needs a job that is still under way."""

    id = "executors.job_over"
    status = 409
    message = _("Job {number} is over already.")
    hint = _("Look at its result, or run it again.")


class JobUnderWay(DomainError):
    """What is asked needs a job that has ended."""

    id = "executors.job_under_way"
    status = 409
    message = _("Job {number} is still under way.")
    hint = _("Wait for its end, or stop it first.")


class JobBelongs(DomainError):
    """A job that is part of something larger: run alone, its result would be lost on that."""

    id = "executors.job_belongs"
    status = 409
    message = _("Job {number} is a step of something larger.")
    hint = _("Repeat it where it belongs; its page links there.")


class WorkerLost(DomainError):
    """The job's worker died again and again; running it once more would only repeat that."""

    id = "executors.worker_lost"
    status = 500
    message = _("The worker was lost {count} times.")
    hint = _("Look at the worker's log and the memory of the host, then run the job again.")


class KindGone(DomainError):
    """A job waits for work that no app offers any more: it was submitted by another version of YMIR."""

    id = "executors.kind_gone"
    status = 409
    message = _("This version of YMIR does not know what {kind} is.")
    hint = _("Start the work again from the page that offers it now.")


class FenceLost(Exception):
    """Another worker holds the job now: stop without touching anything of it."""


# --- asking for work -------------------------------------------------------------------------------------------------


def submit(
    *,
    kind: str,
    title: str,
    params: dict[str, Any],
    by: User | None,
    project: Project | None = None,
    image: ExecutorImage | None = None,
    gpu_count: int = 0,
    dedupe_key: str = "",
) -> Job:
    """Record a job and send its id to the workers once the transaction is through.

    An active job with the same `dedupe_key` is returned instead of a second one (double click, two people at once).
    """
    job = Job(
        kind=kinds.get(kind).name,
        title=title,
        params=params,
        created_by=by,
        project=project,
        image=image,
        gpu_count=gpu_count,
        dedupe_key=dedupe_key,
    )
    for is_last_try in (False, True):
        try:
            with transaction.atomic():
                job.save(force_insert=True)
        except IntegrityError:
            active = Job.objects.unfinished().filter(dedupe_key=dedupe_key).exclude(dedupe_key="").first()
            if active is not None:
                return active
            if is_last_try:  # else the one that was in the way has just ended
                raise
        else:
            break
    transaction.on_commit(lambda: send(job))
    return job


def send(job: Job) -> None:
    """Send a job's id to the workers of its kind; when Redis is away the reaper sends it later.

    A job that no worker could do ends here: it would wait for ever.
    """
    if not kinds.is_known(job.kind):
        refuse_unknown(job)
        return
    try:
        queue = django_rq.get_queue(kinds.get(job.kind).queue)
        queue.enqueue(EXECUTE, str(job.pk), job_id=f"{job.pk}-{uuid.uuid4().hex[:8]}", result_ttl=0, failure_ttl=3600)
    except RedisError:
        logger.warning("job %s waits for Redis", job.pk)


def refuse_unknown(job: Job) -> None:
    """End a waiting job whose kind no app registers."""
    error = KindGone(kind=job.kind)
    Job.objects.filter(pk=job.pk, state=Job.State.PENDING).update(
        state=Job.State.FAILED,
        phase=Job.Phase.DONE,
        finished_at=timezone.now(),
        error_id=error.id,
        error_message=error.text(),
        error_hint=error.advice(),
    )
    job.gpus.update(job=None)


def find(number: int) -> Job:
    """Return a job by its number.

    Raises:
        JobNotFound
    """
    job = Job.objects.filter(pk=number).first()
    if job is None:
        raise JobNotFound(number=number)
    return job


def cancel(*, job: Job, mode: Job.Cancel) -> None:
    """Stop a job: at once when it waits and was never begun, else as soon as its worker hears of it.

    Raises:
        JobOver: the job ended before.
    """
    now = timezone.now()
    # one that a worker handed back is past the queue: its container may go on, and is stopped by the next worker
    waiting = Job.objects.filter(pk=job.pk, state=Job.State.PENDING, attempt=0, phase=Job.Phase.QUEUE)
    with transaction.atomic():
        if waiting.update(state=Job.State.CANCELED, cancel=mode, finished_at=now, phase=Job.Phase.DONE):
            job.gpus.update(job=None)
            return
    if not Job.objects.unfinished().filter(pk=job.pk).update(cancel=mode):
        raise JobOver(number=job.pk)


def retry(*, job: Job, by: User | None) -> Job:
    """Submit a job that ended once more, with the same parameters; returns the new job.

    Raises:
        JobUnderWay: the job has not ended.
        JobBelongs: it is repeated elsewhere.
    """
    if job.is_active:
        raise JobUnderWay(number=job.pk)
    if owners.page_of(job):
        raise JobBelongs(number=job.pk)
    return submit(
        kind=job.kind,
        title=job.title,
        params=job.params,
        by=by,
        project=job.project,
        image=job.image,
        gpu_count=job.gpu_count,
        dedupe_key=job.dedupe_key,
    )


def wait(
    job: Job,
    *,
    timeout: float | None = None,
    on_progress: Callable[[Job], None] | None = None,
    accept_kept: bool = False,
) -> Job:
    """Wait until a job is over and return it as it ended; `timeout` in seconds.

    With `accept_kept`, one that was stopped counts as done when something of it was kept.

    Raises:
        JobFailed: the job failed or was stopped.
        TimeoutError: it goes on after `timeout`.
    """
    deadline = None if timeout is None else time.monotonic() + timeout
    while True:
        job = Job.objects.select_related("project").get(pk=job.pk)
        if on_progress is not None:
            on_progress(job)
        if not job.is_active:
            break
        if deadline is not None and time.monotonic() > deadline:
            raise TimeoutError(f"job {job.pk} goes on after {timeout} s")
        time.sleep(WAIT_POLL_SECONDS)
    if job.state != Job.State.SUCCEEDED and not (accept_kept and job.was_kept):
        _raise_failure(job)
    return job


def _raise_failure(job: Job) -> NoReturn:
    cause = job.error_message or str(job.get_state_display())
    raise JobFailed(title=job.title, cause=cause, next_step=job.error_hint, job=job.pk, error_id=job.error_id)


# --- doing it: only the holder of the latest claim may write ---------------------------------------------------------


def claim(*, job_id: int, worker: str) -> Job | None:
    """Take a waiting job for this worker; None when it is not waiting (any more)."""
    now, fence = timezone.now(), uuid.uuid4()
    with transaction.atomic():
        taken = Job.objects.filter(pk=job_id, state=Job.State.PENDING).update(
            state=Job.State.RUNNING, claim=fence, worker=worker, attempt=F("attempt") + 1, heartbeat_at=now, note=""
        )
        if not taken:
            return None
        Job.objects.filter(pk=job_id, started_at=None).update(started_at=now)
        job = Job.objects.select_related("project", "image", "created_by").get(pk=job_id)
        JobAttempt.objects.create(job=job, number=job.attempt, worker=worker, started_at=now)
    return job


def enter_phase(job: Job, phase: Job.Phase) -> None:
    """Move a running job on to a phase; its progress starts again.

    Raises:
        FenceLost
    """
    times = {**job.phase_times, phase.value: timezone.now().isoformat()}
    _write(job, phase=phase, progress=0.0, note="", phase_times=times, heartbeat_at=timezone.now())
    job.phase, job.phase_times, job.progress = phase, times, 0.0


def heartbeat(job: Job, *, progress: float | None = None, note: str | None = None) -> Job.Cancel:
    """Say that the work goes on and how far it is (0..1); return whether a stop was asked for.

    Raises:
        FenceLost
    """
    values: dict[str, Any] = {"heartbeat_at": timezone.now()}
    if progress is not None:
        values["progress"] = min(max(progress, 0.0), 1.0)
    if note is not None:
        values["note"] = note
    _write(job, **values)
    return Job.Cancel(Job.objects.values_list("cancel", flat=True).get(pk=job.pk))


def wait_for_resources(job: Job, *, note: str) -> None:
    """Put a claimed job back into the queue: the attempt does not count, and one that never began did not start.

    Raises:
        FenceLost
    """
    values = {"started_at": None} if job.phase == Job.Phase.QUEUE else {}
    with transaction.atomic():
        JobAttempt.objects.filter(job=job, number=job.attempt).delete()
        _write(job, state=Job.State.PENDING, attempt=F("attempt") - 1, claim=None, worker="", note=note, **values)


def succeed(job: Job, *, result: dict[str, Any]) -> None:
    """End a job well.

    Raises:
        FenceLost
    """
    _finish(job, Job.State.SUCCEEDED, "succeeded", progress=1.0, result=result)


def fail(job: Job, *, error_id: str, message: str, hint: str, result: dict[str, Any] | None = None) -> None:
    """End a job with the cause and the next step in words; `result` is what was kept of it.

    Raises:
        FenceLost
    """
    values = {"error_id": error_id, "error_message": message, "error_hint": hint, "result": result or {}}
    _finish(job, Job.State.FAILED, error_id, **values)


def finish_canceled(job: Job, *, result: dict[str, Any] | None = None) -> None:
    """End a job that people stopped; `result` is what they wanted to keep.

    Raises:
        FenceLost
    """
    _finish(job, Job.State.CANCELED, "canceled", result=result or {})


def note_attempt(job: Job, *, adopted: bool | None = None, facts: dict[str, Any] | None = None) -> None:
    """Add to the record of the attempt under way what the runner saw."""
    values: dict[str, Any] = {}
    if adopted is not None:
        values["adopted"] = adopted
    if facts is not None:
        values["facts"] = facts
    JobAttempt.objects.filter(job=job, number=job.attempt).update(**values)


def _finish(job: Job, state: Job.State, outcome: str, **values: Any) -> None:
    now = timezone.now()
    with transaction.atomic():
        times = {**job.phase_times, Job.Phase.DONE.value: now.isoformat()}
        _write(job, state=state, phase=Job.Phase.DONE, finished_at=now, note="", phase_times=times, **values)
        JobAttempt.objects.filter(job=job, number=job.attempt).update(finished_at=now, outcome=outcome)
        job.gpus.update(job=None)
    job.state = state


def _write(job: Job, **values: Any) -> None:
    if not Job.objects.filter(pk=job.pk, state=Job.State.RUNNING, claim=job.claim).update(**values):
        raise FenceLost


# --- what the reaper asks --------------------------------------------------------------------------------------------


def lost(now: datetime) -> list[Job]:
    """Return the running jobs whose worker has fallen silent."""
    silent_since = now - timedelta(seconds=settings.YMIR_HEARTBEAT_TIMEOUT)
    return list(Job.objects.filter(state=Job.State.RUNNING, heartbeat_at__lt=silent_since).select_related("image"))


def release_lost(job: Job) -> bool:
    """Put a silent worker's job back into the queue, or end it when that happened too often.

    Returns whether this call changed the job. The container, if there is one, goes on: the next worker adopts it.
    """
    mine = Job.objects.filter(pk=job.pk, state=Job.State.RUNNING, claim=job.claim, heartbeat_at=job.heartbeat_at)
    now = timezone.now()
    with transaction.atomic():
        if job.attempt >= MAX_ATTEMPTS:
            error = WorkerLost(count=job.attempt)
            changed = mine.update(
                state=Job.State.FAILED,
                phase=Job.Phase.DONE,
                claim=None,
                finished_at=now,
                error_id=error.id,
                error_message=error.text(),
                error_hint=error.advice(),
            )
        else:
            changed = mine.update(state=Job.State.PENDING, claim=None)
        if changed:
            attempts = JobAttempt.objects.filter(job=job, number=job.attempt)
            attempts.update(finished_at=now, outcome=WorkerLost.id)
        if changed and job.attempt >= MAX_ATTEMPTS:  # else its container may still use them
            job.gpus.update(job=None)
    return bool(changed)


def waiting(now: datetime, *, older_than: float = 0.0) -> list[Job]:
    """Return the jobs in the queue that were made at least `older_than` seconds ago, oldest first."""
    made_before = now - timedelta(seconds=older_than)
    return list(
        Job.objects.filter(Q(state=Job.State.PENDING), created_at__lte=made_before).order_by("created_at", "pk")
    )


# --- reading ---------------------------------------------------------------------------------------------------------


def folder(job: Job) -> Path:
    """Return the job's own folder in the data root: `in`, `out` and `run.log` lie there."""
    return Path(settings.YMIR_DATA_ROOT) / "jobs" / str(job.pk)


def place_in_queue(job: Job) -> int:
    """Return how many jobs of the same queue wait before this one, plus one."""
    names = [kind.name for kind in kinds.all_kinds() if kind.queue == kinds.get(job.kind).queue]
    before = Job.objects.filter(state=Job.State.PENDING, kind__in=names, created_at__lt=job.created_at)
    return before.count() + 1


def seconds_left(job: Job, now: datetime) -> float | None:
    """Estimate the seconds until the current phase ends, from the time and share done of it; None when unknown."""
    began = job.phase_times.get(job.phase)
    if job.state != Job.State.RUNNING or began is None or not 0.02 < job.progress < 1:  # noqa: PLR2004 # too early to tell
        return None
    elapsed = (now - datetime.fromisoformat(began)).total_seconds()
    return elapsed * (1 - job.progress) / job.progress
