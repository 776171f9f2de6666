"""Real workers over a real Redis: ids are sent, forgotten and sent again; a dead child's job is handed on at once."""

import os
import signal
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import django_rq
import pytest
from django.core.management import call_command
from django.utils import timezone
from pytest_django import Settings

from executors import reaper
from executors.models import ExecutorImage, Job
from executors.runners.process import ProcessRunner
from executors.services import jobs, running
from executors.tests import tiny_kind, waiting
from executors.tests.tiny_kind import WorkerProcess

pytestmark = pytest.mark.django_db(transaction=True)
LONG = "echo x >> OUT/starts; touch OUT/up; while [ ! -e OUT/go ]; do sleep 0.05; done; echo made > OUT/result.txt"


@pytest.fixture(autouse=True)
def empty_queues() -> None:
    django_rq.get_connection("executor").flushdb()


@pytest.fixture
def image(settings: Settings, tiny_folder: Path) -> ExecutorImage:
    settings.YMIR_IMAGES_DIR = tiny_folder
    settings.YMIR_HOST = "bench"
    settings.YMIR_RUNNER = "process"
    settings.YMIR_GPUS = "0"
    return ExecutorImage.objects.create(
        reference="tiny", runner="process", name="Tiny", state=ExecutorImage.State.READY
    )


@pytest.fixture
def worker(image: ExecutorImage) -> Iterator[WorkerProcess]:
    started = WorkerProcess.serve()
    yield started
    started.end()


def fresh(job: Job) -> Job:
    return Job.objects.get(pk=job.pk)


def is_over(job: Job) -> bool:
    return not fresh(job).is_active


def go(job: Job) -> None:
    (jobs.folder(job) / "out" / "go").touch()


def test_a_submitted_job_is_run_by_a_worker(image: ExecutorImage, worker: WorkerProcess) -> None:
    job = tiny_kind.submit(image)
    waiting.until(lambda: is_over(job))
    assert fresh(job).state == Job.State.SUCCEEDED


def test_a_worker_in_a_burst_ends_with_the_queue(image: ExecutorImage) -> None:
    job = tiny_kind.submit(image)
    call_command("executor_worker", burst=True)
    assert fresh(job).state == Job.State.SUCCEEDED


def test_the_job_of_a_killed_child_goes_on_at_once_in_the_next(image: ExecutorImage, worker: WorkerProcess) -> None:
    job = tiny_kind.submit(image, LONG)
    waiting.until(lambda: tiny_kind.made(job, "up"))
    os.kill(int(fresh(job).worker.rpartition(":")[2]), signal.SIGKILL)
    waiting.until(lambda: job.attempts.filter(adopted=True).exists())
    go(job)
    waiting.until(lambda: is_over(job))
    assert fresh(job).state == Job.State.SUCCEEDED
    assert (jobs.folder(job) / "out" / "starts").read_text() == "x\n"


def test_a_worker_that_is_told_to_end_leaves_nothing_running(image: ExecutorImage, worker: WorkerProcess) -> None:
    job = tiny_kind.submit(image, LONG)
    waiting.until(lambda: tiny_kind.made(job, "up"))
    worker.terminate()
    assert (fresh(job).state, fresh(job).attempt) == (Job.State.PENDING, 0)
    runner = running.runner("process")
    assert isinstance(runner, ProcessRunner)
    assert runner.list_owned() == []
    go(job)
    call_command("executor_worker", burst=True)
    assert fresh(job).state == Job.State.SUCCEEDED


def test_what_redis_forgot_is_sent_again_and_only_that(image: ExecutorImage) -> None:
    queue = django_rq.get_queue("executor")
    job = tiny_kind.submit(image)
    later = timezone.now() + timedelta(seconds=30)
    assert reaper.reap(now=later, runners=[]).sent == []
    queue.connection.flushdb()
    assert reaper.reap(now=later, runners=[]).sent == [job.pk]
    assert reaper.reap(now=later, runners=[]).sent == []
    call_command("executor_worker", burst=True)
    assert fresh(job).state == Job.State.SUCCEEDED
    assert not reaper.reap(now=later, runners=[])


def test_a_job_is_kept_while_redis_is_away(image: ExecutorImage, settings: Settings) -> None:
    settings.RQ_QUEUES = {name: {"URL": "redis://127.0.0.1:1/0"} for name in settings.RQ_QUEUES}
    job = tiny_kind.submit(image)
    assert fresh(job).state == Job.State.PENDING


def test_an_id_that_arrives_twice_runs_once(image: ExecutorImage) -> None:
    job = tiny_kind.submit(image, "echo x >> OUT/starts; echo made > OUT/result.txt")
    jobs.send(job)
    call_command("executor_worker", burst=True)
    assert (jobs.folder(job) / "out" / "starts").read_text() == "x\n"
    assert fresh(job).attempt == 1
