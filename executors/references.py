"""Things of apps above that jobs name by type and id: what they are called, and where their pages are.

A job's `result` is {"type", "id"}; its `params` hold ids under keys that each type lists. Apps above register theirs
in `AppConfig.ready()`; a type that nobody registered still links to its page.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from executors.models import ExecutorImage

Text = str | Promise


@dataclass(frozen=True)
class Reference:
    """One thing, as a page names it; `url` is empty where there is no page."""

    label: str
    url: str


@dataclass(frozen=True)
class ReferenceType:
    """One type. `names` returns what the things with these ids are called, in one query.

    `keys` are the params that hold such an id, or a list of them, with the words that a page shows for the key.
    `remarks` returns what the page of the job that made a thing says of it.
    """

    name: str
    label: Text
    url_name: str
    names: Callable[[Collection[int]], Mapping[int, Text]] | None = None
    keys: Mapping[str, Text] = field(default_factory=dict)
    remarks: Callable[[int], Sequence[Reference]] | None = None


def _image_references(ids: Collection[int]) -> Mapping[int, str]:
    return dict(ExecutorImage.objects.filter(pk__in=ids).values_list("pk", "reference"))


_types: dict[str, ReferenceType] = {
    kind.name: kind
    for kind in (
        ReferenceType("dataset_version", _("Dataset version"), "datasets:version"),
        ReferenceType("model_version", _("Model version"), "models:version"),
        ReferenceType("prediction", _("Prediction"), "models:prediction", keys={"prediction": _("Prediction")}),
        ReferenceType("evaluation", _("Evaluation"), "models:evaluation"),
        ReferenceType(
            "executor_image",
            _("Executor image"),
            "executors:image",
            names=_image_references,
            keys={"image": _("Executor image")},
        ),
    )
}


def register(kind: ReferenceType) -> None:
    """Make a type known (again: replace it)."""
    _types[kind.name] = kind


def type_of_key(key: str) -> ReferenceType | None:
    """Return the type that a key of a job's params refers to."""
    return next((kind for kind in _types.values() if key in kind.keys), None)


def resolve(wanted: Iterable[tuple[str, Any]]) -> dict[tuple[str, int], Reference]:
    """Name (type, id) pairs; one query for each type. Unknown types and ids that are no numbers are left out."""
    found: dict[tuple[str, int], Reference] = {}
    for name, ids in _by_type(wanted).items():
        kind = _types[name]
        words = kind.names(ids) if kind.names else {}
        for pk in ids:
            label = str(words.get(pk, "")) or f"{kind.label} {pk}"
            found[name, pk] = Reference(label, _address(kind, pk))
    return found


def remarks(name: str, pk: int) -> Sequence[Reference]:
    """Return what is to be said of one thing, with links to more; nothing of most."""
    kind = _types.get(name)
    return kind.remarks(pk) if kind and kind.remarks else ()


def _by_type(wanted: Iterable[tuple[str, Any]]) -> dict[str, list[int]]:
    groups: dict[str, list[int]] = {}
    for name, pk in wanted:
        if name in _types and type(pk) is int and pk > 0:
            groups.setdefault(name, []).append(pk)
    return groups


def _address(kind: ReferenceType, pk: int) -> str:
    try:
        return reverse(kind.url_name, args=[pk])
    except NoReverseMatch:
        return ""
