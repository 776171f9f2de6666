"""Abstract models shared by the apps."""

from django.conf import settings
from django.db import models
from django.utils import timezone
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

    def hide(self) -> None:
        """Move it to the trash, where it keeps the moment it first came there."""
        rows = type(self)._default_manager  # noqa: SLF001 # Django's name for it
        rows.filter(pk=self.pk, hidden_at=None).update(hidden_at=timezone.now())

    def restore(self) -> None:
        """Take it out of the trash."""
        type(self)._default_manager.filter(pk=self.pk).update(hidden_at=None)  # noqa: SLF001 # as above
