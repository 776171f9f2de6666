"""One model version: its page, its package, its recommended checkpoint."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from models.access import checkpoint_or_404, may_edit, version_or_404
from models.pages import version as version_page
from models.services import inputs, registry
from models.weights import archive
from projects.models import Role


@require_GET
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """A model version: its checkpoints and curves, how good it is, where it comes from, what was made with it."""
    version = version_or_404(request.user, pk)
    context = {**version_page.context(version), "may_edit": may_edit(request.user, version.registered_model.project)}
    return render(request, "models/version.html", context)


@require_GET
def checkpoint(request: HttpRequest, pk: int) -> HttpResponse:
    """The address of a checkpoint: its place on the page of its version."""
    found = checkpoint_or_404(request.user, pk)
    return redirect(f"{reverse('models:version', args=[found.model_version_id])}#checkpoint-{found.pk}")


@require_GET
def download(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The model package as a tar, written while it is sent."""
    version = version_or_404(request.user, pk)
    package = archive.stream(inputs.data_root(), version.weights_id)
    response = StreamingHttpResponse(package.chunks, content_type="application/x-tar")
    response["Content-Length"] = str(package.size)
    response.headers["Content-Disposition"] = _attachment(f"{version.registered_model.name}-v{version.number}.tar")
    return response


@require_POST
def recommend(request: HttpRequest, pk: int) -> HttpResponse:
    """Make a checkpoint the one that runs use."""
    found = checkpoint_or_404(request.user, pk, Role.EDITOR)
    registry.recommend(checkpoint=found)
    messages.success(request, _("{checkpoint} recommended").format(checkpoint=found.name))
    return redirect("models:version", found.model_version_id)


def _attachment(name: str) -> str:
    """Return the header that names a download, whatever letters the name has."""
    return content_disposition_header(as_attachment=True, filename=name) or "attachment"
