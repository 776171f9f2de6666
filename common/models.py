"""Abstract models shared by the apps."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class Authored(models.Model):
    """Something a person made at a time; it outlives the person's account."""

    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("created by"),
        null=True,
        blank=True,
        editable=False,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        abstract = True


class Hideable(models.Model):
    """Something that can lie in the trash."""

    hidden_at = models.DateTimeField(_("hidden"), null=True, blank=True, editable=False)

    class Meta:
        abstract = True
