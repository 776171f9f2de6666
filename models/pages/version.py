"""The page of one model version: checkpoints, curves, hyper-parameters, origin, and what was made with it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from common import numbers
from common.charts.graph import Node
from common.errors import DomainError
from datasets.pages.palette import Palette
from executors.contract import documents, metrics
from executors.contract.config import INJECTED
from executors.models import TaskTemplate
from executors.pages import curves
from executors.services import jobs, launch
from models import selectors
from models.models import BOX_COUNTS, Checkpoint, Evaluation, ModelVersion, Prediction
from models.pages import concerns, headings, lines, quality, usefulness
from models.services import inputs
from models.weights import store

PREDICTIONS_SHOWN = 20
LONGEST_VALUE = 200
Fact = tuple[str, str | SafeString]


@dataclass(frozen=True)
class CheckpointRow:
    """A checkpoint with its values in the order of the table's columns."""

    checkpoint: Checkpoint
    values: list[str]
    is_recommended: bool


@dataclass(frozen=True)
class Parameter:
    """A hyper-parameter; `template` is what the image's template says, where that differs."""

    key: str
    value: str
    template: str | None


@dataclass(frozen=True)
class PredictionRow:
    prediction: Prediction
    evaluation: Evaluation | None
    can_be_judged: bool


def context(version: ModelVersion) -> dict[str, Any]:
    """Return what the template needs."""
    checkpoints = list(version.checkpoints.all())
    names = list(dict.fromkeys(name for each in checkpoints for name in each.figures))
    family, assessed = selectors.family(version), judged(version)
    project = version.registered_model.project
    is_useless = usefulness.is_useless(version, assessed["evaluation"])
    return {
        "version": version,
        "project": project,
        "round": lines.round_of(version),
        "metric": lines.main_metric(version),
        "columns": [headings.named(name) for name in names],
        "checkpoints": [_checkpoint(each, names, version) for each in checkpoints],
        "curves": training_curves(version),
        "parameters": parameters(version),
        "facts": facts(version),
        "family": nodes(family, version) if len(family) > 1 else [],
        "family_lane": version.registered_model.name,
        "children": [each for each in family if each.parent_id == version.pk],
        "predictions": prediction_rows(selectors.predictions(project, model=version.pk)),
        **assessed,
        "useless": concerns.useless(project, version) if is_useless else None,
    }


def judged(version: ModelVersion) -> dict[str, Any]:
    """Return the newest evaluation of the recommended checkpoint, as tables and curves."""
    evaluation = selectors.newest_report(version)
    if evaluation is None:
        return {"evaluation": None}
    found, palette = quality.report(evaluation), Palette(version.registered_model.project)
    return {
        "evaluation": evaluation,
        "report": found,
        "rows": quality.class_rows(found, palette),
        "total": quality.totals(found),
        "panels": quality.curve_panels(found, palette),
    }


def training_curves(version: ModelVersion) -> curves.Curves | None:
    """Return the curves of the training, as long as its folder is kept."""
    if version.job is None:
        return None
    return curves.of(metrics.read(jobs.folder(version.job) / "out"), running=False)


def parameters(version: ModelVersion) -> list[Parameter]:
    """Return the hyper-parameters that it was trained with, those that differ from the template first."""
    defaults = _template(version)
    order = {key: place for place, key in enumerate(defaults)}  # a JSON column keeps no order
    rows = [
        Parameter(key, plain(value), plain(defaults[key]) if key in defaults and defaults[key] != value else None)
        for key, value in sorted(version.config.items(), key=lambda item: (order.get(item[0], len(order)), item[0]))
        if key not in INJECTED
    ]
    return sorted(rows, key=lambda row: row.template is None)


def facts(version: ModelVersion) -> list[Fact]:
    """Return where a version comes from and what it is."""
    rows: list[Fact] = []
    for label, dataset in (
        (_("Training set"), version.training_version),
        (_("Validation set"), version.validation_version),
    ):
        if dataset is not None:
            address = reverse("datasets:version", args=[dataset.pk])
            count = _("{count} assets").format(count=numbers.thousands(dataset.asset_count))
            rows.append((label, format_html('<a href="{}">{}</a>, {}', address, dataset, count)))
    if version.parent is not None:
        rows.append((_("Start from"), _anchor("models:version", version.parent.pk, version.parent)))
    if version.image is not None:
        rows.append((_("Executor image"), _anchor("executors:image", version.image.pk, version.image.reference)))
    if version.job is not None:
        rows.append((_("Job"), _anchor("executors:job", version.job.pk, version.job)))
    rows.append((_("Classes"), ", ".join(version.class_names)))
    return [*rows, *_weights(version)]


def nodes(family: Sequence[ModelVersion], current: ModelVersion) -> list[Node]:
    """Return a family as the graph takes it."""
    return [
        Node(
            key=str(each.pk),
            label=f"v{each.number}" if each.registered_model_id == current.registered_model_id else str(each),
            lane=each.registered_model.name,
            parents=[str(each.parent_id)] if each.parent_id else [],
            url=reverse("models:version", args=[each.pk]),
            current=each.pk == current.pk,
        )
        for each in family
    ]


def prediction_rows(found: Any) -> list[PredictionRow]:
    """Return predictions, newest first, with their newest evaluations."""
    listed = list(found[:PREDICTIONS_SHOWN])
    evaluations = selectors.newest_evaluations(listed)
    return [PredictionRow(each, evaluations.get(each.pk), can_be_judged(each)) for each in listed]


def can_be_judged(prediction: Prediction) -> bool:
    """Tell whether the dataset version has annotations of the model's classes."""
    counts = prediction.dataset_version.class_counts
    return any(counts.get(name) for name in prediction.checkpoint.model_version.class_names)


def plain(value: Any) -> str:
    """Write a value of a configuration."""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, list):
        return ", ".join(plain(item) for item in value)
    return documents.plain("" if value is None else value, LONGEST_VALUE)


def _checkpoint(checkpoint: Checkpoint, names: Sequence[str], version: ModelVersion) -> CheckpointRow:
    values = [_figure(name, checkpoint.metrics.get(name)) for name in names]
    return CheckpointRow(checkpoint, values, checkpoint.pk == version.recommended_id)


def _figure(name: str, value: float | None) -> str:
    if value is None:
        return "–"
    return numbers.thousands(value) if name in BOX_COUNTS else numbers.score(value)


def _template(version: ModelVersion) -> Mapping[str, Any]:
    """Return the values of the image's training template; none when it does not offer training any more."""
    if version.image is None:
        return {}
    try:
        return launch.template(version.image, TaskTemplate.Task.TRAINING, version.object_type)
    except DomainError:
        return {}


def _weights(version: ModelVersion) -> list[Fact]:
    try:
        size = numbers.size(store.size(inputs.data_root(), version.weights_id))
    except OSError:
        return []
    identity = format_html('<span class="mono" title="{}">{}</span>', version.weights_id, version.weights_id[:12])
    return [(_("Weights"), format_html("{}, {}", identity, size))]


def _anchor(url_name: str, pk: int, text: object) -> SafeString:
    return format_html('<a href="{}">{}</a>', reverse(url_name, args=[pk]), text)
