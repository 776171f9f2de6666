"""The loop as growth rings: the round under way outside, finished rounds inside."""

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from common.charts.ring import Ring
from common.charts.ring import Step as Quarter
from iterations.models import IterationStep
from iterations.pages import states
from iterations.selectors import CurvePoint, RoundView
from iterations.steps import BEHIND, UNDER_WAY, State, Step

QUARTERS = (Step.MINE, Step.LABEL, Step.MERGE, Step.TRAIN)


def ring(views: list[RoundView], points: list[CurvePoint]) -> Ring:
    """Draw the mined arm: `views` oldest first, `points` of the learning curve for the results."""
    if not views:
        quarters = [Quarter(name=str(IterationStep.Kind(step).label)) for step in QUARTERS]
        return Ring(
            steps=quarters, title=_("Round 0"), subtitle=_("not started"), summary=_("The loop has not started.")
        )
    newest = views[-1]
    results = {point.number: point.map50 for point in points}
    finished = [view for view in views if view.is_finished and view.iteration.number]
    past = finished if not newest.is_finished else finished[:-1]
    return _drawn(newest, past, results)


def of_round(view: RoundView) -> Ring:
    """Draw one round alone, of either arm."""
    evaluation = view.evaluation
    results = {view.iteration.number: evaluation.map50} if evaluation else {}
    return _drawn(view, [], results)


def _drawn(view: RoundView, past: list[RoundView], results: dict[int, float]) -> Ring:
    title = _("Round %(number)d") % {"number": view.iteration.number}
    return Ring(
        steps=[_quarter(view, step) for step in QUARTERS],
        title=title,
        subtitle=_subtitle(view, results),
        rounds=[_result(each, results) for each in past],
        summary=_("%(round)s: %(steps)s")
        % {
            "round": title,
            "steps": _(", ").join(f"{step.label} {states.words(step.state)}" for step in view.steps.values()),
        },
    )


def _quarter(view: RoundView, kind: Step) -> Quarter:
    name = str(IterationStep.Kind(kind).label)
    step = view.steps.get(kind)
    if step is None:
        # Round 0 is a training alone: what it leaves out is behind it.
        return Quarter(name=name, state="next")
    note = ""
    if step.dataset_version is not None:
        count = step.dataset_version.asset_count
        note = ngettext("%(count)d asset", "%(count)d assets", count) % {"count": count}
    elif step.model_version is not None:
        note = str(step.model_version)
    if step.state in {State.FAILED, State.CANCELED}:
        return Quarter(name=name, state="failed", note=note)
    if step.state in BEHIND:
        return Quarter(name=name, state="done", note=note)
    is_now = kind is view.current or step.state in UNDER_WAY
    if not is_now:
        return Quarter(name=name, state="next")
    share = step.job.progress if step.job and step.state is State.RUNNING else 0.0
    return Quarter(name=name, state="now", note=states.words(step.state), done=round(100 * share), total=100)


def _subtitle(view: RoundView, results: dict[int, float]) -> str:
    if view.is_finished:
        score = results.get(view.iteration.number)
        return _("finished") if score is None else f"mAP@.5 {score:.3f}"
    step = view.steps[view.current] if view.current else None
    return _("%(step)s: %(state)s") % {"step": step.label, "state": states.words(step.state)} if step else ""


def _result(view: RoundView, results: dict[int, float]) -> str:
    name = _("Round %(number)d") % {"number": view.iteration.number}
    score = results.get(view.iteration.number)
    return name if score is None else f"{name} · {score:.3f}"
