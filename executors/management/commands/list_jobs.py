"""Tell what was asked for, and how far it is."""

from argparse import ArgumentParser
from typing import Any

from common.commands import YmirCommand
from executors.models import Job
from projects import services as projects


class Command(YmirCommand):
    help = "List the newest jobs with their state and how far they are; those of one project with --project."
    example = "list_jobs --project Smears --active"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--project", default="", help="name or number of the project (default: all)")
        parser.add_argument("--active", action="store_true", help="only those that wait or run")
        parser.add_argument("--count", type=int, default=20, help="how many at most (default: 20)")

    def run(self, *, project: str, active: bool, count: int, **options: Any) -> dict[str, Any]:
        found = Job.objects.select_related("project").order_by("-pk")
        if project:
            found = found.filter(project=projects.find(project))
        if active:
            found = found.unfinished()
        return {"jobs": [_facts(job) for job in found[: max(0, count)]]}

    def describe(self, facts: dict[str, Any]) -> str:
        return "\n".join(_line(each) for each in facts["jobs"]) or "There is no such job."


def _facts(job: Job) -> dict[str, Any]:
    return {
        "job": job.pk,
        "title": str(job.title),
        "kind": job.kind,
        "project": job.project.name if job.project else None,
        "state": job.state,
        "phase": job.phase,
        "progress": job.progress,
        "created_at": job.created_at.isoformat(),
        "error": str(job.error_message),
    }


def _line(facts: dict[str, Any]) -> str:
    far = f" {facts['progress']:.0%} of {facts['phase']}" if facts["state"] == Job.State.RUNNING else ""
    error = f"  {facts['error']}" if facts["error"] else ""
    return f"{facts['job']:>6}  {facts['state']}{far}  {facts['title']}  ({facts['project'] or '–'}){error}"
