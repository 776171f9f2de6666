"""The trash: whole models, model versions and predictions go there, and come back."""

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from models import selectors
from models.access import may_edit, model_or_404, prediction_or_404, version_or_404
from models.services import registry
from projects import access
from projects.models import Project, Role

TRASH_SIZE = 50
VERSIONS, MODELS, PREDICTIONS = "versions", "models", "predictions"


@require_GET
def trash(request: HttpRequest, project_pk: int) -> HttpResponse:
    """What lies in the trash; `what` chooses whole models or predictions instead of versions."""
    project = access.project_or_404(request.user, project_pk)
    found = {
        VERSIONS: selectors.hidden_versions(project),
        MODELS: selectors.hidden_models(project),
        PREDICTIONS: selectors.hidden_predictions(project),
    }
    what = request.GET.get("what", "")
    if what not in found:
        what = next((kind for kind, things in found.items() if things.exists()), VERSIONS)
    address = reverse("models:trash", args=[project.pk])
    labels = {VERSIONS: _("Model versions"), MODELS: _("Whole models"), PREDICTIONS: _("Predictions")}
    tabs = [
        {"label": label, "url": f"{address}?what={kind}", "count": found[kind].count(), "current": kind == what}
        for kind, label in labels.items()
    ]
    page = Paginator(found[what], TRASH_SIZE).get_page(request.GET.get("page"))
    context = {"project": project, "page": page, "what": what, "kinds": tabs}
    return render(request, "models/trash.html", {**context, "may_edit": may_edit(request.user, project)})


@require_POST
def hide_version(request: HttpRequest, pk: int) -> HttpResponse:
    """Move a version to the trash."""
    version = version_or_404(request.user, pk, Role.EDITOR)
    registry.hide(thing=version)
    return _hidden(request, version.registered_model.project, version, reverse("models:version_restore", args=[pk]))


@require_POST
def restore_version(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a version out of the trash."""
    registry.restore(thing=version_or_404(request.user, pk, Role.EDITOR))
    return redirect("models:version", pk)


@require_POST
def hide_model(request: HttpRequest, pk: int) -> HttpResponse:
    """Move a model with all its versions to the trash."""
    model = model_or_404(request.user, pk, Role.EDITOR)
    registry.hide(thing=model)
    return _hidden(request, model.project, model, reverse("models:model_restore", args=[pk]))


@require_POST
def restore_model(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a model out of the trash."""
    model = model_or_404(request.user, pk, Role.EDITOR)
    registry.restore(thing=model)
    return redirect("models:list", model.project_id)


@require_POST
def hide_prediction(request: HttpRequest, pk: int) -> HttpResponse:
    """Move a prediction to the trash."""
    prediction = prediction_or_404(request.user, pk, Role.EDITOR)
    registry.hide(thing=prediction)
    return _hidden(request, prediction.project, prediction, reverse("models:prediction_restore", args=[pk]))


@require_POST
def restore_prediction(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a prediction out of the trash."""
    registry.restore(thing=prediction_or_404(request.user, pk, Role.EDITOR))
    return redirect("models:prediction", pk)


def _hidden(request: HttpRequest, project: Project, thing: object, restore_url: str) -> HttpResponse:
    context = {"project": project, "thing": thing, "restore_url": restore_url}
    return render(request, "models/hidden.html", context)
