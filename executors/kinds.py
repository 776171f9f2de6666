"""Job kinds: what the pipeline runs. Apps above register theirs in `AppConfig.ready()`; jobs name them by string."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from django.utils.functional import Promise

from executors.contract.layout import WorkDir
from executors.models import Job
from executors.runners.base import RunOutcome, RunSpec


@dataclass(frozen=True)
class JobContext:
    """What a kind may use while its job runs."""

    job: Job
    work: WorkDir
    report: Callable[[float, str], None]
    """Call with the share done of this phase (0..1) and a word on what is done; raises when the work is to stop."""
    gpus: tuple[int, ...] = ()
    partial: bool = False
    """In `collect`: the run did not end well, or was stopped with `keep`; take what is there."""


class JobKind(ABC):
    """One kind of work. Each method may run twice for the same job (a worker can die at any instant)."""

    name: ClassVar[str]
    label: ClassVar[str | Promise]
    queue: ClassVar[str] = "default"
    keeps_partial: ClassVar[bool] = False
    """Whether a run that failed, or was stopped with `keep`, may still have a result worth collecting."""

    def prepare(self, ctx: JobContext) -> RunSpec | None:
        """Fill the work folder and say what to start; None when no container is needed."""
        return None

    @abstractmethod
    def collect(self, ctx: JobContext, outcome: RunOutcome | None) -> dict[str, Any]:
        """Publish the result and return what `Job.result` is to hold: {"type", "id", …}."""


_registry: dict[str, JobKind] = {}


def register(kind: type[JobKind]) -> type[JobKind]:
    """Make a kind known under its name (class decorator)."""
    _registry[kind.name] = kind()
    return kind


def get(name: str) -> JobKind:
    """Return the kind of this name; KeyError when no app registered it."""
    return _registry[name]


def is_known(name: str) -> bool:
    """Tell whether an app registers a kind of this name (still)."""
    return name in _registry


def all_kinds() -> list[JobKind]:
    """Return every registered kind, by name."""
    return [_registry[name] for name in sorted(_registry)]
