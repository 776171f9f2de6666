"""Where a version comes from and what became of it: the drawn graph and the lists."""

from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext as _

from common.charts.graph import Node
from datasets import selectors
from datasets.models import DatasetVersion
from datasets.pages import words


@dataclass(frozen=True)
class Family:
    """A version's relatives as the page shows them."""

    nodes: list[Node]
    summary: str
    parents: list[DatasetVersion]
    children: list[DatasetVersion]


def family(version: DatasetVersion) -> Family:
    """Return the graph around a version; lanes are datasets."""
    found = selectors.lineage(version)
    by_key = {each.pk: each for each in found.versions}
    parents = [by_key[key] for key in found.parents[version.pk]]
    children = [each for each in found.versions if version.pk in found.parents[each.pk]]
    nodes = [
        Node(
            key=str(each.pk),
            label=str(each),
            lane=str(each.dataset_id),
            parents=[str(key) for key in in_line_first(each, found.parents[each.pk], by_key)],
            url="" if each == version else reverse("datasets:lineage", args=[each.pk]),
            current=each == version,
        )
        for each in found.versions
    ]
    origin = words.joined([str(parent) for parent in parents]) or _("no other version")
    successors = words.joined([str(child) for child in children]) or _("no other version")
    summary = _("{version} comes from {origin} and went into {successors}.").format(
        version=version, origin=origin, successors=successors
    )
    return Family(nodes, summary, parents, children)


def in_line_first(version: DatasetVersion, keys: list[int], by_key: dict[int, DatasetVersion]) -> list[int]:
    """Return parents with those of the version's own dataset before the others."""
    known = [key for key in keys if key in by_key]
    return sorted(known, key=lambda key: by_key[key].dataset_id != version.dataset_id)
