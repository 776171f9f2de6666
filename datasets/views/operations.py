"""Making a version from others: merge, filter, sample, exclude. Each page submits a job and shows it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from common.errors import DomainError
from common.http import signed_in
from datasets import selectors
from datasets.forms import ExcludeForm, FilterForm, MergeForm, OperationForm, SampleForm
from datasets.models import DatasetVersion
from datasets.services import operations
from executors.models import Job
from projects import access
from projects.models import Project, Role


@dataclass(frozen=True)
class Words:
    """What a page calls its operation, and what the operation does."""

    verb: str | Promise
    lead: str | Promise
    least: int = 1
    """How many dataset versions there must be."""


MERGE = Words(
    gettext_lazy("Merge versions"),
    gettext_lazy("Every asset of the chosen versions, once. Annotations come from the version that has them."),
    least=2,
)
FILTER = Words(gettext_lazy("Filter version"), gettext_lazy("The assets that match, with all their annotations."))
SAMPLE = Words(gettext_lazy("Sample version"), gettext_lazy("Assets drawn by lot, with their annotations."))
EXCLUDE = Words(
    gettext_lazy("Exclude assets"), gettext_lazy("The assets that none of the other versions holds."), least=2
)


@require_http_methods(["GET", "POST"])
def merge(request: HttpRequest, project_pk: int) -> HttpResponse:
    """Unite versions."""
    project = access.project_or_404(request.user, project_pk, Role.EDITOR)
    chosen = _chosen(request, project)
    initial = {"sources": [version.pk for version in chosen], "name": chosen[0].dataset.name if chosen else ""}
    form = MergeForm(_posted(request), project=project, initial=initial)
    return _answer(request, project, form, operations.submit_merge, MERGE)


@require_http_methods(["GET", "POST"])
def filter_version(request: HttpRequest, project_pk: int) -> HttpResponse:
    """Keep the assets of some classes."""
    project = access.project_or_404(request.user, project_pk, Role.EDITOR)
    source = _source(request, project)
    form = FilterForm(_posted(request), project=project, source=source, initial=_initial(source, _("filtered")))
    return _answer(request, project, form, operations.submit_filter, FILTER)


@require_http_methods(["GET", "POST"])
def sample(request: HttpRequest, project_pk: int) -> HttpResponse:
    """Draw assets by lot."""
    project = access.project_or_404(request.user, project_pk, Role.EDITOR)
    form = SampleForm(_posted(request), project=project, initial=_initial(_source(request, project), _("sample")))
    return _answer(request, project, form, operations.submit_sample, SAMPLE)


@require_http_methods(["GET", "POST"])
def exclude(request: HttpRequest, project_pk: int) -> HttpResponse:
    """Leave out the assets of other versions."""
    project = access.project_or_404(request.user, project_pk, Role.EDITOR)
    form = ExcludeForm(_posted(request), project=project, initial=_initial(_source(request, project), _("rest")))
    return _answer(request, project, form, operations.submit_exclude, EXCLUDE)


def _answer(
    request: HttpRequest,
    project: Project,
    form: OperationForm,
    submit: Callable[..., Job],
    words: Words,
) -> HttpResponse:
    if request.method == "POST" and form.is_valid():
        try:
            job = submit(project=project, by=signed_in(request), dedupe_key=form.dedupe_key, **form.values())
        except DomainError as error:
            form.refuse(error)
        else:
            return redirect("executors:job", job.pk)
    context = {
        "project": project,
        "form": form,
        "verb": words.verb,
        "lead": words.lead,
        "lacks": _lacks(project, words),
        "names": selectors.dataset_names(project),
    }
    return render(request, "datasets/operation.html", context, status=422 if form.errors else 200)


def _lacks(project: Project, words: Words) -> str:
    """Return what must be there first; "" where there are versions enough."""
    count = selectors.choices(project)[: words.least].count()
    if count >= words.least:
        return ""
    return _("Two dataset versions are needed") if count else _("There are no dataset versions yet")


def _posted(request: HttpRequest) -> QueryDict | None:
    """Return what was posted, also when it is nothing."""
    return request.POST if request.method == "POST" else None


def _chosen(request: HttpRequest, project: Project) -> list[DatasetVersion]:
    """Return the versions that the address names, in its order; what is none is left out."""
    keys = [int(key) for key in request.GET.getlist("version")[:100] if key.isdecimal() and len(key) < 19]  # noqa: PLR2004 # fits the column
    found = selectors.choices(project).in_bulk(keys)
    return [found[key] for key in keys if key in found]


def _source(request: HttpRequest, project: Project) -> DatasetVersion | None:
    """Return the first version that the address names."""
    return next(iter(_chosen(request, project)), None)


def _initial(source: DatasetVersion | None, suffix: str) -> dict[str, Any]:
    """Return what a form on one version begins with."""
    return {"source": source.pk, "name": f"{source.dataset.name}-{suffix}"[:80]} if source else {}
