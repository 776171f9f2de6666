"""How pages of jobs name model versions and their checkpoints."""

from collections.abc import Collection, Mapping

from django.utils.translation import gettext_lazy as _

from executors.references import Reference, ReferenceType, address
from models.models import Checkpoint, ModelVersion

URL_NAME = "models:version"


def find_versions(ids: Collection[int]) -> Mapping[int, Reference]:
    """Name the model versions with these ids; one query."""
    found = ModelVersion.objects.filter(pk__in=ids).select_related("registered_model")
    return {each.pk: Reference(str(each), address(URL_NAME, each.pk)) for each in found}


def find_checkpoints(ids: Collection[int]) -> Mapping[int, Reference]:
    """Name the checkpoints with these ids; their page is that of their model version. One query."""
    found = Checkpoint.objects.filter(pk__in=ids).select_related("model_version__registered_model")
    return {
        each.pk: Reference(f"{each.model_version}, {each.name}", address(URL_NAME, each.model_version_id))
        for each in found
    }


MODEL_VERSION = ReferenceType("model_version", _("Model version"), URL_NAME, find_versions)
CHECKPOINT = ReferenceType(
    "checkpoint",
    _("Checkpoint"),
    URL_NAME,
    find_checkpoints,
    keys={"parent": _("Start from"), "checkpoint": _("Model")},
)
