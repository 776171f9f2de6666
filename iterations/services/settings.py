"""Changing what the rounds of a project start from."""

from typing import Any, TypeVar, cast

from django.db import transaction
from django.db.models import Field
from django.utils.translation import gettext_lazy as _

from common.errors import DomainError
from datasets.models import DatasetVersion
from iterations.models import LoopSettings
from projects.models import Project

Chosen = TypeVar("Chosen")


class SetsOverlap(DomainError):
    """The same version in two roles would make every result look better than it is."""

    id = "iterations.sets_overlap"
    status = 409
    message = _("{version} is chosen twice.")
    hint = _("Choose a different version for each role: what is trained on must not be what is tested on.")


class TruthMissing(DomainError):
    """The simulated annotator would have nothing to look up."""

    id = "iterations.truth_missing"
    message = _("The simulated annotator needs the held-back ground truth.")
    hint = _("Choose a version that holds the labels of the pool, or let people annotate.")
    field = "truth"


class NotReady(DomainError):
    """The loop lacks something that its next step needs."""

    id = "iterations.not_ready"
    status = 409
    message = _("The loop lacks: {missing}.")
    hint = _("Choose it in the loop settings.")


def loop_of(project: Project) -> LoopSettings:
    """Return the loop settings of a project; made with defaults the first time."""
    settings, _created = LoopSettings.objects.get_or_create(project=project)
    return settings


@transaction.atomic
def update(*, project: Project, **values: Any) -> LoopSettings:
    """Set fields of the loop settings.

    Raises:
        SetsOverlap: one version in two of pool, initial training, validation, testing.
        TruthMissing: the annotator is simulated, and there is nothing for it to look up.
    """
    loop_of(project)
    settings = LoopSettings.objects.select_for_update().get(project=project)
    for field, value in values.items():
        setattr(settings, field, value)
    _refuse_overlap([settings.pool, settings.initial_training, settings.validation, settings.testing])
    if settings.annotator == LoopSettings.Annotator.SIMULATED and settings.truth is None:
        raise TruthMissing
    settings.full_clean()
    settings.save()
    return settings


def _refuse_overlap(versions: list[DatasetVersion | None]) -> None:
    chosen = [version for version in versions if version is not None]
    for index, version in enumerate(chosen):
        if version in chosen[:index]:
            raise SetsOverlap(version=str(version))


def chosen(value: Chosen | None, field: str) -> Chosen:
    """Return a setting that a step needs.

    Raises:
        NotReady: naming the field when it is not set.
    """
    if value is None:
        raise NotReady(missing=_name(field))
    return value


def require(settings: LoopSettings, *fields: str) -> None:
    """Pass when all these fields are set.

    Raises:
        NotReady: naming those that are not.
    """
    missing = [field for field in fields if getattr(settings, field) in (None, "")]
    if missing:
        raise NotReady(missing=str(_(", ")).join(_name(field) for field in missing))


def _name(field: str) -> str:
    found = LoopSettings._meta.get_field(field)  # noqa: SLF001 # Django's API
    return str(cast("Field[Any, Any]", found).verbose_name)
