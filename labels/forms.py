"""Forms of the class vocabulary."""

from django import forms
from django.utils.translation import gettext_lazy as _

from labels.models import LabelClass
from labels.services import split_names


class AddClassesForm(forms.Form):
    """One class a line, aliases behind a colon."""

    lines = forms.CharField(
        label=_("Classes"),
        widget=forms.Textarea(attrs={"rows": 4, "spellcheck": "false"}),
        max_length=20_000,
        help_text=_("One a line; other names behind a colon: cat: kitty, tomcat"),
    )

    def entries(self) -> list[tuple[str, list[str]]]:
        """Return (name, aliases) for each line that is not empty."""
        return [split_line(line) for line in self.cleaned_data["lines"].splitlines() if line.strip()]


class AliasesForm(forms.Form):
    """The other names of one class."""

    aliases = forms.CharField(
        label=_("Aliases"), required=False, max_length=2000, help_text=_("Separate them with commas")
    )

    def names(self) -> list[str]:
        """Return the aliases that were entered."""
        return split_names(self.cleaned_data["aliases"])


def split_line(line: str) -> tuple[str, list[str]]:
    """Split `name: alias, alias`."""
    name, _colon, rest = line.partition(":")
    return name.strip(), split_names(rest)


def initial_aliases(label: LabelClass) -> dict[str, str]:
    """Return what the aliases form of a class starts with."""
    return {"aliases": ", ".join(alias.name for alias in label.aliases.all())}
