"""Dataset versions that judge models and are never to be trained on. Apps above register theirs when they are ready."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from django.utils.functional import Promise

from datasets.models import DatasetVersion
from projects.models import Project


@dataclass(frozen=True)
class HeldOut:
    """A version and what it is for: test set."""

    version: DatasetVersion
    role: str | Promise


Source = Callable[[Project], Iterable[HeldOut]]
_sources: list[Source] = []


def register(source: Source) -> None:
    """Say which versions of a project judge models."""
    _sources.append(source)


def of(project: Project) -> list[HeldOut]:
    """Return the versions of a project that judge models."""
    return [each for source in _sources for each in source(project)]
