"""Taking a version out, as a zip for other programs."""

from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from common.http import signed_in
from datasets import access, selectors
from datasets.forms import ExportForm
from datasets.services import exports
from executors.models import Job


@require_http_methods(["GET", "POST"])
def export(request: HttpRequest, pk: int) -> HttpResponse:
    """Choose a format and start a job that makes the zip; earlier zips are offered for download."""
    version = access.version_or_404(request.user, pk)
    form = ExportForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        job = exports.submit(version=version, **form.cleaned_data, by=signed_in(request))
        return redirect("executors:job", job.pk)
    context = {
        "project": version.dataset.project,
        "version": version,
        "form": form,
        "exports": selectors.exports_of(version),
    }
    return render(request, "datasets/export.html", context, status=422 if form.errors else 200)


@require_GET
def download(request: HttpRequest, pk: int, job_pk: int) -> HttpResponseBase:
    """The zip of an export that is done."""
    version = access.version_or_404(request.user, pk)
    done = Job.objects.filter(kind="datasets.export", state=Job.State.SUCCEEDED, params__version=version.pk)
    path = exports.file_of(get_object_or_404(done, pk=job_pk))
    if not path.is_file():  # cleared away with the job's folder
        raise Http404
    return FileResponse(path.open("rb"), as_attachment=True, filename=path.name, content_type="application/zip")
