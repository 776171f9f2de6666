"""From a job with an image to what a runner starts: the contract's config and env files, and the limits of the run."""

import difflib
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from common.errors import DomainError
from common.wording import Wording
from executors.contract import config as config_files
from executors.contract import env as env_files
from executors.contract import image_manual
from executors.contract.config import Injected
from executors.contract.env import Tasks
from executors.contract.errors import ConfigError
from executors.contract.index import Staged
from executors.contract.layout import task_id
from executors.kinds import JobContext
from executors.models import ExecutorImage, TaskTemplate
from executors.runners.base import ROOT, Mount, RunSpec

MEGABYTE = 1 << 20


class TaskNotOffered(DomainError):
    """The image has no template for what it is asked to do."""

    id = "executors.task_not_offered"
    status = 409
    message = _("{image} does not offer {task}.")
    hint = _("Choose an image that does.")
    field = "image"


class BadParameter(DomainError):
    """A hyper-parameter does not fit its template."""

    id = "executors.bad_parameter"
    message = _("{key}: {reason}")
    hint = _("The template on the image's page says what fits.")
    field = "config"


class MisspeltParameter(DomainError):
    """A hyper-parameter that the image does not have, and that looks like one it has."""

    id = "executors.misspelt_parameter"
    message = _("{key} is not in the template; {meant} is.")
    hint = _("Write {meant}. Keys that resemble none of the template are passed on to the image.")
    field = "config"


ALIKE = 0.85
"""How alike two keys are that one slip of the finger parts: epoch and epochs are 0.91 (difflib's ratio)."""


def template(image: ExecutorImage, task: str, object_type: int) -> dict[str, Any]:
    """Return the values of an image's template for a task.

    Raises:
        TaskNotOffered, BadParameter
    """
    found = image.templates.filter(task=task, object_type=object_type).first()
    if found is None:
        raise TaskNotOffered(image=image.name, task=TaskTemplate.Task(task).label)
    try:
        return config_files.load(found.source)
    except ConfigError as error:
        raise BadParameter(key=error.where, reason=Wording.of(error.reason)) from error


def configuration(
    image: ExecutorImage, tasks: Sequence[str], overrides: Mapping[str, Any], injected: Injected
) -> dict[str, Any]:
    """Return the configuration of a run: the templates of its tasks, what people changed, and what we know.

    Raises:
        TaskNotOffered, BadParameter, MisspeltParameter
    """
    templates = [template(image, task, injected.object_type) for task in tasks]
    _refuse_slips(overrides, {key for each in templates for key in each})
    try:
        merged = config_files.merge(templates, overrides, injected)
        config_files.shm_bytes(merged, gpu_count=injected.gpu_count, cap=settings.YMIR_SHM_MAX_MB * MEGABYTE)
    except ConfigError as error:
        raise BadParameter(key=error.where, reason=Wording.of(error.reason)) from error
    for task in tasks:
        _refuse_other_choices(image, task, injected.object_type, overrides, merged)
    return merged


def _refuse_other_choices(
    image: ExecutorImage, task: str, object_type: int, overrides: Mapping[str, Any], merged: Mapping[str, Any]
) -> None:
    """A value that people chose is one of those that the template lists, where it lists any."""
    source = image.templates.get(task=task, object_type=object_type).source
    for option in image_manual.fields(source):
        chosen = option.key in overrides and option.key in merged and option.choices
        if chosen and str(merged[option.key]) not in option.choices:
            value = repr(merged[option.key])
            reason = Wording(_("{value} is none of {choices}"), value=value, choices=", ".join(option.choices))
            raise BadParameter(key=option.key, reason=reason)


def _refuse_slips(overrides: Mapping[str, Any], known: Collection[str]) -> None:
    for key in overrides:
        meant = [] if key in known else difflib.get_close_matches(key, known, n=1, cutoff=ALIKE)
        if meant:
            raise MisspeltParameter(key=key, meant=meant[0])


def spec(ctx: JobContext, *, config: Mapping[str, Any], tasks: Tasks, staged: Staged) -> RunSpec:
    """Write config.yaml and env.yaml and return what to start; the pipeline gives it its name and its exact image.

    Raises:
        BadParameter
    """
    image = ctx.job.image
    assert image is not None  # noqa: S101 # only kinds whose jobs have an image come here
    try:
        config_files.write(ctx.work, config)
        shm = config_files.shm_bytes(config, gpu_count=len(ctx.gpus), cap=settings.YMIR_SHM_MAX_MB * MEGABYTE)
    except ConfigError as error:
        raise BadParameter(key=error.where, reason=Wording.of(error.reason)) from error
    name = task_id(ctx.job.pk)
    env_files.write(ctx.work, task_id=name, tasks=tasks)
    return RunSpec(
        name=name,
        image=image.reference,
        work_dir=ctx.work.root,
        shm_bytes=shm,
        memory_bytes=settings.YMIR_EXECUTOR_MEMORY_MB * MEGABYTE,
        pids=settings.YMIR_EXECUTOR_PIDS,
        time_limit=float(settings.YMIR_JOB_TIME_LIMIT),
        user=ROOT if image.root_allowed else "",
        network=image.network_allowed or settings.YMIR_EXECUTOR_NETWORK,
        mounts=tuple(Mount(path) for path in staged.mounts),
        notice=staged.notice,
    )
