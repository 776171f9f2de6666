"""Evaluations: asking for one, and looking at it, alone or beside another."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from common.errors import DomainError
from common.http import flash_error, signed_in
from models import selectors
from models.access import evaluation_or_404, prediction_or_404
from models.models import Evaluation
from models.pages import evaluation as evaluation_page
from models.services import evaluation as evaluations
from projects.models import Role


@require_POST
def evaluate(request: HttpRequest, pk: int) -> HttpResponse:
    """Judge a prediction against the ground truth."""
    prediction = prediction_or_404(request.user, pk, Role.EDITOR)
    try:
        job = evaluations.submit(prediction=prediction, by=signed_in(request))
    except DomainError as error:
        flash_error(request, error)
        return redirect("models:prediction", pk)
    return redirect("executors:job", job.pk)


@require_GET
def evaluation(request: HttpRequest, pk: int) -> HttpResponse:
    """How good a model is on a dataset version; `with` names another evaluation there to compare with."""
    found = evaluation_or_404(request.user, pk)
    return render(request, "models/evaluation.html", evaluation_page.context(found, _other(request, found)))


def _other(request: HttpRequest, found: Evaluation) -> Evaluation | None:
    """Return the evaluation to compare with; None for what is on other data, or not there."""
    key = request.GET.get("with", "")
    return next((each for each in selectors.comparable(found) if str(each.pk) == key), None)
