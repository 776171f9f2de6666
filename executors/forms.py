"""Forms of jobs and executor images, and the one made from an image's own template."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.html import escape
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from executors.contract import config, image_manual
from executors.contract.errors import ConfigError
from executors.contract.image_manual import FieldType, TemplateField
from executors.models import ExecutorImage, Job

TEXT_LENGTH = 2000


class CancelForm(forms.Form):
    """What is to become of what a job made so far."""

    mode = forms.TypedChoiceField(choices=[each for each in Job.Cancel.choices if each[0]], coerce=Job.Cancel)


class ImageForm(forms.Form):
    """An executor image to register."""

    reference = forms.CharField(
        label=gettext_lazy("Reference"),
        max_length=255,
        help_text=gettext_lazy(
            "As for docker pull, such as ymir/detector:1; for a process, the folder of a shipped executor"
        ),
    )
    runner = forms.ChoiceField(label=gettext_lazy("Runs as"), choices=ExecutorImage.Runner.choices)
    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=80,
        required=False,
        help_text=gettext_lazy("Without one, the reference is its name"),
    )


class TemplateValueField(forms.CharField):
    """A value that only YAML can say (a list, a mapping, nothing yet), or text; cleans to the template's type."""

    def __init__(self, key: str, default: Any, **options: Any) -> None:
        self.key, self.default = key, default
        super().__init__(max_length=TEXT_LENGTH, required=False, **options)

    def prepare_value(self, value: Any) -> Any:
        """Show values as people type them: lists with commas, nothing as nothing."""
        if isinstance(value, list) and all(isinstance(item, str | int | float) for item in value):
            return ", ".join(map(str, value))
        return "" if value is None else value

    def clean(self, value: Any) -> Any:
        """Return the value in the type of the template's.

        Raises:
            ValidationError: when it cannot be.
        """
        return _fitted(self.key, super().clean(value), self.default)


class HyperParameterForm(forms.Form):
    """The options of one task of an image, typed from the image's own template.

    Args:
        template_source: the template's text (`TaskTemplate.source`).
        data: what was posted.
        initial: values that differ from the template's, from an earlier run; unknown keys are left out.
        prefix: of the names of the fields, so that several forms can stand in one.

    Raises:
        ConfigError: when the template is not a YAML mapping.
    """

    def __init__(
        self,
        template_source: str,
        data: Mapping[str, Any] | None = None,
        *,
        initial: Mapping[str, Any] | None = None,
        prefix: str = "config",
    ) -> None:
        self.template_fields = image_manual.fields(template_source)
        defaults = {each.key: each.default for each in self.template_fields}
        given = {key: value for key, value in (initial or {}).items() if key in defaults}
        super().__init__(data, initial=defaults | given, prefix=prefix)
        self.fields = {each.key: _form_field(each) for each in self.template_fields}

    def changed(self) -> dict[str, Any]:
        """Return the values that differ from the template's, in the template's types. Call after `is_valid()`."""
        cleaned = {each.key: (self.cleaned_data[each.key], each.default) for each in self.template_fields}
        return {
            key: value
            for key, (value, default) in cleaned.items()
            if type(value) is not type(default) or value != default
        }


def _form_field(option: TemplateField) -> forms.Field:
    shown: dict[str, Any] = {"label": option.key, "help_text": escape(option.help)}
    match option.type:
        case FieldType.BOOL:
            return forms.BooleanField(required=False, **shown)
        case FieldType.INT:
            return forms.IntegerField(**shown)
        case FieldType.FLOAT:
            return forms.FloatField(**shown)
        case FieldType.CHOICE:
            choices = [(word, word) for word in option.choices]
            return forms.TypedChoiceField(
                choices=choices, coerce=lambda raw: _fitted(option.key, raw, option.default), **shown
            )
    return TemplateValueField(option.key, option.default, **shown)


def _fitted(key: str, value: str, default: Any) -> Any:
    """Return the value in the type of the template's; emptied, it is what the template says for nothing.

    Raises:
        ValidationError: when it does not fit.
    """
    try:
        return config.fit(key, value, default)
    except ConfigError as error:
        raise ValidationError(
            _("This does not fit the image's value {default}.").format(default=repr(default))
        ) from error
