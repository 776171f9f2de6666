"""The state machine: every transition tried from every state."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from executors.models import Gpu, Job
from executors.services import jobs
from executors.tests import builders
from projects.models import Project

pytestmark = pytest.mark.django_db
State = Job.State
WRITES: dict[str, Callable[[Job], Any]] = {
    "heartbeat": jobs.heartbeat,
    "enter_phase": lambda job: jobs.enter_phase(job, Job.Phase.COLLECT),
    "wait_for_resources": lambda job: jobs.wait_for_resources(job, note="later"),
    "succeed": lambda job: jobs.succeed(job, result={"id": 1}),
    "fail": lambda job: jobs.fail(job, error_id="x.y", message="m", hint="h"),
    "finish_canceled": jobs.finish_canceled,
}
AFTER = {
    "heartbeat": State.RUNNING,
    "enter_phase": State.RUNNING,
    "wait_for_resources": State.PENDING,
    "succeed": State.SUCCEEDED,
    "fail": State.FAILED,
    "finish_canceled": State.CANCELED,
}


def claimed() -> Job:
    job = jobs.claim(job_id=builders.job(None).pk, worker="bench:1")
    assert job is not None
    return job


def state_of(job: Job) -> str:
    return Job.objects.get(pk=job.pk).state


@pytest.mark.parametrize("name", WRITES)
def test_the_holder_of_the_claim_may_write(name: str) -> None:
    job = claimed()
    WRITES[name](job)
    assert state_of(job) == AFTER[name]


@pytest.mark.parametrize("state", [state for state in State if state != State.RUNNING])
@pytest.mark.parametrize("name", WRITES)
def test_nobody_may_write_a_job_that_does_not_run(name: str, state: State) -> None:
    job = claimed()
    Job.objects.filter(pk=job.pk).update(state=state)
    with pytest.raises(jobs.FenceLost):
        WRITES[name](job)
    assert state_of(job) == state


@pytest.mark.parametrize("name", WRITES)
def test_the_holder_of_an_older_claim_may_not_write(name: str) -> None:
    old = claimed()
    assert jobs.release_lost(Job.objects.get(pk=old.pk))
    new = jobs.claim(job_id=old.pk, worker="bench:2")
    assert new is not None
    with pytest.raises(jobs.FenceLost):
        WRITES[name](old)
    assert Job.objects.get(pk=old.pk).worker == "bench:2"


@pytest.mark.parametrize("state", [state for state in State if state != State.PENDING])
def test_only_waiting_jobs_are_claimed(state: State) -> None:
    job = builders.job(None, state=state)
    assert jobs.claim(job_id=job.pk, worker="bench:1") is None
    assert state_of(job) == state


@pytest.mark.parametrize("state", sorted(Job.FINAL))
def test_jobs_that_are_over_are_not_stopped(state: State) -> None:
    job = builders.job(None, state=state)
    with pytest.raises(jobs.JobOver):
        jobs.cancel(job=job, mode=Job.Cancel.KEEP)
    assert state_of(job) == state


def test_a_stop_reaches_the_worker_with_its_next_heartbeat() -> None:
    job = claimed()
    assert jobs.heartbeat(job) == Job.Cancel.NONE
    jobs.cancel(job=job, mode=Job.Cancel.KEEP)
    assert state_of(job) == State.RUNNING
    assert jobs.heartbeat(job) == Job.Cancel.KEEP


def test_silent_jobs_are_lost_and_lively_ones_not() -> None:
    job = claimed()
    now = timezone.now()
    assert jobs.lost(now) == []
    assert jobs.lost(now + timedelta(minutes=5)) == [job]


def test_a_job_that_beat_meanwhile_is_not_released() -> None:
    seen = claimed()
    jobs.heartbeat(seen)
    assert not jobs.release_lost(seen)
    assert state_of(seen) == State.RUNNING


def test_one_active_job_for_a_key_even_past_the_service(project: Project) -> None:
    builders.job(project, dedupe_key="k")
    with pytest.raises(IntegrityError), transaction.atomic():
        builders.job(project, dedupe_key="k")
    builders.job(project, dedupe_key="k", state=State.SUCCEEDED)


def test_a_job_that_ended_is_run_again_as_a_new_one(django_capture_on_commit_callbacks: Any) -> None:
    over = builders.job(None, state=State.FAILED, params={"a": 1})
    again = jobs.retry(job=over, by=None)
    assert (again.params, again.state) == ({"a": 1}, State.PENDING)
    with pytest.raises(jobs.JobUnderWay):
        jobs.retry(job=again, by=None)


def test_waiting_for_a_job_tells_how_it_ended() -> None:
    assert jobs.wait(builders.job(None, state=State.SUCCEEDED)).state == State.SUCCEEDED
    with pytest.raises(jobs.JobFailed) as caught:
        jobs.wait(builders.job(None, state=State.FAILED, error_message="It broke.", error_id="x.y"))
    assert "It broke." in caught.value.text()
    assert caught.value.id == "x.y"
    with pytest.raises(jobs.JobFailed) as caught:
        jobs.wait(builders.job(None, state=State.CANCELED))
    assert caught.value.id == "executors.job_failed"
    with pytest.raises(TimeoutError):
        jobs.wait(builders.job(None), timeout=0)


def test_a_job_that_was_stopped_and_kept_counts_as_done_for_those_who_take_it() -> None:
    kept = builders.job(None, state=State.CANCELED, result={"type": "model_version", "id": 3})
    assert jobs.wait(kept, accept_kept=True).was_kept
    with pytest.raises(jobs.JobFailed):
        jobs.wait(kept)
    with pytest.raises(jobs.JobFailed) as caught:
        jobs.wait(builders.job(None, state=State.CANCELED), accept_kept=True)
    assert f"#{caught.value.values['job']}" in caught.value.text()


def test_the_place_in_the_queue_counts_those_before() -> None:
    first, second = builders.job(None), builders.job(None)
    assert (jobs.place_in_queue(first), jobs.place_in_queue(second)) == (1, 2)


def test_a_job_that_was_handed_back_is_stopped_by_its_next_worker() -> None:
    job = claimed()
    jobs.enter_phase(job, Job.Phase.EXECUTE)
    jobs.wait_for_resources(job, note="waits for a worker")
    jobs.cancel(job=job, mode=Job.Cancel.KEEP)
    job.refresh_from_db()
    assert (job.state, job.cancel) == (State.PENDING, Job.Cancel.KEEP)


def test_a_waiting_job_that_is_stopped_gives_its_gpus_back() -> None:
    job = builders.job(None)
    gpu = Gpu.objects.create(host="bench", index=0, job=job)
    jobs.cancel(job=job, mode=Job.Cancel.DISCARD)
    gpu.refresh_from_db()
    assert (state_of(job), gpu.job) == (State.CANCELED, None)
