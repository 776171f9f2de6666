"""Predictions: the list of a project, one with its images, one of its images."""

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET
from django.views.decorators.vary import vary_on_headers

from models import selectors
from models.access import may_edit, prediction_or_404
from models.pages import photograph
from models.pages import prediction as prediction_page
from models.pages import version as version_page
from models.services import evaluation, inference
from models.views import following
from projects import access

PAGE_SIZE = version_page.PREDICTIONS_SHOWN
KINDS = (inference.KIND, evaluation.KIND)
MOST_DIGITS = 18


@require_GET
def prediction_list(request: HttpRequest, project_pk: int) -> HttpResponse:
    """What models of the project found on its dataset versions, and how good that is."""
    project = access.project_or_404(request.user, project_pk)
    model, dataset = _key(request.GET.get("model", "")), _key(request.GET.get("dataset", ""))
    page = Paginator(selectors.predictions(project, model=model, dataset=dataset), PAGE_SIZE).get_page(
        request.GET.get("page")
    )
    context = {
        "project": project,
        "page": page,
        "rows": version_page.prediction_rows(page.object_list),
        "models": selectors.predicting_models(project),
        "datasets": selectors.predicted_versions(project),
        "hidden_count": selectors.hidden_predictions(project).count(),
        "model": model,
        "dataset": dataset,
        "may_edit": may_edit(request.user, project),
        "jobs_url_name": "models:prediction_jobs",
        **following.context(project, KINDS),
    }
    return render(request, "models/predictions.html", context)


@require_GET
def jobs(request: HttpRequest, project_pk: int) -> HttpResponse:
    """The inferences and evaluations under way, for polling."""
    project = access.project_or_404(request.user, project_pk)
    return following.answer(request, project, KINDS, "models:prediction_jobs")


@require_GET
@vary_on_headers("HX-Request")
def prediction(request: HttpRequest, pk: int) -> HttpResponse:
    """The images of a prediction with what was found, at any confidence; the images alone for a slider that moves."""
    found = prediction_or_404(request.user, pk)
    context = prediction_page.context(found, request.GET)
    context["may_edit"] = may_edit(request.user, found.project)
    template = "models/_predicted.html" if "HX-Request" in request.headers else "models/prediction.html"
    return render(request, template, context)


@require_GET
def image(request: HttpRequest, pk: int, asset_hash: str) -> HttpResponse:
    """One image of a prediction, to look into."""
    context = photograph.context(prediction_or_404(request.user, pk), asset_hash, request.GET)
    if context is None:
        raise Http404
    return render(request, "models/prediction_image.html", context)


def _key(text: str) -> int | None:
    return int(text) if text.isdecimal() and len(text) <= MOST_DIGITS else None
