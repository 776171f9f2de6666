"""The list of models: each line with its newest versions, and which of them is best."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from models import selectors
from models.models import Evaluation, ModelVersion, RegisteredModel

VERSIONS_SHOWN = 6


@dataclass(frozen=True)
class VersionRow:
    """A version: what its image measured on the validation set, and what an evaluation found."""

    version: ModelVersion
    round: str
    metric: tuple[str, float] | None
    evaluation: Evaluation | None


@dataclass(frozen=True)
class Line:
    """A model and its newest versions; `best` is the key of the best of those that can be compared."""

    model: RegisteredModel
    rows: list[VersionRow]
    version_count: int
    best: int | None

    @property
    def more(self) -> int:
        """How many versions are not shown."""
        return self.version_count - len(self.rows)


def rows(models: Sequence[RegisteredModel], *, whole: bool = False) -> list[Line]:
    """Return lines with their newest versions, or with all of them; three queries, however many there are."""
    versions = selectors.versions_of(models)
    shown = {key: found if whole else found[:VERSIONS_SHOWN] for key, found in versions.items()}
    evaluations = selectors.evaluations_of_models([version for found in shown.values() for version in found])
    return [_line(model, versions.get(model.pk, []), shown.get(model.pk, []), evaluations) for model in models]


def main_metric(version: ModelVersion) -> tuple[str, float] | None:
    """Return what the recommended checkpoint is judged by: its name and value, as the image reported it."""
    figures = version.recommended.figures if version.recommended else {}
    return next(((name, float(value)) for name, value in figures.items()), None)


def round_of(version: ModelVersion) -> str:
    """Say in which round of the loop a version was trained; empty outside the loop.

    `steps` is what the loop calls its use of a job or a version; an app above this one made the relations.
    """
    steps = [*version.steps.all(), *(version.job.steps.all() if version.job else [])]
    numbers = {step.iteration.number for step in steps}
    return _("round {number}").format(number=min(numbers)) if numbers else ""


def best_of(found: Sequence[VersionRow]) -> int | None:
    """Return the key of the best version among those that were judged like the newest one; None for fewer than two.

    Judged alike means: evaluated on the same dataset version, else measured on the same validation set.
    """
    newest = found[0] if found else None
    if newest is None:
        return None
    if newest.evaluation is not None:
        place = newest.evaluation.prediction.dataset_version_id
        alike = [
            (row.evaluation.map50, row.version.pk)
            for row in found
            if row.evaluation is not None and row.evaluation.prediction.dataset_version_id == place
        ]
    else:
        place = newest.version.validation_version_id or 0
        alike = [
            (row.metric[1], row.version.pk)
            for row in found
            if row.metric is not None and row.version.validation_version_id == place
        ]
    return max(alike)[1] if len(alike) > 1 else None


def _line(
    model: RegisteredModel,
    versions: Sequence[ModelVersion],
    shown: Sequence[ModelVersion],
    evaluations: dict[int, Evaluation],
) -> Line:
    listed = [
        VersionRow(version, round_of(version), main_metric(version), evaluations.get(version.pk)) for version in shown
    ]
    return Line(model, listed, len(versions), best_of(listed))
