"""Reading rounds: where each step stands, what it made, and the learning curve."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from datasets.models import DatasetVersion
from executors.models import Job
from iterations.models import Arm, Iteration, IterationStep, LoopSettings
from iterations.steps import BEHIND, State, Step, current
from models.held_out import HeldOut
from models.models import Evaluation, ModelVersion
from projects.models import Project

STEP_RELATIONS = (
    "job__dataset_version__dataset",
    "job__model_version__registered_model",
    "dataset_version__dataset",
    "model_version__registered_model",
)


@dataclass(frozen=True)
class StepView:
    """A step with everything a page or the next step needs."""

    kind: Step
    label: str
    state: State
    job: Job | None
    dataset_version: DatasetVersion | None
    model_version: ModelVersion | None
    evaluation: Evaluation | None = None


@dataclass(frozen=True)
class RoundView:
    """A round with its steps."""

    iteration: Iteration
    steps: dict[Step, StepView]

    @property
    def states(self) -> Mapping[Step, State]:
        return {kind: step.state for kind, step in self.steps.items()}

    @property
    def current(self) -> Step | None:
        return current(self.states)

    @property
    def is_finished(self) -> bool:
        return self.current is None

    @property
    def outputs(self) -> dict[Step, int]:
        """Ids of the dataset versions made so far."""
        return {kind: step.dataset_version.pk for kind, step in self.steps.items() if step.dataset_version}

    @property
    def training_version(self) -> DatasetVersion | None:
        """What this round trained on: its merged set."""
        step = self.steps.get(Step.MERGE)
        return step.dataset_version if step else None

    @property
    def model_version(self) -> ModelVersion | None:
        step = self.steps.get(Step.TRAIN)
        return step.model_version if step else None

    @property
    def evaluation(self) -> Evaluation | None:
        """How good the round's model is on the test set."""
        step = self.steps.get(Step.EVALUATE)
        return step.evaluation if step else None


@dataclass(frozen=True)
class CurvePoint:
    """A model of the loop on the learning curve."""

    arm: Arm
    number: int
    labeled: int
    map50: float
    map50_95: float
    evaluation: Evaluation
    model_version: ModelVersion


def step_view(step: IterationStep) -> StepView:
    """Derive where a step stands from its job and what was attached to it."""
    made_dataset = step.dataset_version or (getattr(step.job, "dataset_version", None) if step.job else None)
    made_model = step.model_version or (getattr(step.job, "model_version", None) if step.job else None)
    return StepView(
        kind=Step(step.kind),
        label=step.get_kind_display(),
        state=_state(step, is_made=made_dataset is not None or made_model is not None),
        job=step.job,
        dataset_version=made_dataset,
        model_version=made_model,
        evaluation=next(iter(step.job.evaluations.all()), None) if step.job else None,
    )


def _state(step: IterationStep, *, is_made: bool) -> State:
    if step.skipped_at is not None:
        return State.SKIPPED
    if step.job is None:
        return State.DONE if is_made else State.OPEN
    if step.job.state == Job.State.SUCCEEDED or (is_made and step.job.state in Job.FINAL):
        return State.DONE
    return State(step.job.state)


def round_view(iteration: Iteration) -> RoundView:
    """Return a round with its steps (two queries)."""
    found = iteration.steps.select_related("job", *STEP_RELATIONS).prefetch_related("job__evaluations")
    steps = [step_view(step) for step in found]
    return RoundView(iteration=iteration, steps={step.kind: step for step in steps})


def rounds(project: Project) -> list[RoundView]:
    """Return the rounds of a project, oldest first (two queries)."""
    found = project.iterations.order_by("number", "arm")
    steps: dict[int, dict[Step, StepView]] = {}
    for step in (
        IterationStep.objects.filter(iteration__in=found)
        .select_related("job", *STEP_RELATIONS)
        .prefetch_related("job__evaluations")
    ):
        steps.setdefault(step.iteration_id, {})[Step(step.kind)] = step_view(step)
    return [RoundView(iteration=each, steps=steps.get(each.pk, {})) for each in found]


def previous_rounds(iteration: Iteration) -> list[RoundView]:
    """Return the rounds this one follows: those of its arm, and round 0, oldest first."""
    before = [view for view in rounds(iteration.project) if view.iteration.number < iteration.number]
    return [view for view in before if view.iteration.arm == iteration.arm or view.iteration.number == 0]


def held_out(project: Project) -> list[HeldOut]:
    """Return the versions that judge the models of the loop."""
    related = ("validation__dataset", "testing__dataset")
    loop = LoopSettings.objects.filter(project=project).select_related(*related).first()
    chosen = [(loop.testing, _("test set")), (loop.validation, _("validation set"))] if loop else []
    return [HeldOut(version, role) for version, role in chosen if version is not None]


def later_round(iteration: Iteration) -> Iteration | None:
    """Return a round that was started after this one from what it made: of the same arm, or of any after round 0."""
    later = Iteration.objects.filter(project=iteration.project_id, number__gt=iteration.number)
    return (later.filter(arm=iteration.arm) if iteration.number else later).order_by("number", "arm").first()


def learning_curve(project: Project) -> list[CurvePoint]:
    """Return the evaluated models of the loop, by arm and round (round 0 stands in both arms)."""
    views = [view for view in rounds(project) if view.model_version is not None]
    evaluations = _newest_evaluations([view.model_version.pk for view in views if view.model_version])
    points: list[CurvePoint] = []
    for view in views:
        model = view.model_version
        evaluation = evaluations.get(model.pk) if model else None
        if model is None or evaluation is None or model.training_version is None:
            continue
        arms = [Arm(view.iteration.arm)] if view.iteration.number else list(Arm)
        points += [
            CurvePoint(
                arm=arm,
                number=view.iteration.number,
                labeled=model.training_version.asset_count,
                map50=evaluation.map50,
                map50_95=evaluation.map50_95,
                evaluation=evaluation,
                model_version=model,
            )
            for arm in arms
        ]
    return points


def _newest_evaluations(model_ids: list[int]) -> dict[int, Evaluation]:
    """Return for each model version its newest evaluation that the loop's own evaluate step made."""
    found = (
        Evaluation.objects.filter(
            prediction__checkpoint__model_version_id__in=model_ids, prediction__job__steps__kind=Step.EVALUATE
        )
        .select_related("prediction__checkpoint")
        .order_by("created_at", "pk")
    )
    return {each.prediction.checkpoint.model_version_id: each for each in found}


def unfinished(project: Project) -> list[RoundView]:
    """Return the rounds that are not finished, oldest first."""
    return [view for view in rounds(project) if any(state not in BEHIND for state in view.states.values())]
