"""Projects: who works together on which classes."""

from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from common.models import Authored, Hideable
from labels.models import LabelClass

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser, User

NAME_LENGTH = 80


class Role(models.IntegerChoices):
    """What a member may do; each role may do what the ones below it may."""

    VIEWER = 10, _("viewer")
    EDITOR = 20, _("editor")
    OWNER = 30, _("owner")


class ObjectType(models.IntegerChoices):
    """What the models of a project find; the numbers are those of the executor contract."""

    DETECTION = 2, _("detection")
    SEMANTIC_SEGMENTATION = 3, _("semantic segmentation")
    INSTANCE_SEGMENTATION = 4, _("instance segmentation")


class ProjectQuerySet(models.QuerySet["Project"]):
    def visible_to(self, user: "User | AnonymousUser") -> Self:
        """Keep the projects that this person may see; superusers see all."""
        if user.is_superuser:
            return self
        return self.filter(memberships__user_id=user.pk)

    def editable_by(self, user: "User | AnonymousUser") -> Self:
        """Keep the active projects that this person may change; superusers may change all."""
        active = self.active()
        if user.is_superuser:
            return active
        return active.filter(memberships__user_id=user.pk, memberships__role__gte=Role.EDITOR)

    def active(self) -> Self:
        """Leave out what lies in the trash."""
        return self.filter(hidden_at=None)


class Project(Authored, Hideable):
    """One subject: its classes, people, data and models."""

    name = models.CharField(_("name"), max_length=100)
    description = models.TextField(_("description"), max_length=500, blank=True)
    object_type = models.PositiveSmallIntegerField(
        _("object type"), choices=ObjectType.choices, default=ObjectType.DETECTION
    )
    is_sample = models.BooleanField(_("sample project"), default=False, editable=False)
    classes = models.ManyToManyField(LabelClass, through="ProjectClass", verbose_name=_("classes"))
    members = models.ManyToManyField(settings.AUTH_USER_MODEL, through="Membership", verbose_name=_("members"))

    objects = ProjectQuerySet.as_manager()

    class Meta:
        verbose_name = _("project")
        verbose_name_plural = _("projects")
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["created_by", "name"],
                condition=models.Q(hidden_at=None),
                name="project_name",
                violation_error_message=_("You have a project with this name."),
            )
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("iterations:overview", args=[self.pk])


class ProjectClass(models.Model):
    """A class of a project; its position decides its colour and its index in training."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="project_classes")
    label_class = models.ForeignKey(LabelClass, on_delete=models.PROTECT, related_name="+")
    position = models.PositiveIntegerField()

    class Meta:
        ordering = ["position", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["project", "label_class"], name="project_class_once"),
            models.UniqueConstraint(
                fields=["project", "position"], name="project_class_position", deferrable=models.Deferrable.DEFERRED
            ),
        ]

    def __str__(self) -> str:
        return str(self.label_class)


class Membership(models.Model):
    """A person in a project."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships")
    role = models.PositiveSmallIntegerField(_("role"), choices=Role.choices, default=Role.VIEWER)

    class Meta:
        verbose_name = _("membership")
        verbose_name_plural = _("memberships")
        ordering = ["-role", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["project", "user"],
                name="membership_once",
                violation_error_message=_("This person is a member already."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.user} · {self.get_role_display()}"
