"""Who may see and stop a job: the members of its project; superusers, where it belongs to none."""

from django.contrib.auth.models import AnonymousUser, User
from django.http import Http404

from executors.models import Job
from projects import access
from projects.models import Role


def job_or_404(user: User | AnonymousUser, pk: int, role: Role = Role.VIEWER) -> Job:
    """Return the job with its project, image and author when the person may act in its project as `role`.

    Raises:
        Http404: for strangers, and for jobs of a project in the trash.
        PermissionDenied: for members whose role is too low.
    """
    job = Job.objects.select_related("project", "image", "created_by").filter(pk=pk).first()
    if job is None:
        raise Http404
    if job.project is None:
        if not user.is_superuser:
            raise Http404
        return job
    if job.project.hidden_at is not None:
        raise Http404
    access.require(user, job.project, role)
    return job
