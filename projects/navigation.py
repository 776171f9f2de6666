"""The tabs of a project. Apps above register theirs in `AppConfig.ready()`; the order is by position."""

from collections.abc import Callable
from dataclasses import dataclass

from django.urls import reverse
from django.utils.functional import Promise

from projects.models import Project


@dataclass(frozen=True)
class Tab:
    """One tab: `name` is what a page calls itself; `count` returns the number beside the label, or None."""

    position: int
    name: str
    label: str | Promise
    url_name: str
    count: Callable[[Project], int] | None = None


@dataclass(frozen=True)
class ShownTab:
    """A tab as a page shows it."""

    name: str
    label: str | Promise
    url: str
    count: int | None
    current: bool


_tabs: list[Tab] = []


def register(tab: Tab) -> None:
    """Add a tab to every project (again: replace it)."""
    _tabs[:] = sorted([known for known in _tabs if known.name != tab.name] + [tab], key=lambda each: each.position)


def tabs_of(project: Project, current: str) -> list[ShownTab]:
    """Return the tabs of a project; one query for each tab with a count."""
    return [
        ShownTab(
            name=tab.name,
            label=tab.label,
            url=reverse(tab.url_name, args=[project.pk]),
            count=tab.count(project) if tab.count else None,
            current=tab.name == current,
        )
        for tab in _tabs
    ]
