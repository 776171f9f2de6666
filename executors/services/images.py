"""The registry of executor images: add → pull → inspect → templates."""

import logging
from pathlib import Path

from django.conf import settings
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from common.errors import DomainError
from common.wording import Wording
from executors.contract import documents, image_manual
from executors.contract.errors import ManualError
from executors.contract.image_manual import ImageManual
from executors.models import ExecutorImage, Job, TaskTemplate
from executors.runners import shipped
from executors.runners.base import ImageFacts, ImageMissingError, Runner, RunnerError
from executors.services import failures, jobs, running
from projects.models import ObjectType

logger = logging.getLogger(__name__)
KIND = "executors.inspect"
Registered = tuple[ExecutorImage, Job]


class ImageRegistered(DomainError):
    """There is an image with this reference."""

    id = "executors.image_registered"
    status = 409
    message = _("{reference} is registered already, as {name}.")
    hint = _("Inspect it again on its page.")
    field = "reference"


class NoShippedImage(DomainError):
    """There is no executor of this name in the source tree."""

    id = "executors.no_shipped_image"
    status = 404
    message = _("YMIR ships no executor named {name}.")
    hint = _("Look into the folder {folder}.")
    field = "reference"


class ImageRemoved(DomainError):
    """The image was deleted before it was inspected."""

    id = "executors.image_removed"
    status = 409
    message = _("The executor image was deleted meanwhile.")
    hint = _("Register it again.")
    field = "reference"


class BadManual(DomainError):
    """The image does not say, or says wrongly, what it can do."""

    id = "executors.bad_manual"
    status = 422
    message = _("{image} is no executor image: {file}: {reason}.")
    hint = _("An executor image has a template for each of its tasks in /img-man.")
    field = "reference"


class ImageNotFound(DomainError):
    """A command named no registered image, or one that new jobs may not use."""

    id = "executors.image_not_found"
    status = 404
    message = _("There is no executor image “{image}” that is ready.")
    hint = _("Register it with `add_image`, or look on its page why it is not ready.")
    field = "image"


class NothingUsable(DomainError):
    """The image has templates, but only for object types that projects cannot have."""

    id = "executors.nothing_usable"
    status = 422
    message = _("{image} finds nothing that YMIR works with (object types {types}).")
    hint = _("Use an image for detection or segmentation, object types 2, 3 and 4.")
    field = "reference"


def add(
    *,
    reference: str,
    by: User | None,
    runner: str = ExecutorImage.Runner.DOCKER,
    name: str = "",
    description: str = "",
    network_allowed: bool = False,
    root_allowed: bool = False,
) -> Registered:
    """Register an image; a job pulls it where it is missing, and inspects it.

    Raises:
        ImageRegistered
    """
    image = ExecutorImage(
        reference=reference,
        runner=runner,
        name=(name or reference)[:80],
        description=description,
        network_allowed=network_allowed,
        root_allowed=root_allowed,
        created_by=by,
    )
    try:
        with transaction.atomic():
            image.save(force_insert=True)
            return image, _submit(image, by)
    except IntegrityError as error:
        known = ExecutorImage.objects.filter(reference=reference, runner=runner).first()
        if known is None:
            raise
        raise ImageRegistered(reference=reference, name=known.name) from error


def add_shipped(name: str, *, by: User | None) -> tuple[ExecutorImage, Job | None]:
    """Register an executor that comes with YMIR, as a container where its image was built from it, else as a process.

    Returns the image, and the job that inspects it unless that is done and nothing has changed since. Called again it
    returns the same image.

    Raises:
        NoShippedImage
    """
    folder = Path(settings.YMIR_IMAGES_DIR)
    if not (folder / name / "start.sh").is_file():
        raise NoShippedImage(name=name, folder=folder)
    runner = _runner_for_shipped(name)
    reference = _shipped_reference(name) if runner == ExecutorImage.Runner.DOCKER else name
    image = ExecutorImage.objects.filter(reference=reference, runner=runner).first()
    if image is None:
        return add(reference=reference, runner=runner, name=name.capitalize(), by=by)
    return image, None if _is_current(image) else refresh(image=image, by=by)


def resolve(reference_or_name: str) -> ExecutorImage:
    """Return the image that new jobs may use with this reference, or this name; of several the one added last.

    The name of an executor that comes with YMIR (detector) names it as well.

    Raises:
        ImageNotFound
    """
    word = reference_or_name
    for condition in (Q(reference=word), Q(name__iexact=word), Q(reference=_shipped_reference(word))):
        image = ExecutorImage.objects.usable().filter(condition).order_by("-pk").first()
        if image is not None:
            return image
    raise ImageNotFound(image=word)


def refresh(*, image: ExecutorImage, by: User | None) -> Job:
    """Inspect an image again; one that is under way is returned."""
    return _submit(image, by)


def set_enabled(*, image: ExecutorImage, enabled: bool) -> None:
    """Offer an image to new jobs, or no longer."""
    ExecutorImage.objects.filter(pk=image.pk).update(enabled=enabled)
    image.enabled = enabled


def inspect(pk: int) -> None:
    """Pull an image where it is missing, read what it says about itself, and record that, or why it cannot be used.

    Raises:
        ImageRemoved, BadManual, NothingUsable
        executors.services.failures.ImageMissing, EngineUnavailable
    """
    image = ExecutorImage.objects.filter(pk=pk).first()
    if image is None:
        raise ImageRemoved
    try:
        facts = _facts(running.runner(image.runner), image.reference)
        manual = image_manual.read(facts.files)
        templates = _templates(image, manual)
    except (RunnerError, ManualError, NothingUsable) as cause:
        error = _in_words(image, cause)
        ExecutorImage.objects.filter(pk=image.pk).update(
            state=ExecutorImage.State.FAILED,
            error=Wording("{cause} {advice}", cause=error.text(), advice=error.advice()),
        )
        raise error from cause
    with transaction.atomic():
        image.templates.all().delete()
        TaskTemplate.objects.bulk_create(templates)
        ExecutorImage.objects.filter(pk=image.pk).update(
            state=ExecutorImage.State.READY,
            error="\n".join(manual.warnings),
            digest=facts.digest,
            manifest=documents.as_json(manual.manifest),
        )


def _submit(image: ExecutorImage, by: User | None) -> Job:
    return jobs.submit(
        kind=KIND,
        title=Wording(_("Inspect {image}"), image=image.name),
        params={"image": image.pk},  # named, not referred to: an image that no work used may be deleted
        dedupe_key=f"{KIND}:{image.pk}",
        by=by,
    )


def _shipped_reference(name: str) -> str:
    return f"ymir/{name}:latest"


def _runner_for_shipped(name: str) -> str:
    """What runs a shipped executor here: a built image is taken by itself only while it does what its source says."""
    if settings.YMIR_RUNNER != "auto":
        return str(settings.YMIR_RUNNER)
    reference = _shipped_reference(name)
    try:
        built_from = running.runner(ExecutorImage.Runner.DOCKER).inspect_image(reference).source
    except RunnerError:
        return ExecutorImage.Runner.PROCESS
    if built_from != shipped.digest(Path(settings.YMIR_IMAGES_DIR) / name):
        logger.warning("%s was built from another source than %s has now: it runs as a process", reference, name)
        logger.warning("`make images` builds it anew; YMIR_RUNNER=docker takes it as it is")
        return ExecutorImage.Runner.PROCESS
    return ExecutorImage.Runner.DOCKER


def _is_current(image: ExecutorImage) -> bool:
    """Whether an image was inspected, and is what it was then."""
    if image.state != ExecutorImage.State.READY:
        return False
    try:
        return running.runner(image.runner).inspect_image(image.reference).digest == image.digest
    except RunnerError:  # a worker elsewhere may have it
        return True


def _facts(runner: Runner, reference: str) -> ImageFacts:
    try:
        return runner.inspect_image(reference)
    except ImageMissingError:
        runner.fetch_image(reference)
        return runner.inspect_image(reference)


def _templates(image: ExecutorImage, manual: ImageManual) -> list[TaskTemplate]:
    found = [
        TaskTemplate(image=image, object_type=object_type, task=task, source=source)
        for (object_type, task), source in manual.templates.items()
        if object_type in ObjectType.values
    ]
    if not found:
        raise NothingUsable(image=image.reference, types=", ".join(map(str, manual.object_types)))
    return found


def _in_words(image: ExecutorImage, cause: Exception) -> DomainError:
    if isinstance(cause, ManualError):
        return BadManual(image=image.reference, file=cause.where, reason=cause.reason)
    return failures.of_exception(cause)
