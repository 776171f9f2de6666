"""Rows and files that tests of the pages need."""

import json
from datetime import timedelta
from typing import Any

from django.utils import timezone

from executors import kinds
from executors.models import ExecutorImage, Job, TaskTemplate
from executors.runners.base import RunOutcome
from executors.services import jobs
from projects.models import ObjectType, Project

TRAINING = """\
# Passes over the training images
epochs: 100
learning_rate: 0.002  # highest <b>rate</b>
mosaic: true
optimizer: adam  # adam|sgd
name: ''
sizes: [320, 640]
gpu_id: '0'
class_names: []
"""


class Patience(kinds.JobKind):
    """A kind of job that does nothing."""

    name = "executors_tests.patience"
    label = "Patience"
    keeps_partial = True

    def collect(self, ctx: kinds.JobContext, outcome: RunOutcome | None) -> dict[str, Any]:  # noqa: ARG002
        return {}


kinds.register(Patience)


def image(**values: Any) -> ExecutorImage:
    """An inspected image that trains and mines."""
    given = {"name": "Small detector", "reference": "ymir/detector:1", "state": ExecutorImage.State.READY} | values
    made = ExecutorImage.objects.create(**given)
    for task, source in (("training", TRAINING), ("mining", "top: 3\n")):
        TaskTemplate.objects.create(image=made, object_type=ObjectType.DETECTION, task=task, source=source)
    return made


def job(project: Project | None, **values: Any) -> Job:
    """A job in any state, with the times that fit."""
    given: dict[str, Any] = {"kind": Patience.name, "title": "Train smear-net v4", "project": project} | values
    now = timezone.now()
    if given.get("state", Job.State.PENDING) != Job.State.PENDING:
        begun = now - timedelta(minutes=12)
        times = {"prepare": begun, "execute": begun + timedelta(seconds=41)}
        given = {
            "started_at": begun,
            "heartbeat_at": now,
            "worker": "lab-2",
            "attempt": 1,
            "phase": Job.Phase.EXECUTE,
            "phase_times": {phase: moment.isoformat() for phase, moment in times.items()},
        } | given
    if given.get("state") in Job.FINAL:
        given = {"finished_at": now, "phase": Job.Phase.DONE} | given
    return Job.objects.create(**given)


def write_metrics(made: Job, rows: list[Any]) -> None:
    """Leave metrics.jsonl as a training would; text stands as it is."""
    out = jobs.folder(made) / "out"
    out.mkdir(parents=True, exist_ok=True)
    lines = (row if isinstance(row, str) else json.dumps(row) for row in rows)
    (out / "metrics.jsonl").write_text("".join(f"{line}\n" for line in lines))


def write_log(made: Job, content: bytes) -> None:
    """Leave run.log."""
    jobs.folder(made).mkdir(parents=True, exist_ok=True)
    (jobs.folder(made) / "run.log").write_bytes(content)
