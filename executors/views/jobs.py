"""Pages of jobs. A job's page is whole without a script; with one, its parts follow the job until it ends."""

from typing import Any

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST
from django.views.decorators.vary import vary_on_headers

from common.errors import DomainError
from common.http import STOP_POLLING, flash_error, search_words, signed_in
from executors import owners, selectors
from executors.access import job_or_404
from executors.contract import metrics, outbox, runlog
from executors.forms import CancelForm
from executors.models import Job
from executors.pages import attempts, curves, parameters, progress
from executors.services import jobs
from projects import access
from projects.models import Role

PAGE_SIZE = 30
STATES = {"active", "failed"}
MOST_DIGITS = 15


@require_GET
@vary_on_headers("HX-Request")
def job_list(request: HttpRequest, project_pk: int) -> HttpResponse:
    """The jobs of a project, newest first; its rows alone for a page that follows them."""
    project = access.project_or_404(request.user, project_pk)
    state = request.GET.get("state", "")
    state, kind = state if state in STATES else "", search_words(request, "kind")
    found = selectors.project_jobs(project, state=state, kind=kind)
    page = Paginator(found, PAGE_SIZE).get_page(request.GET.get("page"))
    rows = [{"job": job, "kind": progress.kind_label(job.kind), "took": _took(job)} for job in page]
    context = {
        "project": project,
        "page": page,
        "rows": rows,
        "state": state,
        "kind": kind,
        "kinds": [(name, progress.kind_label(name)) for name in selectors.kinds_used(project)],
        "follow": any(job.is_active for job in page),
    }
    return render(
        request, "executors/_job_rows.html" if "HX-Request" in request.headers else "executors/jobs.html", context
    )


@require_GET
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One job: how far it is, its curves and log, what it was given, what it made or why it failed."""
    job = job_or_404(request.user, pk)
    may_act = job.project is None or (access.role_in(request.user, job.project) or 0) >= Role.EDITOR
    context = {
        **_live(job),
        "log": runlog.read(jobs.folder(job), whole=not job.is_active),
        "facts": parameters.of(job),
        "attempts": attempts.of(job),
        "may_act": may_act,
        "keeps_partial": progress.keeps_partial(job),
        "owner_url": owners.page_of(job),
    }
    return render(request, "executors/job.html", context)


@require_GET
def status(request: HttpRequest, pk: int) -> HttpResponse:
    """The head of a job's page, and its curves where there is more to draw than the `rows` the page shows.

    A page that shows another `state` loads itself again: result, faults and actions have changed with it.
    """
    job = job_or_404(request.user, pk)
    context = _live(job)
    context["redraw"] = str(context["curves"].rows) != request.GET.get("rows")
    response = render(request, "executors/_job_status.html", context, status=200 if job.is_active else STOP_POLLING)
    if job.state != request.GET.get("state"):
        response["HX-Refresh"] = "true"
    return response


@require_GET
def log(request: HttpRequest, pk: int) -> HttpResponse:
    """The lines of the log after `offset`, and the place that asks for more while the job goes on."""
    job = job_or_404(request.user, pk)
    offset = _offset(request.GET.get("offset", ""))
    part = runlog.read(jobs.folder(job), offset=offset, whole=not job.is_active)
    context = {"job": job, "log": part, "goes_on": offset is not None}
    return render(request, "executors/_log_lines.html", context, status=200 if job.is_active else STOP_POLLING)


@require_GET
def log_download(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The whole log as a text file."""
    folder = jobs.folder(job_or_404(request.user, pk))
    if not outbox.exists(folder, runlog.FILE):
        raise Http404
    headers = {"Content-Disposition": f'attachment; filename="job-{pk}.log"'}
    return StreamingHttpResponse(runlog.chunks(folder), content_type="text/plain; charset=utf-8", headers=headers)


@require_POST
def cancel(request: HttpRequest, pk: int) -> HttpResponse:
    """Stop a job, keeping what it made so far or not."""
    job = job_or_404(request.user, pk, Role.EDITOR)
    form = CancelForm(request.POST)
    if not form.is_valid():
        return HttpResponse(form.errors.as_text(), status=422, content_type="text/plain")
    try:
        jobs.cancel(job=job, mode=form.cleaned_data["mode"])
    except DomainError as error:
        flash_error(request, error)
    return redirect("executors:job", pk)


@require_POST
def retry(request: HttpRequest, pk: int) -> HttpResponse:
    """Run a job that ended once more, and show the new one."""
    job = job_or_404(request.user, pk, Role.EDITOR)
    try:
        again = jobs.retry(job=job, by=signed_in(request))
    except DomainError as error:
        flash_error(request, error)
        return redirect("executors:job", pk)
    return redirect("executors:job", again.pk)


def _live(job: Job) -> dict[str, Any]:
    """What changes while a job runs."""
    measured = metrics.read(jobs.folder(job) / "out")
    shown = progress.of(job, measured, timezone.now())
    return {
        "job": job,
        "project": job.project,
        "kind": progress.kind_label(job.kind),
        "host": job.worker.partition(":")[0],
        "gpus": job.gpus.all(),
        "progress": shown,
        "left": progress.left_in_words(shown),
        "curves": curves.of(measured, running=job.is_active),
    }


def _offset(raw: str) -> int | None:
    return int(raw) if raw.isdecimal() and len(raw) <= MOST_DIGITS else None


def _took(job: Job) -> float | None:
    if job.started_at is None or job.finished_at is None:
        return None
    return (job.finished_at - job.started_at).total_seconds()
