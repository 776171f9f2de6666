"""Template tags about projects."""

from typing import Any

from django import template

from projects import navigation, services
from projects.models import Project

register = template.Library()


@register.inclusion_tag("components/project_tabs.html")
def project_tabs(project: Project, current: str) -> dict[str, Any]:
    """Show the tabs of a project."""
    return {"project": project, "tabs": navigation.tabs_of(project, current)}


@register.simple_tag
def project_class_names(project: Project) -> list[str]:
    """Return the names of the project's classes in order: a class's index decides its colour."""
    return services.class_names(project)
