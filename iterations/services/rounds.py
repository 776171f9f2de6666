"""Driving rounds: start one, start its next step, attach what was made elsewhere, skip, redo, go on by itself."""

import logging

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from common.errors import DomainError
from common.wording import Wording
from datasets.models import DatasetVersion
from executors.models import Job
from iterations import selectors
from iterations.models import Arm, Iteration, IterationStep, LoopSettings
from iterations.selectors import RoundView
from iterations.services import settings as loop_settings
from iterations.services import work
from iterations.steps import SKIPPABLE, State, Step, may_start, steps_of
from models.models import ModelVersion
from projects.models import Project

logger = logging.getLogger(__name__)
NEEDS_LABELS = frozenset({Step.LABEL, Step.MERGE})
DROPS_LABELS = frozenset(
    {DatasetVersion.Operation.PREPARE, DatasetVersion.Operation.MINE, DatasetVersion.Operation.SAMPLE}
)
"""What chooses assets for labeling. Anything else without annotations may say that there is nothing on the assets."""


class RoundUnfinished(DomainError):
    """The round before must end first."""

    id = "iterations.round_unfinished"
    status = 409
    message = _("Round {number} is not finished.")
    hint = _("Finish its steps, then start the next round.")


class StepNotNow(DomainError):
    """The step is behind already, under way, or waits for another."""

    id = "iterations.step_not_now"
    status = 409
    message = _("The step “{step}” cannot start now.")
    hint = _("Finish the steps before it; a step can be repeated until the one after it has begun.")


class RoundBehind(DomainError):
    """A later round has begun from what this one made."""

    id = "iterations.round_behind"
    status = 409
    message = _("Round {later} builds on round {number}: its step “{step}” cannot be changed any more.")
    hint = _("Go on in the newest round; its merge and training take what you add.")


class NotLabeled(DomainError):
    """What is to be the result of labeling has no annotation."""

    id = "iterations.not_labeled"
    status = 409
    message = _("{version} has no annotations.")
    hint = _("Import the annotated assets, and attach the version that the import makes.")
    field = "dataset_version"


class StepNeeded(DomainError):
    """Merging and training cannot be left out of a round."""

    id = "iterations.step_needed"
    status = 409
    message = _("The step “{step}” cannot be skipped.")
    hint = _("Run it, or attach a result that was made elsewhere.")


class WaitsForPeople(DomainError):
    """Nothing can start by itself: people are to label."""

    id = "iterations.waits_for_people"
    status = 409
    message = _("{count} assets wait to be labeled.")
    hint = _("Export them, annotate, import the result and attach it to the step.")


@transaction.atomic
def start_round(*, project: Project, by: User | None, arm: Arm = Arm.MINED, automatic: bool = False) -> Iteration:
    """Start the next round of an arm; the first one is round 0, the initial training, unless a model is given.

    Raises:
        RoundUnfinished: the round before is not finished.
        iterations.services.settings.NotReady: a set or the image is not chosen.
    """
    loop = LoopSettings.objects.select_for_update().get(pk=loop_settings.loop_of(project).pk)
    views = selectors.rounds(project)
    own = [view for view in views if view.iteration.arm == arm or view.iteration.number == 0]
    for view in own:
        if not view.is_finished:
            raise RoundUnfinished(number=view.iteration.number)
    number = own[-1].iteration.number + 1 if own else (1 if loop.initial_model else 0)
    needed = ("image", "validation", "initial_training") if number == 0 else ("image", "validation", "pool")
    loop_settings.require(loop, *needed)
    iteration = Iteration.objects.create(project=project, arm=arm, number=number, is_automatic=automatic, created_by=by)
    kinds = steps_of(number, with_testing=loop.testing is not None)
    for kind in kinds:
        IterationStep.objects.create(iteration=iteration, kind=kind)
    return iteration


@transaction.atomic
def start_rounds(*, project: Project, by: User | None, automatic: bool) -> Iteration:
    """Start the next round, beside it that of the control where one runs, and return the mined one.

    Both start or none. The control goes on by itself: it only draws lots.

    Raises:
        RoundUnfinished, iterations.services.settings.NotReady
    """
    iteration = start_round(project=project, by=by, automatic=automatic)
    if loop_settings.loop_of(project).with_control and iteration.number:
        start_round(project=project, by=by, arm=Arm.RANDOM, automatic=True)
    return iteration


@transaction.atomic
def start_step(*, iteration: Iteration, kind: Step, by: User | None) -> Job:
    """Start a step, or start it again while the one after it has not begun.

    Raises:
        StepNotNow: the order of steps forbids it.
        RoundBehind: a later round has begun.
        WaitsForPeople: the step is labeling, and people do it.
    """
    view = _open_for(iteration, kind)
    round_ = work.RoundContext.of(view)
    if kind is Step.LABEL and round_.loop.annotator == LoopSettings.Annotator.PEOPLE:
        raise WaitsForPeople(count=round_.source(kind).asset_count)
    job = work.submit(round_, kind, by=by)
    _set(iteration, kind, job=job)
    return job


@transaction.atomic
def attach(
    *,
    iteration: Iteration,
    kind: Step,
    dataset_version: DatasetVersion | None = None,
    model_version: ModelVersion | None = None,
) -> None:
    """Take a result that was made elsewhere, e.g. the images that people annotated, as the result of a step.

    Raises:
        StepNotNow: the order of steps forbids it.
        RoundBehind: a later round has begun.
        NotLabeled: nobody has annotated the version.
    """
    _open_for(iteration, kind)
    if kind in NEEDS_LABELS and dataset_version is not None and _waits_for_labels(dataset_version):
        raise NotLabeled(version=dataset_version)
    _set(iteration, kind, dataset_version=dataset_version, model_version=model_version)


@transaction.atomic
def skip(*, iteration: Iteration, kind: Step) -> None:
    """Leave a step out; the next one takes what this one would have taken.

    Raises:
        StepNeeded: merging and training cannot be skipped.
        StepNotNow: the order of steps forbids it.
        RoundBehind: a later round has begun.
    """
    if kind not in SKIPPABLE:
        raise StepNeeded(step=_label(kind))
    _open_for(iteration, kind)
    _set(iteration, kind, skipped=True)


def set_automatic(*, iteration: Iteration, automatic: bool) -> None:
    """Let a round go on by itself, or stop it from doing so after the step under way."""
    Iteration.objects.filter(pk=iteration.pk).update(is_automatic=automatic, halted_because="")


def _halt(iteration: Iteration, error: DomainError) -> None:
    """Stop a round from going on by itself, and keep what stood in its way for its page."""
    why = Wording("{what} {advice}", what=error.text(), advice=error.advice())
    Iteration.objects.filter(pk=iteration.pk).update(is_automatic=False, halted_because=why)


def advance(*, iteration: Iteration, by: User | None = None) -> Job | None:
    """Start the current step if nothing stands in its way; return its job, or None when there is nothing to start.

    A failed or stopped step is left to people: repeating it by itself would hide the cause.
    """
    view = selectors.round_view(iteration)
    step = view.current
    if step is None or view.states[step] is not State.OPEN:
        return None
    try:
        return start_step(iteration=iteration, kind=step, by=by or iteration.created_by)
    except (StepNotNow, WaitsForPeople):
        return None


def advance_automatic() -> int:
    """Advance every automatic round outside the trash; return how many steps were started. Called periodically.

    A step that its service refuses needs a person: its round stops going by itself, and its page says why.
    """
    started = 0
    automatic = Iteration.objects.filter(is_automatic=True, project__hidden_at=None)
    for iteration in automatic.select_related("project", "created_by"):
        try:
            if selectors.round_view(iteration).is_finished:
                set_automatic(iteration=iteration, automatic=False)
            elif advance(iteration=iteration) is not None:
                started += 1
        except DomainError as error:
            logger.warning("round %s goes on by itself no more: %s", iteration.pk, error)
            _halt(iteration, error)
    return started


def _open_for(iteration: Iteration, kind: Step) -> RoundView:
    """Lock a round and return it when one of its steps may be changed.

    The lock is that of the project's loop, which starting the next round takes too: neither of two people who press
    a button at once finds what the other one is about to change.

    Raises:
        StepNotNow, RoundBehind
    """
    LoopSettings.objects.select_for_update().get(pk=loop_settings.loop_of(iteration.project).pk)
    view = selectors.round_view(iteration)
    if not may_start(view.states, kind):
        raise StepNotNow(step=_label(kind))
    later = selectors.later_round(iteration)
    if later is not None and kind is not Step.EVALUATE:
        raise RoundBehind(later=later.number, number=iteration.number, step=_label(kind))
    return view


def _set(
    iteration: Iteration,
    kind: Step,
    *,
    job: Job | None = None,
    dataset_version: DatasetVersion | None = None,
    model_version: ModelVersion | None = None,
    skipped: bool = False,
) -> None:
    Iteration.objects.filter(pk=iteration.pk).exclude(halted_because="").update(halted_because="")
    IterationStep.objects.filter(iteration=iteration, kind=kind).update(
        job=job,
        dataset_version=dataset_version,
        model_version=model_version,
        skipped_at=timezone.now() if skipped else None,
    )


def _waits_for_labels(version: DatasetVersion) -> bool:
    return not version.annotation_count and version.operation in DROPS_LABELS


def _label(kind: Step) -> str:
    return str(IterationStep.Kind(kind).label)
