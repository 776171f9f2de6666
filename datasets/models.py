"""Datasets and their immutable versions. The rows of data lie in files, named by `content_id`."""

from typing import Self

from django.db import models
from django.utils.translation import gettext_lazy as _

from common.models import Authored, Hideable
from executors.models import Job
from projects.models import Project


class Dataset(Authored, Hideable):
    """A named line of versions."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="datasets")
    name = models.CharField(_("name"), max_length=80)

    class Meta:
        verbose_name = _("dataset")
        verbose_name_plural = _("datasets")
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["project", "name"],
                name="dataset_name",
                violation_error_message=_("The project has a dataset with this name."),
            )
        ]

    def __str__(self) -> str:
        return self.name


class DatasetVersionQuerySet(models.QuerySet["DatasetVersion"]):
    def in_project(self, project: Project) -> Self:
        return self.filter(dataset__project=project)

    def active(self) -> Self:
        """Leave out what lies in the trash."""
        return self.filter(hidden_at=None, dataset__hidden_at=None, dataset__project__hidden_at=None)

    def for_list(self) -> Self:
        """Fetch what a row of a list shows."""
        return self.select_related("dataset", "dataset__project", "created_by").order_by("-created_at", "-pk")


class DatasetVersion(Authored, Hideable):
    """One commit of a dataset: never edited, only followed. Its files exist before its row does."""

    class Operation(models.TextChoices):
        IMPORT = "import", _("import")
        MERGE = "merge", _("merge")
        FILTER = "filter", _("filter")
        SAMPLE = "sample", _("sample")
        EXCLUDE = "exclude", _("exclude")
        MINE = "mine", _("mine")
        LABEL = "label", _("label")
        PREPARE = "prepare", _("choose candidates")

    dataset = models.ForeignKey(Dataset, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField(_("version"))
    content_id = models.CharField(_("content"), max_length=64)
    operation = models.CharField(_("operation"), max_length=10, choices=Operation.choices)
    params = models.JSONField(_("parameters"), default=dict)
    message = models.CharField(_("message"), max_length=500, blank=True)
    job = models.OneToOneField(Job, null=True, on_delete=models.PROTECT, related_name="dataset_version")
    parents = models.ManyToManyField("self", through="VersionParent", symmetrical=False, related_name="children")
    asset_count = models.PositiveIntegerField(_("assets"))
    annotation_count = models.PositiveIntegerField(_("annotations"))
    class_counts = models.JSONField(_("annotations by class"), default=dict)  # class name -> annotations
    fault_count = models.PositiveIntegerField(_("faults"), default=0)

    objects = DatasetVersionQuerySet.as_manager()

    class Meta:
        verbose_name = _("dataset version")
        verbose_name_plural = _("dataset versions")
        ordering = ["dataset", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["dataset", "number"], name="dataset_version_number"),
        ]
        indexes = [
            # garbage collection asks which contents are in use
            models.Index(fields=["content_id"], name="dataset_version_content"),
        ]

    def __str__(self) -> str:
        return f"{self.dataset.name} v{self.number}"

    @property
    def ref(self) -> str:
        """The name that commands take: NAME@NUMBER."""
        return f"{self.dataset.name}@{self.number}"

    @property
    def in_trash(self) -> bool:
        """Whether it lies in the trash, alone or with its whole dataset."""
        return self.hidden_at is not None or self.dataset.hidden_at is not None


class VersionParent(models.Model):
    """Which versions a version was made from, in the order that the operation took them."""

    version = models.ForeignKey(DatasetVersion, on_delete=models.CASCADE, related_name="parent_links")
    parent = models.ForeignKey(DatasetVersion, on_delete=models.PROTECT, related_name="child_links")
    position = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["version", "position"], name="version_parent_position"),
        ]

    def __str__(self) -> str:
        return f"{self.version_id} ← {self.parent_id}"
