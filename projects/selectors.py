"""What the pages of projects read."""

from collections.abc import Collection

from django.contrib.auth.models import User
from django.db.models import QuerySet

from projects.models import Project, ProjectClass


def project_list(user: User, query: str) -> QuerySet[Project]:
    """Return the person's active projects whose name holds `query`, with their classes fetched."""
    projects = Project.objects.active().visible_to(user).prefetch_related("project_classes__label_class")
    return projects.filter(name__icontains=query) if query else projects


def edits_any(user: User) -> bool:
    """Tell whether a person may change at least one project."""
    return Project.objects.editable_by(user).exists()


def classes_of_others(user: User, classes: Collection[int]) -> set[int]:
    """Return those of the classes that active projects have which this person may not change."""
    others = Project.objects.active().exclude(pk__in=Project.objects.editable_by(user))
    found = ProjectClass.objects.filter(project__in=others, label_class__in=classes)
    return set(found.values_list("label_class_id", flat=True))
