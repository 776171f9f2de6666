"""A project's home: where the loop stands, what to do next, and what there is."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from datasets.models import DatasetVersion
from executors.models import Job
from iterations import selectors
from iterations.models import Arm, LoopSettings
from iterations.pages import curve, rounds
from iterations.pages.ring import ring
from iterations.selectors import CurvePoint, RoundView, StepView
from iterations.services import settings as loops
from iterations.steps import UNDER_WAY, State, Step
from models.models import ModelVersion
from models.pages import usefulness
from projects import services as projects
from projects.models import Project

LATEST = 5


@dataclass(frozen=True)
class NextStep:
    """The one thing to do now, in words and with one button. `posts`: the button changes something."""

    title: str
    text: str
    button: str
    url: str
    posts: bool = False


@dataclass(frozen=True)
class Need:
    """Something the loop needs before its first round; what `is_advice` may be left out."""

    name: str
    text: str
    is_met: bool
    button: str
    url: str
    is_advice: bool = False


def context(project: Project) -> dict[str, Any]:
    """Return what the home page of a project shows."""
    loop = loops.loop_of(project)
    mined = [view for view in selectors.rounds(project) if view.iteration.arm == Arm.MINED]
    points = selectors.learning_curve(project)
    ours = [point for point in points if point.arm == Arm.MINED]
    newest = mined[-1] if mined else None
    latest_jobs = list(project.jobs.select_related("created_by").order_by("-created_at", "-pk")[:LATEST])
    return {
        "loop": loop,
        "ring": ring(mined, ours),
        "newest": newest,
        "steps": rounds.context(newest.iteration)["steps"] if newest else [],
        "next_step": next_step(project, loop, newest),
        "needs": [] if newest else needs(project, loop),
        "curve": curve.chart(project),
        "weakest": weakest_classes(project, ours),
        "judged": ours[-1] if ours else None,
        "jobs": latest_jobs,
        "is_moving": any(job.state in Job.ACTIVE for job in latest_jobs) or any(not view.is_finished for view in mined),
        "dataset_versions": dataset_rows(project),
        "model_rows": model_rows(project, points),
        "to_label": to_label(newest),
        "class_names": projects.class_names(project),
        "member_count": project.memberships.count(),
    }


def needs(project: Project, loop: LoopSettings) -> list[Need]:
    """Return what the loop needs before its first round, met or not."""
    settings_url = reverse("iterations:settings", args=[project.pk])
    has_data = DatasetVersion.objects.in_project(project).active().exists()
    return [
        Need(
            _("Assets"),
            _("The images to choose from, and some labeled ones to begin with."),
            has_data,
            _("Import assets"),
            reverse("datasets:import", args=[project.pk]),
        ),
        Need(
            _("Classes"),
            _("What the model is to find. Taken from imported annotations, or typed in."),
            bool(projects.class_names(project)),
            _("Choose classes"),
            reverse("projects:settings", args=[project.pk]),
        ),
        Need(
            _("Validation set"),
            _("Labeled assets that are never trained on. 50 or more."),
            loop.validation_id is not None,
            _("Choose"),
            settings_url,
        ),
        Need(
            _("First model"),
            _("An initial training set, or a model that you have."),
            loop.initial_training_id is not None or loop.initial_model_id is not None,
            _("Choose"),
            settings_url,
        ),
        Need(
            _("Pool"),
            _("Where each round looks for assets worth labeling."),
            loop.pool_id is not None,
            _("Choose"),
            settings_url,
        ),
        Need(
            _("Executor image"),
            _("The program that trains and mines."),
            loop.image_id is not None,
            _("Choose"),
            settings_url,
        ),
        *_needs_of_annotator(loop, settings_url),
        Need(
            _("Test set"),
            _("Advised: labeled assets that judge every round. Without them there is no learning curve."),
            loop.testing_id is not None,
            _("Choose"),
            settings_url,
            is_advice=True,
        ),
    ]


def _needs_of_annotator(loop: LoopSettings, settings_url: str) -> list[Need]:
    """People bring their labels; a simulated annotator looks them up."""
    if loop.annotator == LoopSettings.Annotator.PEOPLE:
        return []
    return [
        Need(
            _("Held-back ground truth"),
            _("Where the simulated annotator finds the labels of the pool."),
            loop.truth_id is not None,
            _("Choose"),
            settings_url,
        )
    ]


def next_step(project: Project, loop: LoopSettings, newest: RoundView | None) -> NextStep:
    """Return the one thing to do now."""
    if newest is None:
        return _before_the_loop(project, loop)
    iteration, kind = newest.iteration, newest.current
    number = {"number": iteration.number}
    made = newest.model_version
    if kind is None and made is not None and usefulness.is_useless(made, newest.evaluation):
        return NextStep(
            _("Train longer before round %(number)d") % {"number": iteration.number + 1},
            _("%(model)s finds nothing: mining by it is no better than chance. Train longer, or on more labels.")
            % {"model": made},
            _("Loop settings"),
            reverse("iterations:settings", args=[project.pk]),
        )
    if kind is None:
        return NextStep(
            _("Start round %(number)d") % {"number": iteration.number + 1},
            _("Round %(number)d is finished. The next one chooses new assets with its model.") % number,
            _("Start round %(number)d") % {"number": iteration.number + 1},
            reverse("iterations:start", args=[project.pk]),
            posts=True,
        )
    return _within_a_round(loop, newest, newest.steps[kind])


def _within_a_round(loop: LoopSettings, view: RoundView, step: StepView) -> NextStep:
    iteration = view.iteration
    page = reverse("iterations:detail", args=[iteration.pk])
    number = {"number": iteration.number}
    if step.job and step.state is not State.OPEN:
        return _about_a_job(step, step.job, number)
    if step.kind is Step.LABEL and loop.annotator == LoopSettings.Annotator.PEOPLE:
        source = view.steps[Step.MINE].dataset_version if Step.MINE in view.steps else None
        count = source.asset_count if source else 0
        return NextStep(
            ngettext("Label %(count)d asset of round %(number)d", "Label %(count)d assets of round %(number)d", count)
            % {"count": count, **number},
            _("Export them, annotate, import the result and attach it to the step."),
            _("Open round %(number)d") % number,
            page,
        )
    if iteration.is_automatic:
        return NextStep(
            _("Round %(number)d goes on by itself") % number,
            _("The next step is “%(step)s”.") % {"step": step.label},
            _("Open round %(number)d") % number,
            page,
        )
    return NextStep(
        _("%(step)s, round %(number)d") % {"step": step.label, **number},
        rounds.detail(step, loop),
        _("Start: %(step)s") % {"step": step.label},
        reverse("iterations:start_step", args=[iteration.pk, step.kind]),
        posts=True,
    )


def _about_a_job(step: StepView, job: Job, number: dict[str, int]) -> NextStep:
    page = reverse("executors:job", args=[job.pk])
    if step.state in UNDER_WAY:
        return NextStep(
            _("%(step)s is under way in round %(number)d") % {"step": step.label, **number},
            _("Nothing to do now. The page follows the job."),
            _("Watch job %(job)d") % {"job": job.pk},
            page,
        )
    return NextStep(
        _("%(step)s of round %(number)d did not end well") % {"step": step.label, **number},
        job.error_message or _("The job was stopped."),
        _("See what happened"),
        page,
    )


def _before_the_loop(project: Project, loop: LoopSettings) -> NextStep:
    if not DatasetVersion.objects.in_project(project).active().exists():
        return NextStep(
            _("Bring in your images"),
            _("A ZIP or a folder on the server. Annotations in VOC or COCO format come along."),
            _("Import assets"),
            reverse("datasets:import", args=[project.pk]),
        )
    unmet = [need.name for need in needs(project, loop) if not need.is_met and not need.is_advice]
    if unmet:
        return NextStep(
            _("Set up the loop"),
            _("Still to choose: %(needs)s.") % {"needs": _(", ").join(unmet)},
            _("Loop settings"),
            reverse("iterations:settings", args=[project.pk]),
        )
    return NextStep(
        _("Start the loop"),
        _("Everything is there. Round 1 begins with mining, by the model that you have.")
        if loop.initial_model_id
        else _("Everything is there. The first model is trained, then the rounds begin."),
        _("Start the loop"),
        reverse("iterations:start", args=[project.pk]),
        posts=True,
    )


def weakest_classes(project: Project, points: Sequence[CurvePoint]) -> list[dict[str, Any]]:
    """Return the classes of the newest evaluated model, weakest first, as rows of bars."""
    if not points:
        return []
    order = {name: index for index, name in enumerate(projects.class_names(project))}
    classes = points[-1].evaluation.report.get("per_class", [])
    judged = [each for each in classes if each.get("AP50") is not None]
    return [
        {
            "name": each["name"],
            "value": each["AP50"],
            "text": f"{each['AP50']:.3f}",
            "index": order.get(each["name"], len(order)),
        }
        for each in sorted(judged, key=lambda each: (each["AP50"], each["name"]))
    ]


def dataset_rows(project: Project) -> list[dict[str, Any]]:
    """Return the newest dataset versions with the round that made each; `round` is None outside the loop."""
    found = DatasetVersion.objects.in_project(project).active().for_list().select_related("job")
    found = found.prefetch_related("steps__iteration", "job__steps__iteration")[:LATEST]
    return [{"version": version, "round": _round_of(version)} for version in found]


def _round_of(version: DatasetVersion) -> int | None:
    steps = [*version.steps.all(), *(version.job.steps.all() if version.job else [])]
    return min((step.iteration.number for step in steps), default=None)


def model_rows(project: Project, points: Sequence[CurvePoint]) -> list[dict[str, Any]]:
    """Return the newest model versions with the score of the loop's evaluation and which one is best."""
    scores = {point.model_version.pk: point.map50 for point in points}
    best = max(scores, key=lambda pk: scores[pk], default=None)
    found = ModelVersion.objects.in_project(project).active().for_list()[:LATEST]
    return [{"model": model, "score": scores.get(model.pk), "is_best": model.pk == best} for model in found]


def to_label(view: RoundView | None) -> DatasetVersion | None:
    """Return the assets that the round under way chose and that nobody has labeled yet."""
    if view is None or Step.MINE not in view.steps or Step.LABEL not in view.steps:
        return None
    is_labeled = view.states[Step.LABEL] in {State.DONE, State.SKIPPED}
    return None if is_labeled else view.steps[Step.MINE].dataset_version
