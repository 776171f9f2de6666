"""Who may do what in a project. Strangers get 404, members with too low a role 403."""

from django.contrib.auth.models import AnonymousUser, User
from django.core.exceptions import PermissionDenied
from django.http import Http404

from projects.models import Membership, Project, Role


def role_in(user: User | AnonymousUser, project: Project) -> Role | None:
    """Return the person's role; superusers own every project."""
    if user.is_superuser:
        return Role.OWNER
    if user.pk is None:
        return None
    role = Membership.objects.filter(project=project, user_id=user.pk).values_list("role", flat=True).first()
    return None if role is None else Role(role)


def require(user: User | AnonymousUser, project: Project, role: Role = Role.VIEWER) -> None:
    """Pass when the person has at least `role`.

    Raises:
        Http404: for strangers, as if the project did not exist.
        PermissionDenied: for members whose role is too low.
    """
    held = role_in(user, project)
    if held is None:
        raise Http404
    if held < role:
        raise PermissionDenied


def project_or_404(user: User | AnonymousUser, pk: int, role: Role = Role.VIEWER) -> Project:
    """Return the active project when the person may act in it as `role` (errors as in `require`)."""
    project = Project.objects.active().filter(pk=pk).first()
    if project is None:
        raise Http404
    require(user, project, role)
    return project
