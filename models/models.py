"""Registered models and their immutable versions, the predictions they made, and how those were judged."""

from typing import Self

from django.db import models
from django.utils.translation import gettext_lazy as _

from common.models import Authored, Hideable
from datasets.models import DatasetVersion
from executors.models import ExecutorImage, Job
from projects.models import ObjectType, Project

BOX_COUNTS = frozenset({"tp", "fp", "fn"})
"""Metrics of the contract that count boxes; all others are shares."""


class RegisteredModel(Authored, Hideable):
    """A named line of model versions."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="registered_models")
    name = models.CharField(_("name"), max_length=80)

    class Meta:
        verbose_name = _("model")
        verbose_name_plural = _("models")
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["project", "name"],
                name="registered_model_name",
                violation_error_message=_("The project has a model with this name."),
            )
        ]

    def __str__(self) -> str:
        return self.name


class ModelVersionQuerySet(models.QuerySet["ModelVersion"]):
    def in_project(self, project: Project) -> Self:
        return self.filter(registered_model__project=project)

    def active(self) -> Self:
        """Leave out what lies in the trash."""
        return self.filter(hidden_at=None, registered_model__hidden_at=None, registered_model__project__hidden_at=None)

    def for_list(self) -> Self:
        """Fetch what a row of a list shows."""
        return self.select_related(
            "registered_model", "registered_model__project", "recommended", "training_version__dataset", "created_by"
        ).order_by("-created_at", "-pk")


class ModelVersion(Authored, Hideable):
    """The result of one training (or import): checkpoints with their metrics. Only `recommended` may change."""

    registered_model = models.ForeignKey(RegisteredModel, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField(_("version"))
    weights_id = models.CharField(_("weights"), max_length=64)  # sha256 naming weights/<id>/
    object_type = models.PositiveSmallIntegerField(
        _("object type"), choices=ObjectType.choices, default=ObjectType.DETECTION
    )
    class_names = models.JSONField(_("classes"), default=list)
    config = models.JSONField(_("hyper-parameters"), default=dict)
    message = models.CharField(_("message"), max_length=500, blank=True)
    is_partial = models.BooleanField(_("partial"), default=False)  # kept from a run that did not end well
    image = models.ForeignKey(ExecutorImage, null=True, on_delete=models.PROTECT, related_name="model_versions")
    training_version = models.ForeignKey(
        DatasetVersion, null=True, on_delete=models.PROTECT, related_name="trained_models"
    )
    validation_version = models.ForeignKey(
        DatasetVersion, null=True, on_delete=models.PROTECT, related_name="validated_models"
    )
    parent = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="children")
    job = models.OneToOneField(Job, null=True, on_delete=models.PROTECT, related_name="model_version")
    recommended = models.ForeignKey("Checkpoint", null=True, on_delete=models.PROTECT, related_name="+")

    objects = ModelVersionQuerySet.as_manager()

    class Meta:
        verbose_name = _("model version")
        verbose_name_plural = _("model versions")
        ordering = ["registered_model", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["registered_model", "number"], name="model_version_number"),
        ]

    def __str__(self) -> str:
        return f"{self.registered_model.name} v{self.number}"

    @property
    def ref(self) -> str:
        """The name that commands take: NAME@NUMBER."""
        return f"{self.registered_model.name}@{self.number}"

    @property
    def in_trash(self) -> bool:
        """Whether it lies in the trash, alone or with its whole model."""
        return self.hidden_at is not None or self.registered_model.hidden_at is not None


class Checkpoint(models.Model):
    """Weights saved during a training (the contract's stage), with the metrics that the image reported."""

    model_version = models.ForeignKey(ModelVersion, on_delete=models.CASCADE, related_name="checkpoints")
    name = models.CharField(_("name"), max_length=200)  # as long as a name in a package may be
    files = models.JSONField(_("files"), default=list)
    metrics = models.JSONField(_("metrics"), default=dict)
    saved_at = models.DateTimeField(_("saved"))

    class Meta:
        verbose_name = _("checkpoint")
        verbose_name_plural = _("checkpoints")
        ordering = ["saved_at", "pk"]
        constraints = [models.UniqueConstraint(fields=["model_version", "name"], name="checkpoint_name")]

    def __str__(self) -> str:
        return self.name

    @property
    def figures(self) -> dict[str, float]:
        """The metrics, what checkpoints are judged by first and counts of boxes last; a jsonb column keeps no order."""
        return dict(sorted(self.metrics.items(), key=lambda item: (item[0] != "mAP", item[0] in BOX_COUNTS, item[0])))


class Prediction(Authored, Hideable):
    """What one checkpoint found on one dataset version; the rows lie in predictions/<content_id>/."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="predictions")
    checkpoint = models.ForeignKey(Checkpoint, on_delete=models.PROTECT, related_name="predictions")
    dataset_version = models.ForeignKey(DatasetVersion, on_delete=models.PROTECT, related_name="predictions")
    image = models.ForeignKey(ExecutorImage, null=True, on_delete=models.PROTECT, related_name="predictions")
    job = models.OneToOneField(Job, null=True, on_delete=models.PROTECT, related_name="prediction")
    content_id = models.CharField(max_length=64)
    config = models.JSONField(_("hyper-parameters"), default=dict)
    asset_count = models.PositiveIntegerField(_("assets"))
    annotation_count = models.PositiveIntegerField(_("annotations"))
    class_counts = models.JSONField(_("annotations by class"), default=dict)

    class Meta:
        verbose_name = _("prediction")
        verbose_name_plural = _("predictions")
        ordering = ["-created_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.checkpoint.model_version} · {self.dataset_version}"


class Evaluation(Authored):
    """A prediction judged against the ground truth of its dataset version."""

    prediction = models.ForeignKey(Prediction, on_delete=models.CASCADE, related_name="evaluations")
    job = models.ForeignKey(Job, null=True, on_delete=models.PROTECT, related_name="evaluations")
    params = models.JSONField(default=dict)  # iou, confidence
    map50 = models.FloatField(_("mAP@.5"))
    map50_95 = models.FloatField(_("mAP@[.5:.95]"))
    report = models.JSONField(default=dict)  # models.evaluation.Report as JSON: per class, curves, confusion, intervals

    class Meta:
        verbose_name = _("evaluation")
        verbose_name_plural = _("evaluations")
        ordering = ["-created_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.prediction} · {self.map50:.3f}"
