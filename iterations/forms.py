"""Forms of the loop."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from datasets.models import DatasetVersion
from executors.models import ExecutorImage, TaskTemplate
from iterations.models import LoopSettings
from models.models import ModelVersion
from projects.models import Project


class LoopSettingsForm(forms.ModelForm[LoopSettings]):
    """What every round starts from; choices are limited to the project's own versions."""

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

    def __init__(self, *args: Any, project: Project, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        versions = DatasetVersion.objects.in_project(project).active().for_list()
        for name in ("initial_training", "pool", "validation", "testing", "truth"):
            _limit(self.fields[name], versions)
        models = ModelVersion.objects.in_project(project).active().for_list()
        _limit(self.fields["initial_model"], models)
        images = ExecutorImage.objects.usable().for_task(TaskTemplate.Task.TRAINING, project.object_type)
        _limit(self.fields["image"], images)


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
