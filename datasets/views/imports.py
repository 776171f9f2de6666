"""Bringing images and annotations in."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods

from common.errors import DomainError
from common.http import signed_in
from datasets import selectors
from datasets.forms import ImportForm
from datasets.services import imports
from datasets.uploads import DataRootUploadHandler
from executors.models import Job
from projects import access
from projects.models import Project, Role


@csrf_exempt  # reading the token reads the upload: the role is checked and the handler set first, the token below
@require_http_methods(["GET", "POST"])
def import_dataset(request: HttpRequest, project_pk: int) -> HttpResponse:
    """Import a zip that is uploaded, or a folder or zip of the server."""
    project = access.project_or_404(request.user, project_pk, Role.EDITOR)
    handler = DataRootUploadHandler(request)
    request.upload_handlers = [handler]
    try:
        return _import(request, project)
    finally:
        handler.discard_untaken()


@csrf_protect
def _import(request: HttpRequest, project: Project) -> HttpResponse:
    initial = {"name": request.GET.get("name", "")[:80]}
    form = ImportForm(request.POST, request.FILES) if request.method == "POST" else ImportForm(initial=initial)
    if form.is_bound and form.is_valid():
        try:
            job = _submit(form, project, request)
        except DomainError as error:
            form.refuse(error)
        else:
            return redirect("executors:job", job.pk)
    context = {"project": project, "form": form, "names": selectors.dataset_names(project)}
    return render(request, "datasets/import.html", context, status=422 if form.errors else 200)


def _submit(form: ImportForm, project: Project, request: HttpRequest) -> Job:
    data = form.cleaned_data
    upload = data["file"]
    job = imports.submit(
        project=project,
        name=data["name"],
        source=upload.path if upload else data["path"],
        format=data["format"],
        unknown=data["unknown"],
        message=data["message"],
        keep_source=upload is None,
        dedupe_key=form.dedupe_key,
        by=signed_in(request),
    )
    if upload and job.params["source"] == str(upload.path.resolve()):  # else the button was pressed twice
        upload.take()
    return job
