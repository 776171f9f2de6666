"""What the pages of projects read."""

from django.contrib.auth.models import User
from django.db.models import QuerySet

from projects.models import Project


def project_list(user: User, query: str) -> QuerySet[Project]:
    """Return the person's active projects whose name holds `query`, with their classes fetched."""
    projects = Project.objects.active().visible_to(user).prefetch_related("project_classes__label_class")
    return projects.filter(name__icontains=query) if query else projects
