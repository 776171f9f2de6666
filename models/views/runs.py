"""Starting a run: train, mine, infer. Each page submits a job and shows it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods
from django.views.decorators.vary import vary_on_headers

from common.errors import DomainError
from common.http import signed_in
from datasets import selectors as dataset_selectors
from executors.models import Job
from models import selectors
from models.forms import InferForm, MineForm, RunForm, TrainForm
from models.pages import concerns, runs
from models.pages.concerns import Concern
from models.services import inference, mining, training
from projects import access
from projects.models import Project, Role


@dataclass(frozen=True)
class Run:
    """One kind of run: its form, its service, and its words."""

    form: type[RunForm]
    submit: Callable[..., Job]
    concerns: Callable[[Project, concerns.Chosen], list[Concern]]
    title: str | Promise
    lead: str | Promise
    tab: str


TRAIN = Run(
    TrainForm,
    training.submit,
    concerns.of_training,
    _("Train"),
    _("From labeled assets to the next version of a model."),
    "models",
)
MINE = Run(
    MineForm,
    mining.submit,
    concerns.of_mining,
    _("Mine"),
    _("Let a model choose the assets that are worth labeling."),
    "datasets",
)
INFER = Run(
    InferForm,
    inference.submit,
    concerns.of_inference,
    _("Infer"),
    _("Let a model look at the assets of a version."),
    "analysis",
)


@require_http_methods(["GET", "POST"])
@vary_on_headers("HX-Request")
def train(request: HttpRequest, project_pk: int) -> HttpResponse:
    """Train a model."""
    project = access.project_or_404(request.user, project_pk, Role.EDITOR)
    return _answer(request, project, TRAIN, runs.train)


@require_http_methods(["GET", "POST"])
@vary_on_headers("HX-Request")
def mine(request: HttpRequest, project_pk: int) -> HttpResponse:
    """Mine a dataset version."""
    project = access.project_or_404(request.user, project_pk, Role.EDITOR)
    return _answer(request, project, MINE, runs.mine)


@require_http_methods(["GET", "POST"])
@vary_on_headers("HX-Request")
def infer(request: HttpRequest, project_pk: int) -> HttpResponse:
    """Let a model look at a dataset version."""
    project = access.project_or_404(request.user, project_pk, Role.EDITOR)
    return _answer(request, project, INFER, runs.infer)


def _answer(request: HttpRequest, project: Project, run: Run, begin: Callable[..., runs.Initial]) -> HttpResponse:
    """Draw the form, or submit what was typed; `reload` asks for the options of another image without a script.

    What speaks against the run is shown first, and submitted only with the tick that says it was seen.
    """
    if request.method == "POST" and "reload" not in request.POST:
        form = run.form(request.POST, project=project)
        seen = request.POST.get("anyway", "") == concerns.digest(run.concerns(project, form.chosen))
        job = _submit(request, project, run, form) if form.is_valid() and seen else None
        if job is not None:
            return redirect("executors:job", job.pk)
        return _page(request, project, run, form, status=422)
    form = run.form(project=project, initial=runs.kept(request.POST) if request.POST else begin(project, request.GET))
    if request.headers.get("HX-Target") == "concerns":
        return render(request, "models/_concerns.html", _concerns(project, run, form))
    if "HX-Request" in request.headers:
        return render(request, "models/_options.html", {"form": form, "project": project})
    return _page(request, project, run, form)


def _submit(request: HttpRequest, project: Project, run: Run, form: RunForm) -> Job | None:
    try:
        return run.submit(project=project, by=signed_in(request), dedupe_key=form.dedupe_key, **form.values)
    except DomainError as error:
        form.refuse(error)
        return None


def _page(request: HttpRequest, project: Project, run: Run, form: RunForm, status: int = 200) -> HttpResponse:
    context = {
        "project": project,
        "form": form,
        "run": run,
        "model_names": selectors.line_names(project),
        "dataset_names": dataset_selectors.dataset_names(project),
        **_concerns(project, run, form),
    }
    return render(request, "models/run.html", context, status=status)


def _concerns(project: Project, run: Run, form: RunForm) -> dict[str, Any]:
    found = run.concerns(project, form.chosen)
    return {"concerns": found, "concerns_seen": concerns.digest(found)}
