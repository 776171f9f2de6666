"""The models of a project."""

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from common.http import search_words
from models import selectors
from models.access import may_edit
from models.pages import lines
from models.services import mining, training
from models.views import following
from projects import access

PAGE_SIZE = 10
KINDS = (training.KIND, mining.KIND)


@require_GET
def model_list(request: HttpRequest, project_pk: int) -> HttpResponse:
    """The project's models with their newest versions, or one of them with all; and the jobs that make more."""
    project = access.project_or_404(request.user, project_pk)
    found, only = selectors.lines(project), search_words(request, "model")
    if only:
        found = found.filter(name=only)
    page = Paginator(found, PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "project": project,
        "page": page,
        "lines": lines.rows(list(page.object_list), whole=bool(only)),
        "only": only,
        "hidden_count": selectors.hidden_versions(project).count() + selectors.hidden_models(project).count(),
        "may_edit": may_edit(request.user, project),
        "jobs_url_name": "models:jobs",
        **following.context(project, KINDS),
    }
    return render(request, "models/list.html", context)


@require_GET
def jobs(request: HttpRequest, project_pk: int) -> HttpResponse:
    """The jobs under way, for polling."""
    project = access.project_or_404(request.user, project_pk)
    return following.answer(request, project, KINDS, "models:jobs")
