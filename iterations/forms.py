"""Forms of the loop."""

from collections.abc import Mapping
from typing import Any, ClassVar, Final

from django import forms
from django.db.models import QuerySet
from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from datasets.models import DatasetVersion
from executors.contract.errors import ConfigError
from executors.forms import HyperParameterForm
from executors.models import ExecutorImage, TaskTemplate
from iterations.models import LoopSettings
from models.models import ModelVersion
from projects.models import Project

TASKS: Final = {"training_config": TaskTemplate.Task.TRAINING, "mining_config": TaskTemplate.Task.MINING}
"""The tasks with hyper-parameters of their own, by the field of the settings that keeps what differs."""
MOST_DIGITS: Final = 18


class LoopSettingsForm(forms.ModelForm[LoopSettings]):
    """What every round starts from; choices are limited to the project's own versions.

    `options` are the hyper-parameters of the chosen image by the field that keeps them; a task that the image does not
    offer has none.
    """

    groups: ClassVar[list[tuple[Promise, list[str]]]] = [
        (_("Sets"), ["initial_training", "pool", "validation", "testing", "initial_model"]),
        (_("Each round"), ["strategy", "chunk_size", "top_k", "annotator", "truth", "fine_tune", "with_control"]),
        (_("Executor"), ["image", "gpu_count"]),
    ]

    class Meta:
        model = LoopSettings
        fields = [
            "initial_training",
            "pool",
            "validation",
            "testing",
            "initial_model",
            "image",
            "strategy",
            "chunk_size",
            "top_k",
            "annotator",
            "truth",
            "fine_tune",
            "with_control",
            "gpu_count",
        ]
        help_texts = {
            "initial_training": _("Labeled assets that the first model is trained on."),
            "pool": _("Where each round looks for assets worth labeling; labels are not needed."),
            "validation": _("Labeled assets that are never trained on. 50 or more."),
            "testing": _("Labeled assets that judge every round: the learning curve is measured on them."),
            "initial_model": _("Only if you have one: then the loop begins with mining, not with a first training."),
            "chunk_size": _("For the chunk strategy: how many candidates each round looks at."),
            "truth": _("For the simulated annotator: a version that holds the labels of the pool."),
            "with_control": _("Chooses as many assets by lot, so that you see what mining is worth. Doubles the work."),
        }

    def __init__(
        self,
        data: QueryDict | None = None,
        *,
        project: Project,
        instance: LoopSettings,
        initial: Mapping[str, Any] | None = None,
    ) -> None:
        self.object_type, image_before = project.object_type, instance.image_id
        super().__init__(data, instance=instance, initial=dict(initial or {}))
        versions = DatasetVersion.objects.in_project(project).active().for_list()
        for name in ("initial_training", "pool", "validation", "testing", "truth"):
            _limit(self.fields[name], versions)
        models = ModelVersion.objects.in_project(project).active().for_list()
        _limit(self.fields["initial_model"], models)
        images = ExecutorImage.objects.usable().for_task(TaskTemplate.Task.TRAINING, project.object_type)
        _limit(self.fields["image"], images)
        if image_before is None and "image" not in (initial or {}) and len(images[:2]) == 1:
            self.initial["image"] = images[0].pk
        self.fields["image"].widget.attrs |= {"hx-get": "", "hx-target": "#options", "hx-swap": "outerHTML"}
        image = self._chosen_image(images)
        self.options_of = str(image.pk) if image else ""
        same = image is not None and image.pk == image_before
        self.kept = {field: getattr(instance, field) if same else {} for field in TASKS}
        found = {field: self._options(image, field) for field in TASKS}
        self.options = {field: form for field, form in found.items() if form is not None}

    @property
    def parts(self) -> list[tuple[Promise, list[forms.BoundField]]]:
        """The fields in groups, each with its title."""
        return [(title, [self[name] for name in names]) for title, names in self.groups]

    @property
    def values(self) -> dict[str, Any]:
        """What the service takes. Call after `is_valid()`."""
        return {**self.cleaned_data, **{field: self._changed(field) for field in TASKS}}

    def is_valid(self) -> bool:
        """Tell whether the fields and the hyper-parameters are all well."""
        refused = [form for form in self.options.values() if form.is_bound and not form.is_valid()]
        return super().is_valid() and not refused

    def _changed(self, field: str) -> dict[str, Any]:
        """Return what differs from the image's template; of an image whose options nobody saw, what was kept of it."""
        form = self.options.get(field)
        return form.changed() if form is not None and form.is_bound else self.kept[field]

    def _chosen_image(self, images: QuerySet[ExecutorImage]) -> ExecutorImage | None:
        asked = str(self["image"].value() or "")
        return images.filter(pk=asked).first() if asked.isdecimal() and len(asked) <= MOST_DIGITS else None

    def _options(self, image: ExecutorImage | None, field: str) -> HyperParameterForm | None:
        """Return the options of a task; None where the image offers none."""
        found = image.templates.filter(task=TASKS[field], object_type=self.object_type) if image else None
        template = found.first() if found is not None else None
        if template is None:
            return None
        typed = self.data if self.is_bound and self.data.get("options_of") == self.options_of else None
        try:
            return HyperParameterForm(template.source, typed, initial=self.kept[field], prefix=field)
        except ConfigError:
            return None


class StartRoundForm(forms.Form):
    """Whether the next round goes on by itself."""

    automatic = forms.BooleanField(label=_("Go on by itself"), required=False, initial=True)


class AttachForm(forms.Form):
    """A dataset version that was made elsewhere, as the result of a step."""

    dataset_version = forms.ModelChoiceField(label=_("Dataset version"), queryset=DatasetVersion.objects.none())

    def __init__(self, *args: Any, project: Project, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _limit(self.fields["dataset_version"], DatasetVersion.objects.in_project(project).active().for_list())


def _limit(field: forms.Field, queryset: Any) -> None:
    if isinstance(field, forms.ModelChoiceField):
        field.queryset = queryset
        field.empty_label = _("not chosen")
