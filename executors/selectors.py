"""Reads for the pages of jobs, executor images and compute."""

from collections.abc import Collection, Sequence
from datetime import timedelta

from django.contrib.auth.models import User
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from executors.models import ExecutorImage, Gpu, Job
from projects.models import Project

MOST_WAITING = 100
MOST_SHOWN, MOST_FAILED_SHOWN = 10, 3
FAILED_SHOWN_FOR = timedelta(days=1)


def project_jobs(project: Project, *, state: str = "", kind: str = "") -> QuerySet[Job]:
    """Return the jobs of a project, newest first; `state` is active, failed or empty for all."""
    found = Job.objects.filter(project=project).select_related("created_by", "image")
    if state == "active":
        found = found.unfinished()
    elif state == "failed":
        found = found.filter(state=Job.State.FAILED)
    return found.filter(kind=kind) if kind else found


def jobs_to_show(project: Project, kinds: Collection[str]) -> list[Job]:
    """Return the jobs of these kinds above a list: those under way, then the latest failures that matter still.

    A failure matters for a day, until a later job of its kind succeeds.
    """
    ours = project.jobs.filter(kind__in=kinds).select_related("created_by").order_by("-created_at", "-pk")
    recent = ours.filter(state=Job.State.FAILED, finished_at__gte=timezone.now() - FAILED_SHOWN_FOR)
    later = Job.objects.filter(
        project=project, kind=OuterRef("kind"), state=Job.State.SUCCEEDED, created_at__gt=OuterRef("created_at")
    )
    return [*ours.unfinished()[:MOST_SHOWN], *recent.exclude(Exists(later))[:MOST_FAILED_SHOWN]]


def kinds_used(project: Project) -> list[str]:
    """Return the names of the kinds of job that a project has."""
    return list(Job.objects.filter(project=project).order_by("kind").values_list("kind", flat=True).distinct())


def active_count(project: Project) -> int:
    """Return how many jobs of a project wait or run; the number on its tab."""
    return Job.objects.unfinished().filter(project=project).count()


def images() -> QuerySet[ExecutorImage]:
    """Return the registered images with their templates."""
    return ExecutorImage.objects.filter(hidden_at=None).prefetch_related("templates")


def running_jobs() -> Sequence[Job]:
    """Return every job under way with its project, author, image and GPUs, oldest first."""
    running = Job.objects.filter(state=Job.State.RUNNING).order_by("started_at", "pk")
    return list(running.select_related("project", "created_by", "image").prefetch_related("gpus"))


def waiting_jobs() -> Sequence[Job]:
    """Return the first jobs of the queue, in the order in which they were made."""
    waiting = Job.objects.filter(state=Job.State.PENDING).order_by("created_at", "pk")
    return list(waiting.select_related("project", "created_by", "image")[:MOST_WAITING])


def gpus() -> Sequence[Gpu]:
    """Return every GPU that was seen, with the job that leases it."""
    return list(Gpu.objects.select_related("job__project").order_by("host", "index"))


def visible_among(user: User, jobs: Sequence[Job]) -> set[int]:
    """Return the ids of those jobs that the person may open; one query."""
    found = Job.objects.visible_to(user).filter(pk__in=[job.pk for job in jobs])
    return set(found.values_list("pk", flat=True))
