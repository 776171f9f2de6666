"""What every page of a version shows: its title, its tabs, and what may be done with it."""

from typing import Any

from django.contrib.auth.models import AnonymousUser, User
from django.db.models import prefetch_related_objects
from django.urls import reverse
from django.utils.translation import gettext as _

from datasets.models import DatasetVersion
from datasets.pages import words
from projects import access
from projects.models import Role


def context(version: DatasetVersion, user: User | AnonymousUser, tab: str) -> dict[str, Any]:
    """Return what templates/datasets/version_base.html needs."""
    prefetch_related_objects([version], "parent_links__parent__dataset", "steps__iteration", "job__steps__iteration")
    return {
        "project": version.dataset.project,
        "version": version,
        "made": words.made_by(version),
        "remarks": words.remarks(version),
        "round": words.round_of(version),
        "tabs_of_version": tabs(version, tab),
        "may_edit": access.role_in(user, version.dataset.project) in {Role.EDITOR, Role.OWNER},
    }


def tabs(version: DatasetVersion, current: str) -> list[dict[str, Any]]:
    """Return the tabs of a version; faults only where there was an import."""
    shown = [
        ("version", _("Assets"), version.asset_count),
        ("statistics", _("Statistics"), None),
        ("faults", _("Faults"), version.fault_count),
        ("lineage", _("Lineage"), None),
    ]
    return [
        {
            "label": label,
            "url": reverse(f"datasets:{name}", args=[version.pk]),
            "count": count,
            "current": name == current,
        }
        for name, label, count in shown
        if name != "faults" or version.operation == DatasetVersion.Operation.IMPORT
    ]
