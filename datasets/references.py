"""How pages of jobs name dataset versions."""

from collections.abc import Collection, Mapping

from django.utils.translation import gettext_lazy as _

from datasets.models import DatasetVersion
from datasets.pages import words
from executors.references import Reference, ReferenceType


def names(ids: Collection[int]) -> Mapping[int, str]:
    """Name the versions with these ids; one query."""
    return {each.pk: str(each) for each in DatasetVersion.objects.filter(pk__in=ids).select_related("dataset")}


def remarks(pk: int) -> list[Reference]:
    """Say what an import left out, and which classes the project got by it; one query."""
    version = DatasetVersion.objects.filter(pk=pk).first()
    return words.remarks(version) if version else []


DATASET_VERSION = ReferenceType(
    "dataset_version",
    _("Dataset version"),
    "datasets:version",
    names,
    keys={"version": _("Dataset version"), "sources": _("Made from")},
    remarks=remarks,
)
