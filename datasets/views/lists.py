"""Pages of a project's datasets and of one dataset's log."""

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from common.http import STOP_POLLING, search_words
from datasets import access, selectors
from datasets.pages import overview
from executors import kinds
from executors import selectors as executor_selectors
from executors.models import Job
from projects import access as project_access
from projects.models import Project, Role

PAGE_SIZE = 12
LOG_SIZE = 50


@require_GET
def dataset_list(request: HttpRequest, project_pk: int) -> HttpResponse:
    """The project's datasets with their newest versions, and the jobs that make more of them."""
    project = project_access.project_or_404(request.user, project_pk)
    query = search_words(request)[:80]
    page = Paginator(selectors.dataset_list(project, query), PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "project": project,
        "page": page,
        "rows": overview.rows(project, list(page.object_list)),
        "query": query,
        "jobs": _jobs_to_show(project),
        "hidden_count": selectors.hidden_count(project),
        "may_edit": project_access.role_in(request.user, project) in {Role.EDITOR, Role.OWNER},
    }
    return render(request, "datasets/list.html", context)


@require_GET
def jobs(request: HttpRequest, project_pk: int) -> HttpResponse:
    """The jobs under way, for polling. When the last has ended the page is loaded anew: it has a version more."""
    project = project_access.project_or_404(request.user, project_pk)
    listed = _jobs_to_show(project)
    response = render(request, "datasets/_jobs.html", {"project": project, "jobs": listed})
    if not any(job.is_active for job in listed):
        response.status_code = STOP_POLLING
        response["HX-Refresh"] = "true"
    return response


def _jobs_to_show(project: Project) -> list[Job]:
    names = [kind.name for kind in kinds.all_kinds() if kind.name.startswith("datasets.")]
    return executor_selectors.jobs_to_show(project, names)


@require_GET
def dataset(request: HttpRequest, pk: int) -> HttpResponse:
    """A dataset's log: every version with what made it."""
    found = access.dataset_or_404(request.user, pk)
    page = Paginator(selectors.versions_of(found), LOG_SIZE).get_page(request.GET.get("page"))
    context = {
        "project": found.project,
        "dataset": found,
        "page": page,
        "rows": overview.log_rows(found, page),
        "may_edit": project_access.role_in(request.user, found.project) in {Role.EDITOR, Role.OWNER},
    }
    return render(request, "datasets/dataset.html", context)
