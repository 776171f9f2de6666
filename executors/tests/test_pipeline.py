"""Jobs through the real pipeline: how they end, and what becomes of them when a worker dies at any instant."""

import os
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import django_rq
import docker
import pytest
from django.db import connection
from django.utils import timezone
from pytest_django import Settings

from executors import kinds, pipeline, reaper
from executors.contract import metrics
from executors.models import ExecutorImage, Gpu, Job
from executors.pages import progress
from executors.runners.base import RunState
from executors.services import gpus, jobs, orphans, running
from executors.services.heartbeats import Heart
from executors.tests import people, tiny_kind, waiting
from executors.tests.tiny_kind import WorkerProcess
from projects.models import Project

pytestmark = pytest.mark.django_db(transaction=True)
LONG = "touch OUT/up; while [ ! -e OUT/go ]; do sleep 0.05; done; echo made > OUT/result.txt"


@pytest.fixture(autouse=True)
def host(settings: Settings, tiny_folder: Path) -> None:
    settings.YMIR_IMAGES_DIR = tiny_folder
    settings.YMIR_HOST = "bench"
    settings.YMIR_RUNNER = "process"
    settings.YMIR_GPUS = "0"


@pytest.fixture
def process_image(host: None) -> ExecutorImage:
    return ExecutorImage.objects.create(
        reference="tiny", runner="process", name="Tiny", state=ExecutorImage.State.READY
    )


@pytest.fixture
def docker_image(host: None, tiny_image: str, settings: Settings) -> ExecutorImage:
    settings.YMIR_RUNNER = "docker"
    return ExecutorImage.objects.create(reference=tiny_image, name="Tiny", state=ExecutorImage.State.READY)


@pytest.fixture(params=["process", pytest.param("docker", marks=pytest.mark.docker)])
def image(request: pytest.FixtureRequest) -> ExecutorImage:
    return request.getfixturevalue(f"{request.param}_image")


def run(job: Job) -> Job:
    pipeline.run(job.pk, worker="bench:1")
    return fresh(job)


def fresh(job: Job) -> Job:
    return Job.objects.select_related("image").get(pk=job.pk)


def lose_worker(job: Job) -> reaper.Reaped:
    """Reap as if the heartbeat had been silent for long."""
    now = timezone.now() + timedelta(minutes=5)
    return reaper.reap(now=now, runners=[running.runner(fresh(job).image.runner)])


def owned(image: ExecutorImage) -> list[str]:
    return [run.name for run in running.runner(image.runner).list_owned()]


# --- how a job ends -------------------------------------------------------------------------------------------------


def test_a_job_runs_through_its_phases(image: ExecutorImage) -> None:
    job = run(tiny_kind.submit(image, "echo hello; echo made > OUT/result.txt"))
    assert (job.state, job.phase, job.progress) == (Job.State.SUCCEEDED, Job.Phase.DONE, 1.0)
    assert job.result == {"type": "text", "text": "made\n", "partial": False}
    assert sorted(job.phase_times, key=job.phase_times.get) == ["prepare", "execute", "collect", "done"]
    assert (jobs.folder(job) / "run.log").read_text() == "hello\n"
    assert not (jobs.folder(job) / "in" / "assets").exists()
    attempt = job.attempts.get()
    assert (attempt.number, attempt.adopted, attempt.outcome) == (1, False, "succeeded")
    assert attempt.facts["exit_code"] == 0
    assert owned(image) == []


def test_a_job_without_a_container() -> None:
    job = run(tiny_kind.submit(None))
    assert (job.state, job.result["text"]) == (Job.State.SUCCEEDED, "done")


def test_a_program_that_fails_is_quoted_and_what_it_saved_is_kept(image: ExecutorImage) -> None:
    job = run(tiny_kind.submit(image, "echo made > OUT/result.txt; echo it hurts; exit 3"))
    assert (job.state, job.error_id) == (Job.State.FAILED, "executors.run_failed")
    assert "exit code 3" in job.error_message
    assert "it hurts" in job.error_message
    assert job.error_hint
    assert job.result == {"type": "text", "text": "made\n", "partial": True}
    assert owned(image) == []


def test_a_program_that_fails_with_nothing_to_keep(process_image: ExecutorImage) -> None:
    job = run(tiny_kind.submit(process_image, "exit 1"))
    assert (job.error_id, job.result) == ("executors.run_failed", {})


@pytest.mark.parametrize(
    ("code", "error_id"),
    [
        (300103, "executors.out_of_memory"),
        (300102, "executors.gpu_unusable"),
        (300201, "executors.diverged"),
        (300001, "executors.run_failed"),
    ],
)
def test_the_executors_own_error_code_counts(process_image: ExecutorImage, code: int, error_id: str) -> None:
    script = f"printf 't1\\t1\\t1\\t4\\t{code}\\nits own words\\n' > OUT/monitor.txt; exit 1"
    job = run(tiny_kind.submit(process_image, script))
    assert job.error_id == error_id
    assert "its own words" in job.error_message


def test_the_time_limit(image: ExecutorImage) -> None:
    job = run(tiny_kind.submit(image, "sleep 600", time_limit=0.5))
    assert job.error_id == "executors.time_limit"


def test_a_run_that_fills_the_disk_is_stopped_and_what_it_saved_is_kept(
    image: ExecutorImage, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.YMIR_JOB_OUT_MAX_MB = 2
    monkeypatch.setattr(pipeline, "MEASURE_SECONDS", 0.0)
    script = (
        "echo made > OUT/result.txt; echo '{}' > OUT/metrics.jsonl; mkdir OUT/junk;"
        "dd if=/dev/zero of=OUT/junk/much bs=1048576 count=4; sleep 600"
    )
    job = run(tiny_kind.submit(image, script))
    assert (job.state, job.error_id) == (Job.State.FAILED, "executors.too_much_output")
    assert "2 MB" in job.error_message
    assert job.result == {"type": "text", "text": "made\n", "partial": True}
    assert [path.name for path in (jobs.folder(job) / "out").iterdir()] == ["metrics.jsonl"]
    assert owned(image) == []


def test_a_run_that_ends_before_anybody_looks_may_not_have_filled_the_disk_either(
    image: ExecutorImage, settings: Settings
) -> None:
    settings.YMIR_JOB_OUT_MAX_MB = 2
    job = run(tiny_kind.submit(image, "echo made > OUT/result.txt; dd if=/dev/zero of=OUT/much bs=1048576 count=4"))
    assert job.error_id == "executors.too_much_output"
    assert job.result["partial"] is True
    assert list((jobs.folder(job) / "out").iterdir()) == []


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become someone else")
def test_folders_that_are_shut_while_it_runs_are_mentioned_once(
    process_image: ExecutorImage, data_root: Path, caplog: pytest.LogCaptureFixture
) -> None:
    job = tiny_kind.submit(process_image)
    run_of_it = pipeline._Run(job, kinds.get(job.kind), Heart(job))
    run_of_it.work.create()
    people.open_way(data_root)
    people.give(data_root)
    os.chown(run_of_it.work.out_dir / "models", 0, 0)
    (run_of_it.work.out_dir / "models").chmod(0o700)
    with people.someone_else():
        run_of_it._refuse_too_much()
        run_of_it._refuse_too_much()
    assert caplog.text.count("shut folders in its output (1)") == 1


@pytest.mark.parametrize("image_kind", ["process", pytest.param("docker", marks=pytest.mark.docker)])
def test_only_in_a_container_are_more_rights_to_be_had(request: pytest.FixtureRequest, image_kind: str) -> None:
    image = request.getfixturevalue(f"{image_kind}_image")
    job = run(tiny_kind.submit(image, "echo '/usr/x: Permission denied'; exit 1"))
    assert job.error_id == {"process": "executors.run_failed", "docker": "executors.rights_needed"}[image_kind]
    assert "/usr/x" in job.error_message


def test_a_result_that_cannot_be_used_fails_the_job(process_image: ExecutorImage) -> None:
    job = run(tiny_kind.submit(process_image, "true"))
    assert (job.state, job.error_id) == (Job.State.FAILED, "executors_tests.nothing_made")


def test_a_job_of_a_kind_that_is_gone_fails_and_holds_nobody_up(process_image: ExecutorImage) -> None:
    gone, job = tiny_kind.submit(process_image), tiny_kind.submit(process_image)
    Job.objects.filter(pk=gone.pk).update(kind="gone.kind")
    django_rq.get_connection("executor").flushdb()
    reaped = reaper.reap(now=timezone.now() + timedelta(minutes=5), runners=[])
    assert job.pk in reaped.sent
    assert (fresh(gone).state, fresh(gone).error_id) == (Job.State.FAILED, "executors.kind_gone")
    Job.objects.filter(pk=job.pk).update(kind="gone.kind")
    assert run(job).error_id == "executors.kind_gone"


def test_a_bug_of_ours_gets_an_incident_number(process_image: ExecutorImage, caplog: pytest.LogCaptureFixture) -> None:
    job = run(tiny_kind.submit(process_image, breaks=True))
    assert job.error_id == "executors.internal_error"
    incident = job.error_message.partition("incident ")[2].partition(")")[0]
    assert incident in caplog.text


def test_an_image_that_is_gone(process_image: ExecutorImage) -> None:
    ExecutorImage.objects.update(reference="gone")
    job = run(tiny_kind.submit(process_image))
    assert job.error_id == "executors.image_missing"


def test_progress_is_that_of_the_monitor_file(process_image: ExecutorImage) -> None:
    job = tiny_kind.submit(process_image, "printf 't1\\t1\\t0.25\\t2\\n' > OUT/monitor.txt; " + LONG)
    worker = WorkerProcess.start(job)
    waiting.until(lambda: fresh(job).progress == 0.25)
    (jobs.folder(job) / "out" / "go").touch()
    worker.wait()
    assert fresh(job).state == Job.State.SUCCEEDED


# --- stopping -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mode", "kept"), [(Job.Cancel.KEEP, {"type": "text", "text": "half\n", "partial": True}), (Job.Cancel.DISCARD, {})]
)
def test_a_running_job_is_stopped(image: ExecutorImage, mode: Job.Cancel, kept: dict[str, Any]) -> None:
    job = tiny_kind.submit(image, "echo half > OUT/result.txt; touch OUT/up; sleep 600")
    worker = WorkerProcess.start(job)
    waiting.until(lambda: tiny_kind.made(job, "up"))
    jobs.cancel(job=job, mode=mode)
    worker.wait()
    assert (fresh(job).state, fresh(job).result) == (Job.State.CANCELED, kept)
    assert owned(image) == []


@pytest.mark.parametrize("mode", [Job.Cancel.KEEP, Job.Cancel.DISCARD])
def test_a_stopped_job_shows_how_far_it_had_come(process_image: ExecutorImage, mode: Job.Cancel) -> None:
    script = "echo half > OUT/result.txt; printf 't1\\t1\\t0.25\\t2\\n' > OUT/monitor.txt; sleep 600"
    job = tiny_kind.submit(process_image, script)
    worker = WorkerProcess.start(job)
    waiting.until(lambda: fresh(job).progress == 0.25)
    jobs.cancel(job=job, mode=mode)
    worker.wait()
    assert (fresh(job).state, fresh(job).progress) == (Job.State.CANCELED, 0.25)
    shown = progress.of(fresh(job), metrics.Metrics(), timezone.now())
    assert shown.share == 0.25
    assert [phase["fraction"] for phase in shown.phases if phase["name"] == "Tiny"] == [0.25]


def test_work_without_a_container_is_stopped() -> None:
    job = tiny_kind.submit(None, forever=True)
    worker = WorkerProcess.start(job)
    waiting.until(lambda: tiny_kind.in_phase(job, Job.Phase.COLLECT))
    jobs.cancel(job=job, mode=Job.Cancel.DISCARD)
    worker.wait()
    assert fresh(job).state == Job.State.CANCELED


def test_a_waiting_job_is_stopped_at_once(process_image: ExecutorImage) -> None:
    job = tiny_kind.submit(process_image)
    jobs.cancel(job=job, mode=Job.Cancel.DISCARD)
    assert run(job).state == Job.State.CANCELED
    assert not jobs.folder(job).exists()


def test_a_stop_asked_for_while_no_worker_had_the_job_is_heard_by_the_next(image: ExecutorImage) -> None:
    job = tiny_kind.submit(image, "echo half > OUT/result.txt; touch OUT/up; sleep 600")
    worker = WorkerProcess.start(job)
    waiting.until(lambda: tiny_kind.made(job, "up"))
    worker.kill()
    lose_worker(job)
    jobs.cancel(job=job, mode=Job.Cancel.KEEP)
    job = run(job)
    assert (job.state, job.result["text"]) == (Job.State.CANCELED, "half\n")
    assert owned(image) == []


# --- a worker dies --------------------------------------------------------------------------------------------------


def test_killed_while_preparing_the_job_is_prepared_again(image: ExecutorImage) -> None:
    job = tiny_kind.submit(image, gates=["prepare"])
    worker = WorkerProcess.start(job)
    waiting.until(lambda: tiny_kind.at_gate(job, "prepare"))
    worker.kill()
    assert lose_worker(job).released == [job.pk]
    tiny_kind.open_gate(job, "prepare")
    job = run(job)
    assert job.state == Job.State.SUCCEEDED
    assert [attempt.outcome for attempt in job.attempts.all()] == ["executors.worker_lost", "succeeded"]


def test_killed_while_it_runs_the_run_is_adopted(image: ExecutorImage) -> None:
    job = tiny_kind.submit(image, "echo x >> OUT/starts; " + LONG)
    worker = WorkerProcess.start(job)
    waiting.until(lambda: tiny_kind.made(job, "up"))
    worker.kill()
    assert lose_worker(job).removed == []
    (jobs.folder(job) / "out" / "go").touch()
    job = run(job)
    assert job.state == Job.State.SUCCEEDED
    assert (jobs.folder(job) / "out" / "starts").read_text() == "x\n"
    assert [attempt.adopted for attempt in job.attempts.all()] == [False, True]
    assert owned(image) == []


def test_what_a_run_made_of_its_folders_is_left_to_it_when_it_is_adopted(image: ExecutorImage) -> None:
    job = tiny_kind.submit(image, "cd OUT; rmdir tensorboard; mkdir runs; ln -s runs tensorboard; " + LONG)
    worker = WorkerProcess.start(job)
    waiting.until(lambda: tiny_kind.made(job, "up"))
    worker.kill()
    lose_worker(job)
    (jobs.folder(job) / "out" / "go").touch()
    assert run(job).state == Job.State.SUCCEEDED
    assert (jobs.folder(job) / "out" / "tensorboard").is_symlink()


def test_killed_while_it_runs_a_run_that_ended_meanwhile_is_collected(image: ExecutorImage) -> None:
    job = tiny_kind.submit(image, "echo x >> OUT/starts; " + LONG)
    worker = WorkerProcess.start(job)
    waiting.until(lambda: tiny_kind.made(job, "up"))
    worker.kill()
    (jobs.folder(job) / "out" / "go").touch()
    runner = running.runner(image.runner)
    waiting.until(lambda: runner.poll(running.run_name(job)).state is RunState.EXITED)
    lose_worker(job)
    job = run(job)
    assert job.state == Job.State.SUCCEEDED
    assert (jobs.folder(job) / "out" / "starts").read_text() == "x\n"


def test_killed_while_collecting_the_result_is_collected_again(image: ExecutorImage) -> None:
    job = tiny_kind.submit(image, "echo x >> OUT/starts; echo made > OUT/result.txt", gates=["collect"])
    worker = WorkerProcess.start(job)
    waiting.until(lambda: tiny_kind.at_gate(job, "collect"))
    worker.kill()
    lose_worker(job)
    tiny_kind.open_gate(job, "collect")
    job = run(job)
    assert job.state == Job.State.SUCCEEDED
    assert (jobs.folder(job) / "out" / "starts").read_text() == "x\n"


def test_a_job_whose_worker_dies_again_and_again_fails_and_its_run_is_removed(image: ExecutorImage) -> None:
    job = tiny_kind.submit(image, LONG)
    Job.objects.filter(pk=job.pk).update(attempt=jobs.MAX_ATTEMPTS - 1)
    worker = WorkerProcess.start(job)
    waiting.until(lambda: tiny_kind.made(job, "up"))
    worker.kill()
    reaped = lose_worker(job)
    assert (fresh(job).state, fresh(job).error_id) == (Job.State.FAILED, "executors.worker_lost")
    assert reaped.removed == [running.run_name(job)]
    assert owned(image) == []


def test_a_worker_that_comes_back_too_late_changes_nothing(process_image: ExecutorImage) -> None:
    job = tiny_kind.submit(process_image, gates=["collect"])
    slow = WorkerProcess.start(job)
    waiting.until(lambda: tiny_kind.at_gate(job, "collect"))
    released = fresh(job)
    assert jobs.release_lost(released)
    claimed = jobs.claim(job_id=job.pk, worker="bench:2")
    assert claimed is not None
    tiny_kind.open_gate(job, "collect")
    slow.wait()
    assert (fresh(job).state, fresh(job).worker) == (Job.State.RUNNING, "bench:2")
    jobs.succeed(claimed, result={})


def test_a_worker_that_must_end_hands_its_job_back(image: ExecutorImage) -> None:
    job = tiny_kind.submit(image, LONG)
    worker = WorkerProcess.start(job)
    waiting.until(lambda: tiny_kind.made(job, "up"))
    worker.terminate()
    assert (fresh(job).state, fresh(job).attempt) == (Job.State.PENDING, 0)
    # A container goes on; nothing of a process stays behind.
    assert bool(owned(image)) == (image.runner == "docker")
    (jobs.folder(job) / "out" / "go").touch()
    assert run(job).state == Job.State.SUCCEEDED


def test_a_worker_that_must_end_while_it_collects_leaves_the_run_to_be_collected(image: ExecutorImage) -> None:
    job = tiny_kind.submit(image, "echo x >> OUT/starts; echo made > OUT/result.txt", gates=["collect"])
    worker = WorkerProcess.start(job)
    waiting.until(lambda: tiny_kind.at_gate(job, "collect"))
    worker.terminate()
    assert fresh(job).state == Job.State.PENDING
    tiny_kind.open_gate(job, "collect")
    assert run(job).state == Job.State.SUCCEEDED
    assert (jobs.folder(job) / "out" / "starts").read_text() == "x\n"


@pytest.mark.docker
def test_an_engine_that_starts_is_waited_for_when_a_run_may_go_on(
    docker_image: ExecutorImage, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    settings.YMIR_POLL_SECONDS = 0.05
    job = tiny_kind.submit(docker_image, LONG)
    worker = WorkerProcess.start(job)
    waiting.until(lambda: tiny_kind.made(job, "up"))
    worker.kill()
    lose_worker(job)
    (jobs.folder(job) / "out" / "go").touch()
    monkeypatch.setenv("DOCKER_HOST", "unix:///nothing.sock")
    away = threading.Timer(0.5, lambda: monkeypatch.delenv("DOCKER_HOST"))
    away.start()
    assert run(job).state == Job.State.SUCCEEDED
    assert [attempt.adopted for attempt in job.attempts.all()] == [False, True]


def test_two_workers_race_for_one_job(process_image: ExecutorImage) -> None:
    job = tiny_kind.submit(process_image)
    start, won = threading.Barrier(4), []

    def race(number: int) -> None:
        start.wait()
        if jobs.claim(job_id=job.pk, worker=f"bench:{number}") is not None:
            won.append(number)
        connection.close()

    threads = [threading.Thread(target=race, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == 1
    assert fresh(job).worker == f"bench:{won[0]}"


def test_submitting_twice_returns_the_first_job(process_image: ExecutorImage) -> None:
    first = tiny_kind.submit(process_image, dedupe_key="once")
    assert tiny_kind.submit(process_image, dedupe_key="once").pk == first.pk
    run(first)
    assert tiny_kind.submit(process_image, dedupe_key="once").pk != first.pk


# --- containers -----------------------------------------------------------------------------------------------------


@pytest.mark.docker
@pytest.mark.parametrize(
    ("deed", "error_ids"),
    [
        (lambda container: container.kill(), {"executors.run_killed"}),
        # Removing kills first; which of the two is seen is a matter of luck.
        (lambda container: container.remove(force=True), {"executors.run_vanished", "executors.run_killed"}),
    ],
)
def test_a_container_that_someone_ends(
    docker_image: ExecutorImage,
    docker_engine: docker.DockerClient,
    deed: Callable[[Any], None],
    error_ids: set[str],
) -> None:
    job = tiny_kind.submit(docker_image, LONG)
    worker = WorkerProcess.start(job)
    waiting.until(lambda: tiny_kind.made(job, "up"))
    deed(docker_engine.containers.get(running.run_name(job)))
    worker.wait()
    assert fresh(job).state == Job.State.FAILED
    assert fresh(job).error_id in error_ids
    assert owned(docker_image) == []


@pytest.mark.docker
def test_runs_that_nobody_waits_for_are_swept_and_others_left(docker_image: ExecutorImage) -> None:
    runner = running.runner("docker")
    waits, over = tiny_kind.submit(docker_image), tiny_kind.submit(docker_image)
    for job in (waits, over):
        spec = pipeline.RunSpec(running.run_name(job), docker_image.reference, jobs.folder(job), str(job.pk))
        running.work_dir(job).create()
        runner.start(pipeline.replace(spec, command=("sleep", "600")))
    Job.objects.filter(pk=over.pk).update(state=Job.State.FAILED)
    assert orphans.sweep([runner]) == [running.run_name(over)]
    Job.objects.filter(pk=waits.pk).update(state=Job.State.RUNNING, worker="bench:7")
    assert orphans.sweep([runner]) == []
    Job.objects.filter(pk=waits.pk).update(worker="elsewhere:7", heartbeat_at=timezone.now() - timedelta(hours=1))
    assert orphans.sweep([runner]) == []
    Job.objects.filter(pk=waits.pk).update(heartbeat_at=timezone.now())
    assert orphans.sweep([runner]) == [running.run_name(waits)]


def test_without_an_engine_the_job_says_so(process_image: ExecutorImage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "unix:///nothing.sock")
    ExecutorImage.objects.update(runner="docker")
    assert run(tiny_kind.submit(process_image)).error_id == "executors.engine_unavailable"


# --- GPUs -----------------------------------------------------------------------------------------------------------


def test_gpus_are_leased_while_a_job_runs(process_image: ExecutorImage) -> None:
    gpus.register([gpus.Found(0, "H", 80_000), gpus.Found(1, "H", 80_000)])
    script = "echo $CUDA_VISIBLE_DEVICES > OUT/result.txt"
    assert run(tiny_kind.submit(process_image, script, gpu_count=2)).result["text"] == "0,1\n"
    assert not Gpu.objects.exclude(job=None).exists()


def test_a_job_waits_for_a_free_gpu_and_is_sent_when_one_is(process_image: ExecutorImage) -> None:
    gpus.register([gpus.Found(0)])
    busy = tiny_kind.submit(process_image)
    Gpu.objects.update(job=busy)
    job = run(tiny_kind.submit(process_image, gpu_count=1))
    assert (job.state, job.attempt, job.attempts.count()) == (Job.State.PENDING, 0, 0)
    assert job.note
    assert job.started_at is None
    Gpu.objects.update(job=None)
    assert run(job).state == Job.State.SUCCEEDED


def test_asking_for_more_gpus_than_any_host_has_fails(process_image: ExecutorImage) -> None:
    gpus.register([gpus.Found(0)])
    assert run(tiny_kind.submit(process_image, gpu_count=2)).error_id == "executors.too_few_gpus"
    assert not Gpu.objects.exclude(job=None).exists()


def test_the_gpus_of_an_adopted_run_stay_its_own(process_image: ExecutorImage) -> None:
    gpus.register([gpus.Found(0), gpus.Found(1)])
    Gpu.objects.filter(index=0).update(job=tiny_kind.submit(process_image))
    job = tiny_kind.submit(process_image, LONG, gpu_count=1)
    worker = WorkerProcess.start(job)
    waiting.until(lambda: tiny_kind.made(job, "up"))
    worker.kill()
    lose_worker(job)
    Gpu.objects.filter(index=0).update(job=None)
    (jobs.folder(job) / "out" / "go").touch()
    assert list(job.gpus.values_list("index", flat=True)) == [1]
    assert run(job).state == Job.State.SUCCEEDED
    assert not Gpu.objects.exclude(job=None).exists()


def test_gpus_that_are_gone_are_forgotten(db: None) -> None:
    gpus.register([gpus.Found(0, "A", 1), gpus.Found(1)])
    gpus.register([gpus.Found(0, "B", 2)])
    assert [(gpu.index, gpu.name, gpu.memory_mb) for gpu in Gpu.objects.all()] == [(0, "B", 2)]


def test_a_project_that_is_deleted_takes_its_jobs_along(process_image: ExecutorImage, project: Project) -> None:
    job = tiny_kind.submit(process_image, project=project)
    project.delete()
    pipeline.run(job.pk, worker="bench:1")
    assert not Job.objects.filter(pk=job.pk).exists()
