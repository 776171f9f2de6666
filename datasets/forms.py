"""Forms of datasets: import, export, and the operations that make a version from others."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from common.errors import DomainError
from common.forms import OnceForm
from common.numbers import size as size_words
from common.numbers import thousands
from datasets import selectors, uploads
from datasets.models import DatasetVersion
from datasets.services import exports, imports, versions
from datasets.uploads import StoredUpload
from projects import services as projects
from projects.models import Project

FORMAT_LABELS = {
    "auto": gettext_lazy("detect it"),
    "voc": gettext_lazy("Pascal VOC (XML files)"),
    "coco": gettext_lazy("COCO (JSON file)"),
    "images": gettext_lazy("images only"),
}
EXPORT_LABELS = {"voc": FORMAT_LABELS["voc"], "coco": FORMAT_LABELS["coco"]}
MERGE_STRATEGIES = [
    ("newest", gettext_lazy("the newest version wins")),
    ("oldest", gettext_lazy("the oldest version wins")),
    ("stop", gettext_lazy("stop and list them")),
]
MAX_SEED = 2**31 - 1


class NameField(forms.CharField):
    """The name of a dataset: a new one, or one that gets its next version."""

    def __init__(self) -> None:
        super().__init__(
            label=gettext_lazy("Dataset"),
            max_length=80,
            help_text=gettext_lazy("A new name starts a dataset; a name in use gets its next version"),
            widget=forms.TextInput(attrs={"list": "dataset-names", "autocomplete": "off"}),
        )

    def clean(self, value: Any) -> str:
        """Return the name.

        Raises:
            ValidationError: commands and addresses could not carry it.
        """
        name = str(super().clean(value))
        try:
            versions.check_name(name)
        except DomainError as error:
            raise forms.ValidationError(error.words()) from error
        return name


class MessageField(forms.CharField):
    """A word on why, kept with the version."""

    def __init__(self) -> None:
        super().__init__(
            label=gettext_lazy("Message"), max_length=500, required=False, help_text=gettext_lazy("Shown in the log")
        )


def version_label(version: DatasetVersion) -> str:
    """Name a version in a list of choices: smear-train v4 · 96 assets."""
    words = ngettext("{version} · {count} asset", "{version} · {count} assets", version.asset_count)
    return words.format(version=version, count=thousands(version.asset_count))


class VersionField(forms.ModelChoiceField[DatasetVersion]):
    """One version of the project."""

    def label_from_instance(self, obj: DatasetVersion) -> str:
        return version_label(obj)


class VersionsField(forms.ModelMultipleChoiceField[DatasetVersion]):
    """Versions of the project."""

    widget = forms.CheckboxSelectMultiple(attrs={"class": "line-choice"})

    def label_from_instance(self, obj: DatasetVersion) -> str:
        return version_label(obj)


class ImportForm(OnceForm):
    """Images and annotations from a zip, or from a folder or zip of the server."""

    name = NameField()
    file = forms.FileField(label=gettext_lazy("Zip file"), required=False)
    path = forms.CharField(label=gettext_lazy("Or a folder or zip on the server"), required=False, max_length=1000)
    format = forms.ChoiceField(
        label=gettext_lazy("Annotations"),
        choices=[(each, FORMAT_LABELS[each]) for each in imports.FORMATS],
        initial="auto",
    )
    unknown = forms.ChoiceField(
        label=gettext_lazy("Classes that the project does not have"),
        choices=imports.Unknown.choices,
        initial=imports.Unknown.ADD,
        widget=forms.RadioSelect(attrs={"class": "line-choice"}),
    )
    message = MessageField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        limit = size_words(uploads.max_bytes())
        self.fields["file"].help_text = _("Images with annotations beside them, at most {limit}").format(limit=limit)
        self.fields["file"].widget.attrs["accept"] = ".zip,application/zip"
        for name in ("file", "path"):  # neither can be left out but for the other one
            self.fields[name].is_one_of_two = True  # type: ignore[attr-defined]
        if settings.YMIR_IMPORT_ROOTS:
            places = ", ".join(str(root) for root in settings.YMIR_IMPORT_ROOTS)
            self.fields["path"].help_text = _("Inside {places}").format(places=places)
        else:
            del self.fields["path"]

    def clean_file(self) -> StoredUpload | None:
        """Return the upload.

        Raises:
            ValidationError: it was over the limit, and was dropped.
        """
        upload: StoredUpload | None = self.cleaned_data["file"]
        if upload is not None and upload.path is None:
            size, limit = size_words(upload.size or 0), size_words(uploads.max_bytes())
            raise forms.ValidationError(
                _("The file has {size}, the limit is {limit}. Split it, or import from a folder of the server.").format(
                    size=size, limit=limit
                )
            )
        return upload

    def clean_path(self) -> Path | None:
        """Return the path on the server.

        Raises:
            ValidationError: it leads out of the folders meant for imports, or there is nothing.
        """
        given = self.cleaned_data["path"].strip()
        if not given:
            return None
        try:
            return imports.shared_path(given)
        except imports.PathNotShared as error:
            raise forms.ValidationError(error.words()) from error

    def clean(self) -> dict[str, Any]:
        """Ask for one source: there may be none, or two."""
        data: dict[str, Any] = super().clean() or self.cleaned_data
        if not self.errors.keys() & {"file", "path"} and bool(data.get("file")) == bool(data.get("path")):
            self.add_error("file", self._source_words())
        return data

    def _source_words(self) -> str:
        if "path" not in self.fields:
            return _("Choose a zip file.")
        return _("Choose a zip file, or name a folder or zip on the server: one of the two.")


class ExportForm(forms.Form):
    """How a version is written for other programs."""

    format = forms.ChoiceField(
        label=gettext_lazy("Format"),
        choices=[(each, EXPORT_LABELS[each]) for each in exports.FORMATS],
        initial="voc",
        widget=forms.RadioSelect,
    )
    with_images = forms.BooleanField(label=gettext_lazy("With images"), required=False, initial=True)


class OperationForm(OnceForm):
    """What every operation asks: where the result goes."""

    def __init__(self, *args: Any, project: Project, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.project = project
        for field in self.fields.values():
            if isinstance(field, VersionField | VersionsField):
                field.queryset = selectors.choices(project)

    def values(self) -> dict[str, Any]:
        """Return what the service of the operation takes."""
        return {name: value for name, value in self.cleaned_data.items() if name != "token"}

    def offer_classes(self, names: Iterable[str], *fields: str) -> None:
        """Let people choose among classes."""
        choices = [(name, name) for name in names]
        for field in fields:
            self.fields[field].choices = choices  # type: ignore[attr-defined]


class MergeForm(OperationForm):
    """Several versions into one."""

    sources = VersionsField(
        label=gettext_lazy("Versions to merge"),
        queryset=DatasetVersion.objects.none(),
        error_messages={"required": gettext_lazy("Choose two versions or more.")},
    )
    strategy = forms.ChoiceField(
        label=gettext_lazy("Assets annotated differently"),
        choices=MERGE_STRATEGIES,
        initial="newest",
        widget=forms.RadioSelect(attrs={"class": "line-choice"}),
    )
    name = NameField()
    message = MessageField()

    def clean_sources(self) -> list[DatasetVersion]:
        """Return the versions from the oldest to the newest.

        Raises:
            ValidationError: there is only one.
        """
        sources = list(self.cleaned_data["sources"].order_by("created_at", "pk"))
        if len(sources) < 2:  # noqa: PLR2004 # one has nothing to merge with
            raise forms.ValidationError(_("Choose two versions or more."))
        return sources


class FilterForm(OperationForm):
    """The assets of a version with some classes, or without."""

    source = VersionField(label=gettext_lazy("Version"), queryset=DatasetVersion.objects.none())
    classes = forms.MultipleChoiceField(
        label=gettext_lazy("Keep assets with any of these classes"), required=False, widget=forms.CheckboxSelectMultiple
    )
    exclude_classes = forms.MultipleChoiceField(
        label=gettext_lazy("Leave out assets with any of these classes"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    name = NameField()
    message = MessageField()

    def __init__(self, *args: Any, project: Project, source: DatasetVersion | None, **kwargs: Any) -> None:
        super().__init__(*args, project=project, **kwargs)
        names = dict.fromkeys([*projects.class_names(project), *(source.class_counts if source else ())])
        self.offer_classes(names, "classes", "exclude_classes")

    def clean(self) -> dict[str, Any]:
        """Ask for a condition.

        Raises:
            ValidationError: there is none, or one class is both wanted and not.
        """
        data: dict[str, Any] = super().clean() or self.cleaned_data
        wanted, unwanted = set(data.get("classes", ())), set(data.get("exclude_classes", ()))
        if not self.errors and not wanted | unwanted:
            raise forms.ValidationError(_("Choose at least one class to keep or to leave out."))
        if both := wanted & unwanted:
            raise forms.ValidationError(
                _("{names}: keep or leave out, not both.").format(names=", ".join(sorted(both)))
            )
        return data


class SampleForm(OperationForm):
    """Assets of a version by lot."""

    source = VersionField(label=gettext_lazy("Version"), queryset=DatasetVersion.objects.none())
    count = forms.IntegerField(label=gettext_lazy("Number of assets"), min_value=1, required=False)
    percent = forms.FloatField(
        label=gettext_lazy("Or share of the assets, in percent"),
        min_value=0.001,
        max_value=100,
        required=False,
        widget=forms.NumberInput(attrs={"step": "any"}),
    )
    seed = forms.IntegerField(
        label=gettext_lazy("Seed"),
        min_value=0,
        max_value=MAX_SEED,
        initial=1,
        help_text=gettext_lazy("The same seed draws the same assets"),
    )
    name = NameField()
    message = MessageField()

    def clean(self) -> dict[str, Any]:
        """Ask for one amount.

        Raises:
            ValidationError: there is none, there are two, or the version has fewer assets.
        """
        data: dict[str, Any] = super().clean() or self.cleaned_data
        count, percent, source = data.get("count"), data.get("percent"), data.get("source")
        if not self.errors and (count is None) == (percent is None):
            raise forms.ValidationError(_("Give a number of assets or a share: one of the two."))
        if count is not None and source is not None and count > source.asset_count:
            words = ngettext("The version has {count} asset.", "The version has {count} assets.", source.asset_count)
            self.add_error("count", words.format(count=thousands(source.asset_count)))
        return data

    def values(self) -> dict[str, Any]:
        """Return what the service takes: a share instead of percent."""
        data = super().values()
        percent = data.pop("percent")
        return {**data, "share": None if percent is None else percent / 100}


class ExcludeForm(OperationForm):
    """A version without the assets of others."""

    source = VersionField(label=gettext_lazy("Version"), queryset=DatasetVersion.objects.none())
    excluded = VersionsField(label=gettext_lazy("Leave out the assets of"), queryset=DatasetVersion.objects.none())
    name = NameField()
    message = MessageField()
