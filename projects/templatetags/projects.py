"""Template tags about projects."""

from typing import Any

from django import template

from projects import navigation
from projects.models import Project

register = template.Library()


@register.inclusion_tag("components/project_tabs.html")
def project_tabs(project: Project, current: str) -> dict[str, Any]:
    """Show the tabs of a project."""
    return {"project": project, "tabs": navigation.tabs_of(project, current)}
