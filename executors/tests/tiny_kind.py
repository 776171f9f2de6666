"""A job kind over the tiny executor, and workers in processes of their own that can be killed."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection
from django.utils.translation import gettext_lazy as _

from common.errors import DomainError
from executors.kinds import JobContext, JobKind, register
from executors.models import ExecutorImage, Job
from executors.runners.base import RunOutcome, RunSpec
from executors.services import jobs
from projects.models import Project


class NothingMade(DomainError):
    """The run left no result.txt."""

    id = "executors_tests.nothing_made"
    message = _("Nothing was made.")


@register
class Tiny(JobKind):
    """Runs params["script"] over the work folder; the result is what it wrote into out/result.txt.

    With params["gates"] naming a phase, that phase waits until the job's folder holds a file of its name.
    """

    name = "executors_tests.tiny"
    label = "Tiny"
    queue = "executor"
    keeps_partial = True

    def prepare(self, ctx: JobContext) -> RunSpec:
        _pass_gate(ctx, "prepare")
        script = ctx.job.params["script"].replace("OUT", str(ctx.work.inside_out))
        (ctx.work.in_dir / "script.sh").write_text(script)
        return RunSpec("", "", ctx.work.root, time_limit=ctx.job.params.get("time_limit", 0))

    def collect(self, ctx: JobContext, outcome: RunOutcome | None) -> dict[str, Any]:  # noqa: ARG002
        _pass_gate(ctx, "collect")
        if ctx.job.params.get("breaks"):
            raise RuntimeError("a bug")
        path = ctx.work.out_dir / "result.txt"
        if not path.exists():
            raise NothingMade
        return {"type": "text", "text": path.read_text(), "partial": ctx.partial}


@register
class Errand(JobKind):
    """Work without a container; reports until told to stop, when params["forever"] is set."""

    name = "executors_tests.errand"
    label = "Errand"

    def collect(self, ctx: JobContext, outcome: RunOutcome | None) -> dict[str, Any]:  # noqa: ARG002
        share = 0.0
        while ctx.job.params.get("forever"):
            share = (share + 0.001) % 1
            ctx.report(share, "going on")
        return {"type": "text", "text": "done"}


def _pass_gate(ctx: JobContext, phase: str) -> None:
    if phase in ctx.job.params.get("gates", ()):
        (ctx.work.root / f"at-{phase}").touch()
        while not (ctx.work.root / phase).exists():
            ctx.report(0.0, "at the gate")
            time.sleep(0.02)


def open_gate(job: Job, phase: str) -> None:
    (jobs.folder(job) / phase).touch()


def submit(
    image: ExecutorImage | None,
    script: str = "echo made > OUT/result.txt",
    project: Project | None = None,
    **values: Any,
) -> Job:
    """Submit a job of the tiny executor."""
    gpu_count, dedupe_key = values.pop("gpu_count", 0), values.pop("dedupe_key", "")
    kind = Tiny.name if image else Errand.name
    return jobs.submit(
        kind=kind,
        title="Tiny",
        params={"script": script, **values},
        by=None,
        image=image,
        project=project,
        gpu_count=gpu_count,
        dedupe_key=dedupe_key,
    )


SETUP = "import sys, django; django.setup(); import executors.tests.tiny_kind; "


@dataclass
class WorkerProcess:
    """A worker in a process of its own."""

    process: subprocess.Popen[bytes]

    @classmethod
    def start(cls, job: Job) -> "WorkerProcess":
        """Run one job, as RQ's child would."""
        code = SETUP + "from executors import worker; worker.execute(sys.argv[1])"
        return cls(
            subprocess.Popen([sys.executable, "-c", code, str(job.pk)], env=environment(), cwd=settings.BASE_DIR)
        )

    @classmethod
    def serve(cls) -> "WorkerProcess":
        """Serve the queues until told to end, as `manage.py executor_worker` does."""
        code = SETUP + "from django.core.management import call_command; call_command('executor_worker')"
        return cls(subprocess.Popen([sys.executable, "-c", code], env=environment(), cwd=settings.BASE_DIR))

    def kill(self) -> None:
        """kill -9."""
        self.process.kill()
        self.process.wait()

    def terminate(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(60)

    def end(self) -> None:
        """End it, however it is."""
        if self.process.poll() is None:
            self.terminate()

    def wait(self) -> None:
        assert self.process.wait(60) == 0


def environment() -> dict[str, str]:
    """The variables with which another process works on this test's database and folders."""
    database = connection.settings_dict
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "ymir_site.settings_test",
        "DATABASE_URL": "postgres://{USER}:{PASSWORD}@/{NAME}?host={HOST}".format(**database)
        + (f"&port={database['PORT']}" if database["PORT"] else ""),
        "YMIR_DATA_ROOT": str(settings.YMIR_DATA_ROOT),
        "YMIR_IMAGES_DIR": str(settings.YMIR_IMAGES_DIR),
        "YMIR_RUNNER": settings.YMIR_RUNNER,
        "YMIR_HOST": settings.YMIR_HOST,
        "YMIR_GPUS": settings.YMIR_GPUS,
    }


def in_phase(job: Job, phase: Job.Phase) -> bool:
    return Job.objects.filter(pk=job.pk, phase=phase).exists()


def at_gate(job: Job, phase: str) -> bool:
    return (jobs.folder(job) / f"at-{phase}").exists()


def made(job: Job, name: str) -> bool:
    return (Path(jobs.folder(job)) / "out" / name).exists()
