"""Training: from dataset versions and an image to a model version."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.contrib.auth.models import User
from django.utils.translation import gettext_lazy as _

from common.errors import DomainError
from common.wording import Wording
from datasets.models import DatasetVersion
from executors.contract import results as result_files
from executors.contract.config import Injected
from executors.contract.env import Tasks
from executors.contract.errors import ConfigError
from executors.contract.layout import task_id
from executors.kinds import JobContext
from executors.models import ExecutorImage, Job, TaskTemplate
from executors.runners.base import RunSpec
from executors.services import jobs, launch
from models.models import Checkpoint, ModelVersion
from models.services import inputs, registry, results
from models.weights import store as weights
from projects import services as projects
from projects.models import Project

KIND = "models.train"
TASKS = Tasks(training=True)


class NothingToLearn(DomainError):
    """The training set has no annotation of the classes to train."""

    id = "models.nothing_to_learn"
    status = 409
    message = _("{version} has no annotation of the classes {classes}.")
    hint = _("Choose another training set or other classes.")
    field = "training"


class NothingToJudge(DomainError):
    """The validation set has no annotation of the classes to train."""

    id = "models.nothing_to_judge"
    status = 409
    message = _("{version} has no annotation of the classes {classes}.")
    hint = _("Choose another validation set or other classes.")
    field = "validation"


class SameSet(DomainError):
    """A model that is judged on what it has learned from looks better than it is."""

    id = "models.same_set"
    status = 409
    message = _("{version} is both training set and validation set.")
    hint = _("Choose a validation set that is never trained on.")
    field = "validation"


def submit(
    *,
    project: Project,
    name: str,
    image: ExecutorImage,
    training: DatasetVersion,
    validation: DatasetVersion,
    config: Mapping[str, Any],
    by: User | None,
    class_names: Sequence[str] | None = None,
    parent: Checkpoint | None = None,
    gpu_count: int = 0,
    message: str = "",
    dedupe_key: str = "",
) -> Job:
    """Train on a version; `config` holds the hyper-parameters that differ from the image's template.

    Raises:
        SameSet, NothingToLearn, NothingToJudge
        models.services.registry.BadModelName, ModelInTrash
        executors.services.launch.TaskNotOffered, BadParameter
    """
    registry.check_name(name)
    registry.check_place(project, name)
    classes = list(class_names or projects.class_names(project))
    if training.content_id == validation.content_id:
        raise SameSet(version=training)
    for version, refusal in ((training, NothingToLearn), (validation, NothingToJudge)):
        if not any(version.class_counts.get(each) for each in classes):
            raise refusal(version=version, classes=", ".join(classes))
    injected = Injected("t0", TASKS, tuple(classes), int(project.object_type), gpu_count)
    launch.configuration(image, [TaskTemplate.Task.TRAINING], config, injected)
    return jobs.submit(
        kind=KIND,
        title=Wording(_("Train {name}"), name=name),
        params={
            "name": name,
            "training": training.pk,
            "validation": validation.pk,
            "classes": classes,
            "config": dict(config),
            "parent": parent.pk if parent else None,
            "message": message,
        },
        project=project,
        image=image,
        gpu_count=gpu_count,
        dedupe_key=dedupe_key,
        by=by,
    )


def prepare(ctx: JobContext) -> RunSpec:
    """Fill the run's folder: images, annotations, weights to start from, configuration.

    Raises:
        executors.services.launch.TaskNotOffered, BadParameter
    """
    params = ctx.job.params
    versions = _versions(ctx.job)
    weight_paths = inputs.place_weights(ctx.work, _parent(ctx.job))
    config = _configuration(ctx.job, weight_paths)
    ctx.report(0.1, Wording(_("linking images")))
    try:
        staged = inputs.stage_training(
            ctx.work,
            training=versions["training"],
            validation=versions["validation"],
            class_names=params["classes"],
            export_format=config.get("export_format"),
        )
    except ConfigError as error:
        raise launch.BadParameter(key=error.where, reason=error.reason) from error
    return launch.spec(ctx, config=config, tasks=TASKS, staged=staged)


def collect(ctx: JobContext) -> ModelVersion:
    """Store the checkpoints that the run left and register them as a model version.

    Raises:
        models.services.results.NoResult, BadResult
    """
    job, params = ctx.job, ctx.job.params
    known = ModelVersion.objects.filter(job=job).first()
    if known is not None:
        return known
    parent, versions = _parent(job), _versions(job)
    config = _configuration(job, ())
    image, project = _image(job), _project(job)
    with results.in_words():
        result = result_files.read_training(ctx.work.out_dir)
        stored = weights.collect(
            inputs.data_root(),
            ctx.work.out_dir,
            result,
            class_names=tuple(params["classes"]),
            object_type=int(project.object_type),
            config=config,
            context={"executor": image.reference, "training": versions["training"].ref},
        )
    return registry.register(
        project=project,
        name=params["name"],
        stored=stored,
        job=job,
        by=job.created_by,
        config=config,
        image=image,
        training=versions["training"],
        validation=versions["validation"],
        parent=parent.model_version if parent else None,
        message=params["message"],
        is_partial=ctx.partial,
    )


def _configuration(job: Job, weight_paths: tuple[str, ...]) -> dict[str, Any]:
    params, project = job.params, _project(job)
    injected = Injected(
        task_id(job.pk), TASKS, tuple(params["classes"]), int(project.object_type), job.gpu_count, weight_paths
    )
    return launch.configuration(_image(job), [TaskTemplate.Task.TRAINING], params["config"], injected)


def _versions(job: Job) -> dict[str, DatasetVersion]:
    found = DatasetVersion.objects.select_related("dataset")
    return {role: found.get(pk=job.params[role]) for role in ("training", "validation")}


def _parent(job: Job) -> Checkpoint | None:
    pk = job.params["parent"]
    return Checkpoint.objects.select_related("model_version").get(pk=pk) if pk else None


def _image(job: Job) -> ExecutorImage:
    assert job.image is not None  # noqa: S101 # `submit` asks for one
    return job.image


def _project(job: Job) -> Project:
    assert job.project is not None  # noqa: S101 # `submit` asks for one
    return job.project
