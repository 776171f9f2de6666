"""The compute page: hosts with their GPUs, what runs, what waits and why, and the workers that take it up."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET
from django.views.decorators.vary import vary_on_headers

from common.http import signed_in
from executors import selectors
from executors.pages import compute


@require_GET
@vary_on_headers("HX-Request")
def overview(request: HttpRequest) -> HttpResponse:
    """Everyone sees how busy the hosts are; jobs of other people's projects have no name here."""
    running, waiting, gpus = selectors.running_jobs(), selectors.waiting_jobs(), selectors.gpus()
    leasing = [gpu.job for gpu in gpus if gpu.job is not None]
    visible = selectors.visible_among(signed_in(request), [*running, *waiting, *leasing])
    context = {
        "hosts": compute.hosts(gpus),
        "running": compute.running(running, timezone.now()),
        "waiting": compute.waiting(waiting),
        "workers": compute.workers(),
        "visible": visible,
    }
    return render(
        request, "executors/_compute.html" if "HX-Request" in request.headers else "executors/compute.html", context
    )
