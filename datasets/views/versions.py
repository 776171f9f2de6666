"""Pages of one dataset version: its images, statistics, faults and lineage."""

from itertools import islice

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, QueryDict, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.text import slugify
from django.views.decorators.http import require_GET

from datasets import access, selectors
from datasets.models import DatasetVersion
from datasets.pages import frame, lineage, palette, rail, report, statistics
from datasets.pages.grid import Grid

FINDINGS_SHOWN = 100
STRIP_LENGTH = 6


@require_GET
def assets(request: HttpRequest, pk: int) -> HttpResponse:
    """The images of a version, filtered and in order."""
    version = access.version_or_404(request.user, pk)
    colors = palette.of(version)
    grid = Grid(version, request.GET, colors)
    ticks = rail.class_ticks(version, colors, grid.view.query)
    context = {
        **frame.context(version, request.user, "version"),
        "grid": grid,
        "classes": ticks,
        "rare": rail.rare_classes(ticks),
        "count_words": rail.count_words(grid.total, version.asset_count),
        "histogram": rail.boxes_per_asset(version, grid.view.query),
        "line": rail.version_line(version),
    }
    return render(request, "datasets/version.html", context, status=422 if grid.view.bad_term else 200)


@require_GET
def strip(request: HttpRequest, pk: int) -> HttpResponse:
    """The first images of a version in a row, for pages elsewhere; of a mined version those with the highest scores."""
    version = access.version_or_404(request.user, pk)
    grid = Grid(version, QueryDict("size=s"), palette.of(version))
    return render(request, "datasets/_strip.html", {"tiles": islice(grid.tiles(), STRIP_LENGTH)})


@require_GET
def version_statistics(request: HttpRequest, pk: int) -> HttpResponse:
    """Charts of a version's classes, boxes and images."""
    version = access.version_or_404(request.user, pk)
    context = {
        **frame.context(version, request.user, "statistics"),
        "classes": statistics.class_rows(version, palette.of(version)),
        "charts": statistics.charts(version),
        "areas": statistics.area_rows(version),
        "images": statistics.image_rows(version),
        "facts": statistics.facts(version),
    }
    return render(request, "datasets/statistics.html", context)


@require_GET
def faults(request: HttpRequest, pk: int) -> HttpResponse:
    """What an import found wrong, by reason, to search."""
    version = _import_or_404(request, pk)
    found = report.read(version)
    query, reason = request.GET.get("q", "").strip()[:200], request.GET.get("reason", "")
    page = Paginator(found.search(query, reason), FINDINGS_SHOWN).get_page(request.GET.get("page"))
    context = {
        **frame.context(version, request.user, "faults"),
        "groups": found.groups(),
        "page": page,
        "query": query,
        "reason": reason,
    }
    return render(request, "datasets/faults.html", context)


@require_GET
def faults_csv(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The import report as a table."""
    version = _import_or_404(request, pk)
    name = f"{slugify(version.dataset.name) or 'dataset'}-v{version.number}-report.csv"
    return StreamingHttpResponse(
        report.as_csv(report.read(version)),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


@require_GET
def version_lineage(request: HttpRequest, pk: int) -> HttpResponse:
    """Where a version comes from, and what was made of it."""
    version = access.version_or_404(request.user, pk)
    context = {
        **frame.context(version, request.user, "lineage"),
        "family": lineage.family(version),
        "uses": selectors.uses(version),
    }
    return render(request, "datasets/lineage.html", context)


def _import_or_404(request: HttpRequest, pk: int) -> DatasetVersion:
    version = access.version_or_404(request.user, pk)
    if version.operation != DatasetVersion.Operation.IMPORT:
        raise Http404
    return version
