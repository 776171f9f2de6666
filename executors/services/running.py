"""Which runner runs what on this host."""

import hashlib
from contextlib import suppress
from pathlib import Path

from django.conf import settings

from executors.contract.layout import WorkDir, task_id
from executors.models import ExecutorImage, Job
from executors.runners.base import EngineUnavailableError, Runner, RunnerError
from executors.runners.docker import DockerRunner
from executors.runners.process import ProcessRunner
from executors.services import jobs


def owner() -> str:
    """Return the mark of this installation on its containers: several may share an engine."""
    return hashlib.sha256(str(settings.YMIR_DATA_ROOT).encode()).hexdigest()[:12]


def run_name(job: Job) -> str:
    """Return the name of a job's run: always the same, so that any worker finds it again."""
    return f"ymir-{owner()}-{task_id(job.pk)}"


def runner(kind: str) -> Runner:
    """Return the runner of a kind (`ExecutorImage.Runner`)."""
    if kind == ExecutorImage.Runner.DOCKER:
        return DockerRunner(owner())
    return ProcessRunner(
        state_dir=Path(settings.YMIR_DATA_ROOT) / "processes" / settings.YMIR_HOST,
        images_dir=Path(settings.YMIR_IMAGES_DIR),
        python=Path(settings.YMIR_EXECUTOR_PYTHON),
    )


def reachable() -> list[Runner]:
    """Return the runners that work on this host: processes always, containers where an engine answers."""
    found = [runner(ExecutorImage.Runner.PROCESS)]
    if settings.YMIR_RUNNER != ExecutorImage.Runner.PROCESS and engine_answers():
        found.append(runner(ExecutorImage.Runner.DOCKER))
    return found


def owned(runner: Runner) -> list[dict[str, str]]:
    """Return the runs of a runner as facts; nothing when its engine has gone."""
    kind = ExecutorImage.Runner.DOCKER if isinstance(runner, DockerRunner) else ExecutorImage.Runner.PROCESS
    with suppress(RunnerError):
        return [
            {"name": run.name, "runner": kind.value, "job": run.job, "state": run.state.value}
            for run in runner.list_owned()
        ]
    return []


def engine_answers() -> bool:
    """Tell whether a Docker engine can be used from here."""
    try:
        return DockerRunner(owner()).available()
    except EngineUnavailableError:
        return False


def work_dir(job: Job) -> WorkDir:
    """Return the work folder of a job, with the paths that its image's program sees."""
    root = jobs.folder(job)
    if job.image is not None and job.image.runner == ExecutorImage.Runner.PROCESS:
        return WorkDir.for_process(root, Path(settings.YMIR_IMAGES_DIR) / job.image.reference)
    return WorkDir.for_container(root)
