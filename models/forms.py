"""Forms of runs: train, mine, infer. The hyper-parameters come from the chosen image's own template."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from common.errors import DomainError
from common.forms import OnceForm
from common.numbers import score
from datasets import selectors as dataset_selectors
from datasets.models import DatasetVersion
from datasets.pages import words
from executors.contract.errors import ConfigError
from executors.forms import HyperParameterForm
from executors.models import ExecutorImage, TaskTemplate
from models import selectors
from models.models import Checkpoint
from projects import services as projects
from projects.models import Project

MOST_DIGITS = 18


class VersionField(forms.ModelChoiceField[DatasetVersion]):
    """One dataset version of the project."""

    def __init__(self, **options: Any) -> None:
        super().__init__(queryset=DatasetVersion.objects.none(), empty_label=gettext_lazy("not chosen"), **options)

    def label_from_instance(self, obj: DatasetVersion) -> str:
        """Name a version with its size: smear-train v4 · 96 assets, 1,204 boxes."""
        parts = [words.asset_words(obj.asset_count)]
        parts += [words.box_words(obj.annotation_count)] if obj.annotation_count else []
        return f"{obj} · {', '.join(parts)}"


class CheckpointField(forms.ModelChoiceField[Checkpoint]):
    """The recommended checkpoint of a model version, or another one that the address names."""

    def __init__(self, **options: Any) -> None:
        super().__init__(queryset=Checkpoint.objects.none(), **options)

    def label_from_instance(self, obj: Checkpoint) -> str:
        """Name a checkpoint with its model and what it reached: smear-net v3 · epoch_41, mAP 0.871."""
        reached = [f"{name} {score(value)}" for name, value in obj.figures.items()][:1]
        return ", ".join([f"{obj.model_version} · {obj.name}", *reached])


class RunForm(OnceForm):
    """What every run asks; `options` are the hyper-parameters of the chosen image, None where there is no image.

    Args:
        initial: what the address or an earlier job says; `config` holds hyper-parameters.
    """

    task: ClassVar[TaskTemplate.Task]
    labeled: ClassVar[set[str]] = set()
    aliases: ClassVar[dict[str, str]] = {"model": "checkpoint"}

    image = forms.ModelChoiceField(
        label=gettext_lazy("Executor image"), queryset=ExecutorImage.objects.none(), empty_label=None
    )
    gpu_count = forms.IntegerField(label=gettext_lazy("GPUs"), min_value=0)

    def __init__(
        self, data: QueryDict | None = None, *, project: Project, initial: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(data, initial=dict(initial or {}))
        self.project = project
        self._offer_images()
        self._offer_versions()
        self._offer_checkpoints()
        self._limit_gpus()
        self._follow_choices()
        self.options = self._hyper_parameters()

    @property
    def values(self) -> dict[str, Any]:
        """What the service takes. Call after `is_valid()`."""
        given = {name: value for name, value in self.cleaned_data.items() if name != "token"}
        return {**given, "config": self.options.changed() if self.options else {}}

    def is_valid(self) -> bool:
        """Tell whether the fields and the hyper-parameters are all well."""
        options_valid = self.options is None or self.options.is_valid()
        return super().is_valid() and options_valid

    def refuse(self, error: DomainError) -> None:
        """Show a service's refusal at the field it is about."""
        option = str(error.values.get("key", ""))
        if error.field == "config" and self.options is not None and option in self.options.fields:
            self.options.add_error(option, str(error.values.get("reason", error.words())))
            return
        field = self.aliases.get(error.field, error.field)
        self.add_error(field if field in self.fields else None, error.words())

    @property
    def chosen(self) -> dict[str, Any]:
        """What is chosen among the project's things, by field; None where nothing is, or what may not be."""
        names = [name for name, field in self.fields.items() if isinstance(field, VersionField | CheckpointField)]
        return {name: self._choice(name) for name in names}

    @property
    def lacks(self) -> str:
        """What must be made before anything can be chosen here: "data", "labels", "model" or nothing."""
        for name, field in self.fields.items():
            is_open = isinstance(field, VersionField | CheckpointField) and field.required
            if not is_open or (field.queryset is not None and field.queryset.exists()):  # type: ignore[attr-defined]
                continue
            if isinstance(field, CheckpointField):
                return "model"
            return "labels" if name in self.labeled else "data"
        return ""

    @property
    def what(self) -> list[forms.BoundField]:
        """The fields that people see, but for image and GPUs, which come last."""
        return [bound for bound in self.visible_fields() if bound.name not in {"image", "gpu_count"}]

    def _choice(self, name: str) -> Any:
        field, asked = self.fields[name], self._asked(name)
        if not isinstance(field, forms.ModelChoiceField) or not asked.isdecimal() or len(asked) > MOST_DIGITS:
            return None
        return field.queryset.filter(pk=asked).first() if field.queryset is not None else None

    def _asked(self, name: str) -> str:
        value = self.data.get(name) if self.is_bound else self.initial.get(name)
        return str(value or "")

    def _offer_images(self) -> None:
        field = self.fields["image"]
        images = ExecutorImage.objects.usable().for_task(self.task, self.project.object_type)
        field.queryset = images  # type: ignore[attr-defined]
        self.images = {str(each.pk): each for each in images}
        if not self.is_bound and self._asked("image") not in self.images:
            self.initial["image"] = next(iter(self.images), "")
        field.widget.attrs |= {"hx-get": "", "hx-target": "#options", "hx-swap": "outerHTML"}

    def _offer_versions(self) -> None:
        for name, field in self.fields.items():
            if isinstance(field, VersionField):
                versions = dataset_selectors.choices(self.project).filter(asset_count__gt=0)
                field.queryset = versions.filter(annotation_count__gt=0) if name in self.labeled else versions

    def _offer_checkpoints(self) -> None:
        if "checkpoint" in self.fields:
            asked = self._asked("checkpoint")
            also = [int(asked)] if asked.isdecimal() and len(asked) <= MOST_DIGITS else []
            self.fields["checkpoint"].queryset = selectors.checkpoint_choices(self.project, also)  # type: ignore[attr-defined]

    def _follow_choices(self) -> None:
        """What is chosen decides what speaks against the run."""
        names = [name for name, field in self.fields.items() if isinstance(field, VersionField | CheckpointField)]
        included = ", ".join(f"[name='{name}']" for name in names)
        for name in names:
            attributes = {"hx-get": "", "hx-include": included, "hx-target": "#concerns", "hx-swap": "outerHTML"}
            self.fields[name].widget.attrs |= attributes

    def _limit_gpus(self) -> None:
        host, field = selectors.largest_host(), self.fields["gpu_count"]
        self.initial.setdefault("gpu_count", min(1, host.count))
        field.widget.attrs |= {"max": host.count, "min": 0}
        field.validators.append(lambda asked: _check_gpus(asked, host))
        if not host.count:
            field.help_text = _("No GPU was seen here: the run computes on the CPU")

    def _hyper_parameters(self) -> HyperParameterForm | None:
        image = self.images.get(self._asked("image"))
        if image is None:
            return None
        template = image.templates.get(task=self.task, object_type=self.project.object_type)
        try:
            return HyperParameterForm(
                template.source, self.data if self.is_bound else None, initial=self.initial.get("config")
            )
        except ConfigError:
            return None


class TrainForm(RunForm):
    """A training: from sets, classes and perhaps a model to start from, to a model version."""

    task = TaskTemplate.Task.TRAINING
    labeled: ClassVar[set[str]] = {"training", "validation"}
    aliases: ClassVar[dict[str, str]] = {"model": "checkpoint", "class_names": "classes"}

    training = VersionField(label=gettext_lazy("Training set"), help_text=gettext_lazy("What the model learns from"))
    validation = VersionField(
        label=gettext_lazy("Validation set"),
        help_text=gettext_lazy("Labeled assets that are never trained on. 50 or more."),
    )
    checkpoint = CheckpointField(
        label=gettext_lazy("Start from"),
        required=False,
        empty_label=gettext_lazy("nothing: train from scratch"),
        help_text=gettext_lazy("A model of the same image goes on learning, which takes fewer epochs"),
    )
    classes = forms.MultipleChoiceField(
        label=gettext_lazy("Classes"),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": gettext_lazy("Tick at least one class.")},
    )
    name = forms.CharField(
        label=gettext_lazy("Model"),
        max_length=80,
        help_text=gettext_lazy("A new name starts a model; a name in use gets its next version"),
        widget=forms.TextInput(attrs={"list": "model-names", "autocomplete": "off"}),
    )
    message = forms.CharField(
        label=gettext_lazy("Message"), max_length=500, required=False, help_text=gettext_lazy("Kept with the version")
    )

    def __init__(
        self, data: QueryDict | None = None, *, project: Project, initial: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(data, project=project, initial=initial)
        names = projects.class_names(project)
        self.fields["classes"].choices = [(name, name) for name in names]  # type: ignore[attr-defined]
        self.initial.setdefault("classes", names)

    @property
    def values(self) -> dict[str, Any]:
        """What the service takes; classes in the order of the project."""
        given = super().values
        ticked = set(given.pop("classes"))
        classes = [name for name, _label in self.fields["classes"].choices if name in ticked]  # type: ignore[attr-defined]
        return {"class_names": classes, "parent": given.pop("checkpoint"), **given}


class MineForm(RunForm):
    """A mining: which of many assets would help a model most."""

    task = TaskTemplate.Task.MINING
    aliases: ClassVar[dict[str, str]] = {"model": "checkpoint", "candidates": "dataset"}

    checkpoint = CheckpointField(label=gettext_lazy("Model"))
    dataset = VersionField(
        label=gettext_lazy("Candidates"), help_text=gettext_lazy("Where to look; labels are not needed")
    )
    top_k = forms.IntegerField(
        label=gettext_lazy("Assets to choose"), min_value=1, help_text=gettext_lazy("As many as you want to label")
    )
    name = forms.CharField(
        label=gettext_lazy("Dataset"),
        max_length=80,
        help_text=gettext_lazy("A new name starts a dataset; a name in use gets its next version"),
        widget=forms.TextInput(attrs={"list": "dataset-names", "autocomplete": "off"}),
    )
    message = forms.CharField(
        label=gettext_lazy("Message"), max_length=500, required=False, help_text=gettext_lazy("Kept with the version")
    )

    @property
    def values(self) -> dict[str, Any]:
        given = super().values
        return {"candidates": given.pop("dataset"), **given}


class InferForm(RunForm):
    """An inference: what a model finds, and how good that is where there is ground truth."""

    task = TaskTemplate.Task.INFER

    checkpoint = CheckpointField(label=gettext_lazy("Model"))
    dataset = VersionField(label=gettext_lazy("Dataset version"), help_text=gettext_lazy("The images to look at"))
    evaluate = forms.BooleanField(
        label=gettext_lazy("Evaluate against the ground truth"),
        required=False,
        help_text=gettext_lazy("The dataset version must be labeled"),
    )

    @property
    def values(self) -> dict[str, Any]:
        given = super().values
        return {"dataset_version": given.pop("dataset"), **given}


def _check_gpus(asked: int, host: selectors.GpuHost) -> None:
    """Pass when a host has as many GPUs as are asked for.

    Raises:
        ValidationError
    """
    if asked <= host.count:
        return
    if not host.count:
        raise forms.ValidationError(_("No GPU was seen here. Enter 0."))
    limit = ngettext(
        "{host} has {count} GPU. Enter 0 or 1.", "{host} has {count} GPUs. Enter 0 to {count}.", host.count
    )
    raise forms.ValidationError(limit.format(host=host.name, count=host.count))
