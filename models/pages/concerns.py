"""What speaks against a run that may be started all the same: people are told before they spend hours on it."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from common import numbers
from models import held_out, selectors
from models.held_out import HeldOut
from models.models import ModelVersion
from models.pages import usefulness
from models.services import leakage
from models.services.leakage import Leak
from projects.models import Project

Chosen = Mapping[str, Any]
"""What is chosen in the fields of a form, by their names."""


@dataclass(frozen=True)
class Concern:
    """One reason to think again, and where the way out is; `url` is empty where the form itself is the way out."""

    text: str
    url: str = ""
    link: str = ""


def of_training(project: Project, chosen: Chosen) -> list[Concern]:
    """Return what a training set shares with the sets that judge its models."""
    training, validation = chosen.get("training"), chosen.get("validation")
    if training is None:
        return []
    judges = held_out.of(project)
    if validation is not None and validation.content_id != training.content_id:  # the service refuses one set twice
        judges = [HeldOut(validation, gettext_lazy("validation set")), *judges]
    return [_shared(training, leak) for leak in leakage.leaks(training, judges)]


def of_mining(project: Project, chosen: Chosen) -> list[Concern]:
    """Return whether the model that is to choose has learned anything."""
    checkpoint = chosen.get("checkpoint")
    if checkpoint is None:
        return []
    version: ModelVersion = checkpoint.model_version
    evaluation = selectors.evaluations_of_models([version]).get(version.pk)
    return [useless(project, version)] if usefulness.is_useless(version, evaluation) else []


def of_inference(project: Project, chosen: Chosen) -> list[Concern]:  # noqa: ARG001 # as the others are called
    """Return nothing: looking never harms."""
    return []


def useless(project: Project, version: ModelVersion) -> Concern:
    """Say that a model finds nothing, and lead to a longer training."""
    again = f"rerun={version.job_id}" if version.job_id else f"model={version.pk}"
    return Concern(
        _("{model} finds nothing: mining by it is no better than chance. Train longer, or on more labels.").format(
            model=version
        ),
        f"{reverse('models:train', args=[project.pk])}?{again}",
        _("Train again"),
    )


def digest(concerns: Sequence[Concern]) -> str:
    """Return what stands for these concerns: who has seen them may go on, who sees others may not yet."""
    return hashlib.sha256("\n".join(each.text for each in concerns).encode()).hexdigest()[:16] if concerns else ""


def _shared(training: Any, leak: Leak) -> Concern:
    values = {
        "count": numbers.thousands(leak.shared),
        "training": training,
        "version": leak.held_out.version,
        "role": leak.held_out.role,
    }
    if leak.held_out.version.content_id == training.content_id:
        words = _("{version} is the {role}: a model that is trained on it would look better than it is.")
        return Concern(words.format(**values))
    words = ngettext(
        "{count} asset of {training} is also in {version}, the {role}: the model would look better than it is.",
        "{count} assets of {training} are also in {version}, the {role}: the model would look better than it is.",
        leak.shared,
    )
    return Concern(words.format(**values))
