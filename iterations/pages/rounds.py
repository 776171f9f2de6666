"""Rounds in tables: all of a project in rows, and one step by step."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from datasets.models import DatasetVersion
from executors.services import jobs
from iterations import selectors
from iterations.models import Iteration, LoopSettings
from iterations.pages import states
from iterations.selectors import CurvePoint, RoundView, StepView
from iterations.services import settings as loops
from iterations.steps import BEHIND, SKIPPABLE, UNDER_WAY, State, Step, may_start
from models.models import ModelVersion
from projects.models import Project


@dataclass(frozen=True)
class RoundRow:
    """A round in the table of rounds; `change` is against the round before in the same arm."""

    view: RoundView
    now: StepView | None
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
    state: str
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
        now=view.steps[view.current] if view.current else None,
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
    is_newest = selectors.later_round(iteration) is None
    steps = [_step_row(view, step, loop, is_newest=is_newest) for step in view.steps.values()]
    return {
        "project": iteration.project,
        "iteration": iteration,
        "view": view,
        "loop": loop,
        "steps": steps,
        "now": steps_now(steps),
        "mark": mark(steps_now(steps)),
        "is_moving": _is_moving(iteration, steps),
    }


def steps_now(steps: Sequence[StepRow]) -> StepRow | None:
    """Return the step that a round is at; None when it is finished."""
    return next((row for row in steps if row.is_current), None)


def mark(now: StepRow | None) -> str:
    """Return what tells one state of a round from another: the page loads itself again when it has changed."""
    return f"{now.step.kind}:{now.step.state}" if now else ""


def _is_moving(iteration: Iteration, steps: Sequence[StepRow]) -> bool:
    """Tell whether a round changes without anybody's doing; what waits for people holds still while they fill forms."""
    now = steps_now(steps)
    if now is None or now.step.state in {State.FAILED, State.CANCELED} or now.waits_for_people:
        return False
    return now.is_moving or iteration.is_automatic


def _step_row(view: RoundView, step: StepView, loop: LoopSettings, *, is_newest: bool) -> StepRow:
    startable = may_start(view.states, step.kind) and (is_newest or step.kind is Step.EVALUATE)
    by_people = step.kind is Step.LABEL and loop.annotator == LoopSettings.Annotator.PEOPLE
    return StepRow(
        step=step,
        is_current=step.kind is view.current,
        is_moving=step.state in UNDER_WAY,
        state=states.of_step(step),
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
        return f"mAP@.5 {step.evaluation.map50:.3f} · mAP@[.5:.95] {step.evaluation.map50_95:.3f}"
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
