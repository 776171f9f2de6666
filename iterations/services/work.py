"""What each step of a round asks of the apps below: the inputs follow from the settings and the round before."""

from dataclasses import dataclass

from django.contrib.auth.models import User
from django.utils.translation import gettext as _

from datasets.models import DatasetVersion
from datasets.services import operations
from executors.models import Job
from iterations import selectors
from iterations.models import Arm, Iteration, LoopSettings
from iterations.selectors import RoundView
from iterations.services import settings as loop_settings
from iterations.steps import Inputs, Step, source_of
from models.models import Checkpoint, ModelVersion
from models.services import inference, mining, training


@dataclass(frozen=True)
class RoundContext:
    """A round with its settings and the rounds it follows."""

    view: RoundView
    loop: LoopSettings
    before: list[RoundView]

    @classmethod
    def of(cls, view: RoundView) -> "RoundContext":
        """Read what the steps of this round start from."""
        loop = loop_settings.loop_of(view.iteration.project)
        return cls(view=view, loop=loop, before=selectors.previous_rounds(view.iteration))

    @property
    def iteration(self) -> Iteration:
        return self.view.iteration

    @property
    def suffix(self) -> str:
        """What the lines of the control arm are named by."""
        return "" if self.iteration.arm == Arm.MINED else f"-{self.iteration.arm}"

    def training_before(self) -> DatasetVersion | None:
        """What the round before trained on."""
        merged = [view.training_version for view in self.before if view.training_version is not None]
        return merged[-1] if merged else self.loop.initial_training

    def model_before(self) -> ModelVersion | None:
        """The model that the round before made."""
        made = [view.model_version for view in self.before if view.model_version is not None]
        return made[-1] if made else self.loop.initial_model

    def source(self, step: Step) -> DatasetVersion:
        """The dataset version that a step works on.

        Raises:
            iterations.services.settings.NotReady: the pool or the first training set is not chosen.
        """
        before = self.training_before()
        if step is Step.TRAIN and before is None and Step.MERGE not in self.view.outputs:
            loop_settings.require(self.loop, "initial_training")
        if step not in {Step.TRAIN, Step.EVALUATE}:
            loop_settings.require(self.loop, "pool")
        inputs = Inputs(pool=self.loop.pool_id or 0, training=before.pk if before else 0)
        return DatasetVersion.objects.select_related("dataset").get(pk=source_of(step, self.view.outputs, inputs))


def submit(round_: RoundContext, step: Step, *, by: User | None) -> Job:
    """Submit the job of a step.

    Raises:
        DomainError: whatever the service of the step refuses.
    """
    return SUBMITTERS[step](round_, by)


def _key(round_: RoundContext, step: Step) -> str:
    return f"iteration:{round_.iteration.pk}:{step}"


def _prepare(round_: RoundContext, by: User | None) -> Job:
    """Choose the candidates: by strategy, the pool without what was seen before (Iteration strategies, docs/guide)."""
    loop, strategy = round_.loop, LoopSettings.Strategy
    excluded: list[DatasetVersion] = []
    if loop.strategy != strategy.FREE:
        excluded = [each for each in (round_.training_before(), loop.validation, loop.testing) if each is not None]
        seen = Step.PREPARE if loop.strategy == strategy.CHUNK else Step.MINE
        outputs = (view.steps[seen].dataset_version for view in round_.before if seen in view.steps)
        excluded += [each for each in outputs if each is not None]
    return operations.submit_prepare(
        project=round_.iteration.project,
        name=f"candidates{round_.suffix}",
        pool=round_.source(Step.PREPARE),
        excluded=excluded,
        chunk=loop.chunk_size if loop.strategy == strategy.CHUNK else None,
        seed=loop.seed + round_.iteration.number,
        by=by,
        dedupe_key=_key(round_, Step.PREPARE),
    )


def _mine(round_: RoundContext, by: User | None) -> Job:
    """Choose what to label: by the model's doubts, or by lot in the control arm."""
    project, loop, candidates = round_.iteration.project, round_.loop, round_.source(Step.MINE)
    if round_.iteration.arm == Arm.RANDOM:
        return operations.submit_sample(
            project=project,
            name="random",
            source=candidates,
            count=min(loop.top_k, candidates.asset_count),
            seed=loop.seed + round_.iteration.number,
            by=by,
            dedupe_key=_key(round_, Step.MINE),
        )
    return mining.submit(
        project=project,
        name="mined",
        image=loop_settings.chosen(loop.image, "image"),
        checkpoint=_checkpoint(round_.model_before(), loop),
        candidates=candidates,
        top_k=min(loop.top_k, candidates.asset_count),
        config=loop.mining_config,
        gpu_count=loop.gpu_count,
        by=by,
        dedupe_key=_key(round_, Step.MINE),
    )


def _label(round_: RoundContext, by: User | None) -> Job:
    """The simulated annotator: the held-back ground truth of the chosen images."""
    return operations.submit_label(
        project=round_.iteration.project,
        name=f"labeled{round_.suffix}",
        assets=round_.source(Step.LABEL),
        truth=loop_settings.chosen(round_.loop.truth, "truth"),
        by=by,
        dedupe_key=_key(round_, Step.LABEL),
    )


def _merge(round_: RoundContext, by: User | None) -> Job:
    """Add what was labeled to what the round before trained on; new labels win."""
    before, labeled = round_.training_before(), round_.source(Step.MERGE)
    name = before.dataset.name.removesuffix(round_.suffix) if before else "training"
    return operations.submit_merge(
        project=round_.iteration.project,
        name=f"{name}{round_.suffix}",
        sources=[each for each in (before, labeled) if each is not None],
        strategy="newest",
        by=by,
        dedupe_key=_key(round_, Step.MERGE),
    )


def _train(round_: RoundContext, by: User | None) -> Job:
    """Train on the merged set, from the model of the round before or from scratch."""
    loop, before = round_.loop, round_.model_before()
    parent = _checkpoint(before, loop) if before and loop.fine_tune else None
    name = loop.initial_model.registered_model.name if loop.initial_model else "detector"
    return training.submit(
        project=round_.iteration.project,
        name=f"{name}{round_.suffix}",
        image=loop_settings.chosen(loop.image, "image"),
        training=round_.source(Step.TRAIN),
        validation=loop_settings.chosen(loop.validation, "validation"),
        config=loop.training_config,
        parent=parent,
        gpu_count=loop.gpu_count,
        by=by,
        dedupe_key=_key(round_, Step.TRAIN),
    )


def _evaluate(round_: RoundContext, by: User | None) -> Job:
    """Judge the round's model on the test set."""
    loop = round_.loop
    return inference.submit(
        project=round_.iteration.project,
        image=loop_settings.chosen(loop.image, "image"),
        checkpoint=_checkpoint(round_.view.model_version, loop),
        dataset_version=loop_settings.chosen(loop.testing, "testing"),
        config={},
        gpu_count=loop.gpu_count,
        evaluate=True,
        by=by,
        dedupe_key=_key(round_, Step.EVALUATE),
    )


def _checkpoint(model: ModelVersion | None, loop: LoopSettings) -> Checkpoint:
    if model is None or model.recommended is None:
        loop_settings.require(loop, "initial_model")
        raise loop_settings.NotReady(missing=_("a model with a recommended checkpoint"))
    return model.recommended


SUBMITTERS = {
    Step.PREPARE: _prepare,
    Step.MINE: _mine,
    Step.LABEL: _label,
    Step.MERGE: _merge,
    Step.TRAIN: _train,
    Step.EVALUATE: _evaluate,
}
