"""Pages of the loop: a project's home, its rounds, one round, and the settings."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from common.errors import DomainError
from common.forms import show_only
from common.http import STOP_POLLING, flash_error, signed_in
from iterations.forms import AttachForm, LoopSettingsForm, StartRoundForm
from iterations.models import Arm, Iteration
from iterations.pages import curve, home, ring
from iterations.pages import rounds as round_pages
from iterations.services import rounds
from iterations.services import settings as loops
from iterations.steps import MAKES_DATASET, Step
from models.access import may_edit
from projects import access
from projects.models import Project, Role


@require_GET
def overview(request: HttpRequest, pk: int) -> HttpResponse:
    """A project's home: where the loop stands, what to do next, and how accuracy grew."""
    project = access.project_or_404(request.user, pk)
    context = {"project": project, "may_edit": may_edit(request.user, project), **home.context(project)}
    return render(request, "iterations/overview.html", context)


@require_GET
def iteration_list(request: HttpRequest, pk: int) -> HttpResponse:
    """Every round of a project, with what it chose, labeled, trained on and reached."""
    project = access.project_or_404(request.user, pk)
    rows = round_pages.rows(project)
    context = {
        "project": project,
        "rows": rows,
        "may_start": all(row.now is None for row in rows if row.view.iteration.arm == Arm.MINED),
        "curve": curve.chart(project),
        "form": StartRoundForm(),
        "may_edit": may_edit(request.user, project),
    }
    return render(request, "iterations/list.html", context)


@require_POST
def start(request: HttpRequest, pk: int) -> HttpResponse:
    """Start the next round, in both arms where a control runs."""
    project = access.project_or_404(request.user, pk, Role.EDITOR)
    form = StartRoundForm(request.POST)
    automatic = form.is_valid() and form.cleaned_data["automatic"]
    try:
        iteration = rounds.start_rounds(project=project, by=signed_in(request), automatic=automatic)
        if automatic:
            rounds.advance(iteration=iteration, by=signed_in(request))
    except DomainError as error:
        flash_error(request, error)
        return redirect("iterations:settings" if isinstance(error, loops.NotReady) else "iterations:list", pk)
    return redirect("iterations:detail", iteration.pk)


@require_http_methods(["GET", "POST"])
def loop_settings(request: HttpRequest, pk: int) -> HttpResponse:
    """Choose what every round starts from; `reload` asks for the options of another image without a script."""
    project = access.project_or_404(request.user, pk, Role.EDITOR if request.method == "POST" else Role.VIEWER)
    loop = loops.loop_of(project)
    if request.method == "POST" and "reload" not in request.POST:
        form = LoopSettingsForm(request.POST, project=project, instance=loop)
        if form.is_valid() and _save(project, form):
            messages.success(request, _("Loop settings saved"))
            return redirect("iterations:overview", pk)
        return render(request, "iterations/settings.html", _settings_context(request, project, form), status=422)
    typed = request.POST if request.method == "POST" else request.GET
    form = LoopSettingsForm(project=project, instance=loop, initial=_kept(typed))
    template = "iterations/_options.html" if "HX-Request" in request.headers else "iterations/settings.html"
    return render(request, template, _settings_context(request, project, form))


def _save(project: Project, form: LoopSettingsForm) -> bool:
    """Save the settings; a refusal is shown in the form."""
    try:
        loops.update(project=project, **form.values)
    except DomainError as error:
        form.add_error(error.field or None, error.words())
    except ValidationError as error:
        form.add_error(None, error)
    else:
        return True
    return False


def _kept(typed: QueryDict) -> dict[str, Any]:
    """Return what was typed, for a form that is drawn again with the options of another image."""
    given = {name: typed[name] for name in typed if name in LoopSettingsForm.Meta.fields}
    ticks = {"fine_tune", "with_control"} if "reload" in typed else set()
    return {**dict.fromkeys(ticks, False), **given}


def _settings_context(request: HttpRequest, project: Project, form: LoopSettingsForm) -> dict[str, Any]:
    editable = may_edit(request.user, project)
    if not editable:
        for each in (form, *form.options.values()):
            show_only(each)
    return {"project": project, "form": form, "may_edit": editable}


@require_GET
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One round, step by step."""
    iteration = _iteration_or_404(request, pk)
    return render(request, "iterations/detail.html", _round_context(request, iteration))


@require_GET
def rows(request: HttpRequest, pk: int) -> HttpResponse:
    """The steps alone, for polling; the page loads itself again when another step begins, or the same one ends."""
    context = _round_context(request, _iteration_or_404(request, pk))
    status = 200 if context["is_moving"] else STOP_POLLING
    response = render(request, "iterations/_steps.html", context, status=status)
    if request.GET.get("at", "") != context["mark"]:
        response["HX-Refresh"] = "true"
    return response


@require_POST
def set_automatic(request: HttpRequest, pk: int) -> HttpResponse:
    """Let the round go on by itself, or not."""
    iteration = _iteration_or_404(request, pk, Role.EDITOR)
    automatic = request.POST.get("automatic") == "1"
    rounds.set_automatic(iteration=iteration, automatic=automatic)
    if automatic:
        try:
            rounds.advance(iteration=iteration, by=signed_in(request))
        except DomainError as error:
            flash_error(request, error)
    return redirect("iterations:detail", pk)


@require_POST
def start_step(request: HttpRequest, pk: int, kind: Step) -> HttpResponse:
    """Start a step, or start it again."""
    iteration = _iteration_or_404(request, pk, Role.EDITOR)
    try:
        rounds.start_step(iteration=iteration, kind=kind, by=signed_in(request))
    except DomainError as error:
        flash_error(request, error)
    return redirect("iterations:detail", pk)


@require_POST
def skip_step(request: HttpRequest, pk: int, kind: Step) -> HttpResponse:
    """Leave a step out."""
    iteration = _iteration_or_404(request, pk, Role.EDITOR)
    try:
        rounds.skip(iteration=iteration, kind=kind)
    except DomainError as error:
        flash_error(request, error)
    return redirect("iterations:detail", pk)


@require_POST
def attach(request: HttpRequest, pk: int, kind: Step) -> HttpResponse:
    """Take a dataset version made elsewhere as the result of a step."""
    iteration = _iteration_or_404(request, pk, Role.EDITOR)
    if kind not in MAKES_DATASET:
        raise Http404
    form = AttachForm(request.POST, project=iteration.project)
    if not form.is_valid():
        return render(request, "iterations/detail.html", _round_context(request, iteration, form), status=422)
    try:
        rounds.attach(iteration=iteration, kind=kind, dataset_version=form.cleaned_data["dataset_version"])
    except DomainError as error:
        flash_error(request, error)
    return redirect("iterations:detail", pk)


def _round_context(request: HttpRequest, iteration: Iteration, form: AttachForm | None = None) -> dict[str, Any]:
    """Return what the page of a round needs; its steps alone need the same."""
    shown = round_pages.context(iteration)
    return {
        **shown,
        "ring": ring.of_round(shown["view"]),
        "attach_form": form or AttachForm(project=iteration.project),
        "may_edit": may_edit(request.user, iteration.project),
    }


def _iteration_or_404(request: HttpRequest, pk: int, role: Role = Role.VIEWER) -> Iteration:
    iteration = get_object_or_404(Iteration.objects.select_related("project", "created_by"), pk=pk)
    access.project_or_404(request.user, iteration.project_id, role)
    return iteration
