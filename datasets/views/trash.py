"""The trash: whole datasets and single versions go there, and come back."""

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from datasets import access, selectors
from datasets.services import versions
from projects import access as project_access
from projects.models import Project, Role

TRASH_SIZE = 50
VERSIONS, DATASETS = "versions", "datasets"


@require_GET
def trash(request: HttpRequest, project_pk: int) -> HttpResponse:
    """What lies in the trash; `what` chooses whole datasets instead of versions."""
    project = project_access.project_or_404(request.user, project_pk)
    found = {VERSIONS: selectors.hidden_versions(project), DATASETS: selectors.hidden_datasets(project)}
    what = request.GET.get("what", "")
    if what not in found:
        what = next((kind for kind, things in found.items() if things.exists()), VERSIONS)
    address = reverse("datasets:trash", args=[project.pk])
    labels = {VERSIONS: _("Versions"), DATASETS: _("Whole datasets")}
    tabs = [
        {"label": label, "url": f"{address}?what={kind}", "count": found[kind].count(), "current": kind == what}
        for kind, label in labels.items()
    ]
    page = Paginator(found[what], TRASH_SIZE).get_page(request.GET.get("page"))
    may_edit = project_access.role_in(request.user, project) in {Role.EDITOR, Role.OWNER}
    context = {"project": project, "page": page, "what": what, "kinds": tabs, "may_edit": may_edit}
    return render(request, "datasets/trash.html", context)


@require_POST
def hide(request: HttpRequest, pk: int) -> HttpResponse:
    """Move a version to the trash."""
    version = access.version_or_404(request.user, pk, Role.EDITOR)
    versions.hide(thing=version)
    return _hidden(request, version.dataset.project, version, reverse("datasets:restore", args=[pk]))


@require_POST
def restore(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a version out of the trash."""
    versions.restore(thing=access.version_or_404(request.user, pk, Role.EDITOR))
    return redirect("datasets:version", pk)


@require_POST
def hide_dataset(request: HttpRequest, pk: int) -> HttpResponse:
    """Move a dataset with all its versions to the trash."""
    dataset = access.dataset_or_404(request.user, pk, Role.EDITOR)
    versions.hide(thing=dataset)
    return _hidden(request, dataset.project, dataset, reverse("datasets:restore_dataset", args=[pk]))


@require_POST
def restore_dataset(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a dataset out of the trash."""
    versions.restore(thing=access.dataset_or_404(request.user, pk, Role.EDITOR))
    return redirect("datasets:dataset", pk)


def _hidden(request: HttpRequest, project: Project, thing: object, restore_url: str) -> HttpResponse:
    context = {"project": project, "thing": thing, "restore_url": restore_url}
    return render(request, "datasets/hidden.html", context)
