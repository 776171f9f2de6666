"""The class vocabulary in the admin."""

from typing import Any

from django import forms
from django.contrib import admin

from labels import services
from labels.models import ClassAlias, LabelClass


class NameForm(forms.ModelForm[Any]):
    """A name that files and executors can carry."""

    def clean_name(self) -> str:
        """Return the name in the form it is stored in.

        Raises:
            ValidationError
        """
        try:
            return services.clean_name(self.cleaned_data["name"])
        except services.BadClassName as error:
            raise forms.ValidationError(error.words()) from error


class AliasInline(admin.TabularInline[ClassAlias, LabelClass]):
    model = ClassAlias
    form = NameForm
    extra = 1


@admin.register(LabelClass)
class LabelClassAdmin(admin.ModelAdmin[LabelClass]):
    form = NameForm
    list_display = ["name", "created_by", "created_at"]
    search_fields = ["name", "aliases__name"]
    inlines = [AliasInline]

    def get_readonly_fields(self, request: object, obj: LabelClass | None = None) -> list[str]:
        """Data refers to a class by its name: it never changes."""
        return ["name"] if obj else []
