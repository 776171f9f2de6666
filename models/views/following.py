"""The jobs above a list, which the page follows until one of them ends."""

from collections.abc import Collection
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from common.http import STOP_POLLING
from executors import selectors
from projects.models import Project


def context(project: Project, kinds: Collection[str]) -> dict[str, Any]:
    """Return the jobs of these kinds, and how many of them are under way."""
    jobs = selectors.jobs_to_show(project, kinds)
    return {"jobs": jobs, "active_count": sum(job.is_active for job in jobs)}


def answer(request: HttpRequest, project: Project, kinds: Collection[str], url_name: str) -> HttpResponse:
    """Return the jobs alone. When one has ended the page loads itself again: there is something new to show."""
    shown = {**context(project, kinds), "project": project, "jobs_url_name": url_name}
    over = not shown["active_count"]
    response = render(request, "models/_jobs.html", shown, status=STOP_POLLING if over else 200)
    if str(shown["active_count"]) != request.GET.get("active"):
        response["HX-Refresh"] = "true"
    return response
