"""The class vocabulary of the installation: what objects are called, and their other names."""

from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from common.models import Authored

NAME_LENGTH = 64


class LabelClass(Authored):
    """One class. Its name never changes (data refers to it); aliases may come and go."""

    name = models.CharField(_("name"), max_length=NAME_LENGTH)

    class Meta:
        verbose_name = _("class")
        verbose_name_plural = _("classes")
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint(
                Lower("name"), name="label_class_name", violation_error_message=_("There is a class with this name.")
            )
        ]

    def __str__(self) -> str:
        return self.name


class ClassAlias(models.Model):
    """Another name under which imports may bring the class."""

    label_class = models.ForeignKey(LabelClass, on_delete=models.CASCADE, related_name="aliases")
    name = models.CharField(_("alias"), max_length=NAME_LENGTH)

    class Meta:
        verbose_name = _("alias")
        verbose_name_plural = _("aliases")
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint(
                Lower("name"), name="class_alias_name", violation_error_message=_("There is an alias with this name.")
            )
        ]

    def __str__(self) -> str:
        return self.name
