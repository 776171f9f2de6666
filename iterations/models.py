"""The loop: its settings in a project, its rounds, and the steps of a round."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from common.models import Authored
from common.wording import WordingField
from datasets.models import DatasetVersion
from executors.models import ExecutorImage, Job
from models.models import ModelVersion
from projects.models import Project


class Arm(models.TextChoices):
    """Which way the images of a round are chosen. The random arm is the control that mining is measured against."""

    MINED = "mined", _("mined")
    RANDOM = "random", _("random")


class LoopSettings(models.Model):
    """What every round of a project starts from."""

    class Strategy(models.TextChoices):
        CHUNK = "chunk", _("chunk: a block of new candidates each round")
        UNIQUE = "unique", _("unique: everything not chosen before")
        FREE = "free", _("free: the whole pool each round")

    class Annotator(models.TextChoices):
        PEOPLE = "people", _("people (export, annotate, import)")
        SIMULATED = "simulated", _("simulated: held-back ground truth")

    project = models.OneToOneField(Project, on_delete=models.CASCADE, related_name="loop")
    pool = models.ForeignKey(
        DatasetVersion, verbose_name=_("pool"), null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    initial_training = models.ForeignKey(
        DatasetVersion,
        verbose_name=_("initial training set"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    validation = models.ForeignKey(
        DatasetVersion,
        verbose_name=_("validation set"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    testing = models.ForeignKey(
        DatasetVersion, verbose_name=_("test set"), null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    initial_model = models.ForeignKey(
        ModelVersion, verbose_name=_("initial model"), null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    image = models.ForeignKey(
        ExecutorImage,
        verbose_name=_("executor image"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    training_config = models.JSONField(_("training hyper-parameters"), default=dict, blank=True)
    mining_config = models.JSONField(_("mining hyper-parameters"), default=dict, blank=True)
    fine_tune = models.BooleanField(_("start from the model of the round before"), default=True)
    gpu_count = models.PositiveSmallIntegerField(_("GPUs"), default=0)
    strategy = models.CharField(_("mining strategy"), max_length=10, choices=Strategy.choices, default=Strategy.UNIQUE)
    chunk_size = models.PositiveIntegerField(_("chunk size"), default=1000)
    top_k = models.PositiveIntegerField(_("assets to label each round"), default=100)
    annotator = models.CharField(_("annotator"), max_length=10, choices=Annotator.choices, default=Annotator.PEOPLE)
    truth = models.ForeignKey(
        DatasetVersion,
        verbose_name=_("held-back ground truth"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    with_control = models.BooleanField(_("run a random-choice control"), default=False)
    seed = models.PositiveIntegerField(_("seed"), default=1)

    class Meta:
        verbose_name = _("loop settings")
        verbose_name_plural = _("loop settings")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(chunk_size__gte=2),
                name="loop_settings_chunk_size",
                violation_error_message=_("A chunk has at least 2 assets."),
            ),
            models.CheckConstraint(
                condition=models.Q(top_k__gte=1),
                name="loop_settings_top_k",
                violation_error_message=_("A round labels at least 1 asset."),
            ),
        ]

    def __str__(self) -> str:
        return str(self.project)


class Iteration(Authored):
    """One round of one arm. Round 0 is the initial training, shared by both arms."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="iterations")
    arm = models.CharField(_("arm"), max_length=10, choices=Arm.choices, default=Arm.MINED)
    number = models.PositiveIntegerField(_("round"))
    is_automatic = models.BooleanField(_("goes on by itself"), default=False)
    halted_because = WordingField(_("why it goes on by itself no more"), default="", blank=True, editable=False)

    class Meta:
        verbose_name = _("iteration")
        verbose_name_plural = _("iterations")
        ordering = ["-number", "arm"]
        constraints = [
            models.UniqueConstraint(
                fields=["project", "arm", "number"],
                name="iteration_number",
                violation_error_message=_("This round exists already."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.project} · {self.number} · {self.arm}"


class IterationStep(models.Model):
    """One step of a round. Its state is its job's state; a step without a job took its result from elsewhere."""

    class Kind(models.TextChoices):
        PREPARE = "prepare", _("Candidates")
        MINE = "mine", _("Mine")
        LABEL = "label", _("Label")
        MERGE = "merge", _("Merge")
        TRAIN = "train", _("Train")
        EVALUATE = "evaluate", _("Evaluate")

    iteration = models.ForeignKey(Iteration, on_delete=models.CASCADE, related_name="steps")
    kind = models.CharField(_("step"), max_length=10, choices=Kind.choices)
    job = models.ForeignKey(Job, null=True, blank=True, on_delete=models.PROTECT, related_name="steps")
    dataset_version = models.ForeignKey(
        DatasetVersion, null=True, blank=True, on_delete=models.PROTECT, related_name="steps"
    )
    model_version = models.ForeignKey(
        ModelVersion, null=True, blank=True, on_delete=models.PROTECT, related_name="steps"
    )
    skipped_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("step")
        verbose_name_plural = _("steps")
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["iteration", "kind"], name="iteration_step_once")]

    def __str__(self) -> str:
        return f"{self.iteration} · {self.kind}"
