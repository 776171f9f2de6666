"""A project whose loop can go round in seconds: small images, and an executor that obeys at once."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from django.contrib.auth.models import User

from executors import pipeline
from executors.models import ExecutorImage, Job
from executors.services import images
from iterations.models import LoopSettings
from iterations.services import settings as loops
from models.tests import builders
from projects.models import Project

IMAGES = Path(__file__).parent / "images"


@pytest.fixture
def work_off() -> Callable[[], list[Job]]:
    """Run every waiting job to its end, as a worker would; returns them as they ended."""

    def run() -> list[Job]:
        ended = []
        while waiting := Job.objects.filter(state=Job.State.PENDING).order_by("pk").first():
            pipeline.run(waiting.pk, worker="test:1")
            ended.append(Job.objects.get(pk=waiting.pk))
        return ended

    return run


@pytest.fixture
def obedient(settings: object, db: None, work_off: Callable[[], list[Job]]) -> ExecutorImage:
    """The obedient executor, registered and inspected."""
    settings.YMIR_IMAGES_DIR = IMAGES  # type: ignore[attr-defined]
    settings.YMIR_EXECUTOR_PYTHON = sys.executable  # type: ignore[attr-defined]
    image, _job = images.add(reference="obedient", runner=ExecutorImage.Runner.PROCESS, by=None)
    work_off()
    image.refresh_from_db()
    return image


@pytest.fixture
def loop(project: Project, owner: User, obedient: ExecutorImage) -> LoopSettings:
    """A loop that is ready: four images to begin with, ten in the pool, labels held back."""
    truth = builders.version(project, "truth", {f"p{n}": [("RBC", 10, 10, 20, 20)] for n in range(10)})
    return loops.update(
        project=project,
        pool=truth,
        truth=truth,
        initial_training=builders.version(project, "training", builders.SCENES),
        validation=builders.version(
            project, "validation", {"v": [("RBC", 1, 2, 30, 30)], "w": [("WBC", 3, 4, 30, 30)]}
        ),
        testing=builders.version(project, "test", {"t": [("RBC", 10, 10, 20, 20)]}),
        image=obedient,
        annotator=LoopSettings.Annotator.SIMULATED,
        top_k=3,
        seed=1,
    )
