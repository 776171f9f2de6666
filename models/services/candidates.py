"""What mining and inference share: one checkpoint looks at the images of one version."""

from collections.abc import Mapping
from typing import Any

from datasets.models import DatasetVersion
from executors.contract.config import Injected
from executors.contract.env import Tasks
from executors.contract.layout import task_id
from executors.kinds import JobContext
from executors.models import ExecutorImage, Job
from executors.runners.base import RunSpec
from executors.services import launch
from models.models import Checkpoint
from models.services import inputs


def check(image: ExecutorImage, task: str, config: Mapping[str, Any], checkpoint: Checkpoint, tasks: Tasks) -> None:
    """Pass when the image offers the task and the hyper-parameters fit.

    Raises:
        executors.services.launch.TaskNotOffered, BadParameter
    """
    model = checkpoint.model_version
    launch.configuration(image, [task], config, Injected("t0", tasks, tuple(model.class_names), model.object_type))


def prepare(ctx: JobContext, *, task: str, tasks: Tasks) -> RunSpec:
    """Fill the run's folder: the images to look at, the checkpoint's files, the configuration.

    Raises:
        executors.services.launch.TaskNotOffered, BadParameter
    """
    job, checkpoint = ctx.job, checkpoint_of(ctx.job)
    model, image = checkpoint.model_version, job.image
    assert image is not None  # noqa: S101 # the services that submit ask for one
    injected = Injected(
        task_id(job.pk),
        tasks,
        tuple(model.class_names),
        model.object_type,
        job.gpu_count,
        inputs.place_weights(ctx.work, checkpoint),
    )
    config = launch.configuration(image, [task], job.params["config"], injected)
    staged, _assets = inputs.stage_candidates(ctx.work, version_of(job))
    return launch.spec(ctx, config=config, tasks=tasks, staged=staged)


def checkpoint_of(job: Job) -> Checkpoint:
    """Return the checkpoint that a job uses."""
    return Checkpoint.objects.select_related("model_version__registered_model").get(pk=job.params["checkpoint"])


def version_of(job: Job) -> DatasetVersion:
    """Return the version whose images a job looks at."""
    return DatasetVersion.objects.select_related("dataset__project").get(pk=job.params["dataset"])
