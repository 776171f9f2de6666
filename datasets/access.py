"""Who may see and change datasets: those who may in the project."""

from django.contrib.auth.models import AnonymousUser, User
from django.shortcuts import get_object_or_404

from datasets.models import Dataset, DatasetVersion
from projects import access
from projects.models import Role


def dataset_or_404(user: User | AnonymousUser, pk: int, role: Role = Role.VIEWER) -> Dataset:
    """Return a dataset when the person may act in its project as `role`.

    Raises:
        Http404: there is none, or the person is a stranger to its project.
        PermissionDenied: the person's role is too low.
    """
    dataset = get_object_or_404(Dataset.objects.select_related("project"), pk=pk)
    access.project_or_404(user, dataset.project_id, role)
    return dataset


def version_or_404(user: User | AnonymousUser, pk: int, role: Role = Role.VIEWER) -> DatasetVersion:
    """Return a dataset version when the person may act in its project as `role` (errors as in `dataset_or_404`)."""
    versions = DatasetVersion.objects.select_related("dataset__project", "created_by", "job")
    version = get_object_or_404(versions, pk=pk)
    access.project_or_404(user, version.dataset.project_id, role)
    return version
