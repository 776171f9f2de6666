"""Rounds in tables: all of a project in rows, and one step by step."""

from dataclasses import dataclass
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from datasets.models import DatasetVersion
from executors.services import jobs
from iterations import selectors
from iterations.models import Iteration, LoopSettings
from iterations.selectors import CurvePoint, RoundView, StepView
from iterations.services import settings as loops
from iterations.steps import BEHIND, SKIPPABLE, UNDER_WAY, State, Step, may_start
from models.models import ModelVersion
from projects.models import Project


@dataclass(frozen=True)
class RoundRow:
    """A round in the table of rounds; `change` is against the round before in the same arm."""

    view: RoundView
    mined: DatasetVersion | None
    labeled: DatasetVersion | None
    training: DatasetVersion | None
    added: int | None
    model: ModelVersion | None
    score: float | None
    change: float | None


@dataclass(frozen=True)
class StepRow:
    """A step of a round with what a person may do about it."""

    step: StepView
    is_current: bool
    is_moving: bool
    may_start: bool
    may_skip: bool
    waits_for_people: bool
    seconds_left: float | None
    detail: str


def rows(project: Project) -> list[RoundRow]:
    """Return every round of a project, newest first."""
    points = {(point.arm, point.number): point for point in selectors.learning_curve(project)}
    return [_row(view, points) for view in reversed(selectors.rounds(project))]


def _row(view: RoundView, points: dict[tuple[Any, int], CurvePoint]) -> RoundRow:
    arm, number = view.iteration.arm, view.iteration.number
    point, before = points.get((arm, number)), points.get((arm, number - 1))
    outputs = {kind: step.dataset_version for kind, step in view.steps.items()}
    labeled = outputs.get(Step.LABEL)
    model = view.model_version
    return RoundRow(
        view=view,
        mined=outputs.get(Step.MINE),
        labeled=labeled,
        training=view.training_version or (model.training_version if model else None),
        added=labeled.asset_count if labeled else None,
        model=model,
        score=point.map50 if point else None,
        change=point.map50 - before.map50 if point and before else None,
    )


def context(iteration: Iteration) -> dict[str, Any]:
    """Return what the page of one round shows."""
    view = selectors.round_view(iteration)
    loop = loops.loop_of(iteration.project)
    steps = [_step_row(view, step, loop) for step in view.steps.values()]
    moving = any(row.is_moving for row in steps) or (iteration.is_automatic and not view.is_finished)
    return {
        "project": iteration.project,
        "iteration": iteration,
        "view": view,
        "loop": loop,
        "steps": steps,
        "is_moving": moving and not any(row.step.state in {State.FAILED, State.CANCELED} for row in steps),
    }


def _step_row(view: RoundView, step: StepView, loop: LoopSettings) -> StepRow:
    startable = may_start(view.states, step.kind)
    by_people = step.kind is Step.LABEL and loop.annotator == LoopSettings.Annotator.PEOPLE
    return StepRow(
        step=step,
        is_current=step.kind is view.current,
        is_moving=step.state in UNDER_WAY,
        may_start=startable and not by_people,
        may_skip=startable and step.kind in SKIPPABLE and step.state not in BEHIND,
        waits_for_people=by_people and startable and step.state not in BEHIND,
        seconds_left=jobs.seconds_left(step.job, timezone.now()) if step.job else None,
        detail=detail(step, loop),
    )


def detail(step: StepView, loop: LoopSettings) -> str:
    """Say in a few words what a step made, or what it will do."""
    if step.dataset_version is not None:
        count = step.dataset_version.asset_count
        words = ngettext("%(version)s, %(count)d asset", "%(version)s, %(count)d assets", count)
        return words % {"version": step.dataset_version, "count": count}
    if step.model_version is not None:
        return str(step.model_version)
    if step.evaluation is not None:
        return f"mAP@50 {step.evaluation.map50:.3f} · mAP@50:95 {step.evaluation.map50_95:.3f}"
    plans = {
        Step.PREPARE: _("the pool without what was seen before"),
        Step.MINE: ngettext("choose %(count)d asset", "choose %(count)d assets", loop.top_k) % {"count": loop.top_k},
        Step.LABEL: _("simulated annotator: held-back ground truth")
        if loop.annotator == LoopSettings.Annotator.SIMULATED
        else _("people annotate; import the result and attach it"),
        Step.MERGE: _("add what was labeled to the training set"),
        Step.TRAIN: _("train on the training set"),
        Step.EVALUATE: _("judge the model on the test set"),
    }
    return plans[step.kind]
