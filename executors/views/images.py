"""Pages of the registry of executor images: everyone signed in looks, people with the permission change."""

from typing import Any

from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.functional import Promise
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from common.errors import DomainError
from common.http import flash_error, signed_in
from executors import selectors
from executors.contract import documents, image_manual
from executors.contract.errors import ConfigError
from executors.forms import ImageForm
from executors.models import ExecutorImage, TaskTemplate
from executors.services import images

may_add = permission_required("executors.add_executorimage", raise_exception=True)
may_change = permission_required("executors.change_executorimage", raise_exception=True)


@require_GET
def image_list(request: HttpRequest) -> HttpResponse:
    """Every registered image with what it can do."""
    rows = [
        {"image": image, "tasks": _tasks(image), "object_types": _object_types(image)} for image in selectors.images()
    ]
    return render(request, "executors/images.html", {"rows": rows})


@require_GET
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One image: what it is, and the options of each of its templates."""
    image = get_object_or_404(selectors.images(), pk=pk)
    context = {
        "image": image,
        "tasks": _tasks(image),
        "object_types": _object_types(image),
        "templates": [_template(template) for template in sorted(image.templates.all(), key=_place)],
        "inspecting": image.state == ExecutorImage.State.PENDING,
    }
    return render(request, "executors/image.html", context)


@may_add
@require_http_methods(["GET", "POST"])
def add(request: HttpRequest) -> HttpResponse:
    """Register an image; a job pulls and inspects it."""
    form = ImageForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            image, _job = images.add(**form.cleaned_data, by=signed_in(request))
        except DomainError as error:
            form.add_error("reference", error.words())
        else:
            return redirect("executors:image", image.pk)
    return render(request, "executors/image_add.html", {"form": form}, status=422 if form.errors else 200)


@may_change
@require_POST
def refresh(request: HttpRequest, pk: int) -> HttpResponse:
    """Pull and inspect an image again."""
    try:
        images.refresh(image=get_object_or_404(selectors.images(), pk=pk), by=signed_in(request))
    except DomainError as error:
        flash_error(request, error)
    return redirect("executors:image", pk)


@may_change
@require_POST
def enable(request: HttpRequest, pk: int) -> HttpResponse:
    """Offer an image to new jobs."""
    images.set_enabled(image=get_object_or_404(selectors.images(), pk=pk), enabled=True)
    return redirect("executors:image", pk)


@may_change
@require_POST
def disable(request: HttpRequest, pk: int) -> HttpResponse:
    """Offer an image to new jobs no longer; jobs under way go on."""
    images.set_enabled(image=get_object_or_404(selectors.images(), pk=pk), enabled=False)
    return redirect("executors:image", pk)


def _tasks(image: ExecutorImage) -> list[str | Promise]:
    """What an image can do, in the order of the work."""
    offered = {template.task for template in image.templates.all()}
    return [task.label for task in TaskTemplate.Task if task in offered]


def _object_types(image: ExecutorImage) -> list[str]:
    return list(dict.fromkeys(template.get_object_type_display() for template in image.templates.all()))


def _template(template: TaskTemplate) -> dict[str, Any]:
    """A template as a table; one that cannot be read any more is shown as text."""
    try:
        fields = image_manual.fields(template.source)
    except ConfigError as error:
        return {"template": template, "fields": [], "error": str(error)}
    return {"template": template, "fields": [(each, _default(each.default)) for each in fields], "error": ""}


def _place(template: TaskTemplate) -> tuple[int, int]:
    """Training comes first."""
    return template.object_type, TaskTemplate.Task.values.index(template.task)


def _default(value: Any) -> str:
    """Write a value as the template does."""
    if isinstance(value, bool):
        return str(value).lower()
    return "–" if value in (None, "") else documents.plain(value) if not isinstance(value, list | dict) else str(value)
