"""How pages of jobs name dataset versions."""

from collections.abc import Collection, Mapping

from django.utils.translation import gettext_lazy as _

from datasets.models import DatasetVersion
from executors.references import ReferenceType


def names(ids: Collection[int]) -> Mapping[int, str]:
    """Name the versions with these ids; one query."""
    return {each.pk: str(each) for each in DatasetVersion.objects.filter(pk__in=ids).select_related("dataset")}


DATASET_VERSION = ReferenceType(
    "dataset_version",
    _("Dataset version"),
    "datasets:version",
    names,
    keys={"version": _("Dataset version"), "sources": _("Made from")},
)
