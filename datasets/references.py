"""How pages of jobs name dataset versions."""

from collections.abc import Collection, Mapping

from django.utils.translation import gettext_lazy as _

from datasets.models import DatasetVersion
from executors.references import Reference, ReferenceType, address

URL_NAME = "datasets:version"


def find(ids: Collection[int]) -> Mapping[int, Reference]:
    """Name the versions with these ids; one query."""
    found = DatasetVersion.objects.filter(pk__in=ids).select_related("dataset")
    return {each.pk: Reference(str(each), address(URL_NAME, each.pk)) for each in found}


DATASET_VERSION = ReferenceType(
    "dataset_version",
    _("Dataset version"),
    URL_NAME,
    find,
    keys={
        "training": _("Training set"),
        "validation": _("Validation set"),
        "dataset": _("Dataset"),
        "version": _("Dataset version"),
        "sources": _("Made from"),
    },
)
