"""The one shape of every runner: what is started, what is seen of it, and what can go wrong."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol

KILLED_EXIT_CODE = 137
"""128 + SIGKILL: ended from outside, or by the kernel for want of memory."""
DEFAULT_GRACE = 10.0
ROOT = "0:0"
"""`user` of a run that may do inside its container what root may."""
MAX_LOG_BYTES = 256 << 20
"""What is kept of a run's log, whatever it runs in."""
_CLOCK_SLACK = 0.1
"""Seconds by which the clocks of files and engines may lag behind ours."""


@dataclass(frozen=True)
class Mount:
    """A folder of the host that the program sees at the same path."""

    path: Path
    writable: bool = False


@dataclass(frozen=True)
class RunSpec:
    """One run of an executor over a work folder with `in` and `out`. Limits of 0 mean none."""

    name: str
    """Unique; a later worker finds the run again by it."""
    image: str
    """As the runner knows it: a Docker reference, or the folder name of a shipped image."""
    work_dir: Path
    job: str = ""
    command: tuple[str, ...] | None = None
    """None: the image's own command, which is how the contract wants it."""
    gpus: tuple[int, ...] = ()
    """Indexes on the host; inside they are always numbered from 0."""
    user: str = ""
    """`uid:gid` in a container. None: the image's own user, or one without rights. Nothing of a run, what is done after
    its end included, is root's unless this says so."""
    shm_bytes: int = 0
    memory_bytes: int = 0
    cpus: float = 0.0
    pids: int = 0
    time_limit: float = 0.0
    """Seconds."""
    network: bool = False
    env: Mapping[str, str] = field(default_factory=dict)
    mounts: tuple[Mount, ...] = ()
    notice: str = ""
    """A line of ours to begin the log with."""

    @property
    def in_dir(self) -> Path:
        return self.work_dir / "in"

    @property
    def out_dir(self) -> Path:
        return self.work_dir / "out"

    @property
    def log_file(self) -> Path:
        return self.work_dir / "run.log"


class RunState(StrEnum):
    RUNNING = "running"
    EXITED = "exited"
    MISSING = "missing"
    """There is no such run, or it was never started."""


class Cause(StrEnum):
    """Why a run ended."""

    NONE = ""
    FINISHED = "finished"
    """Exit code 0."""
    EXIT_CODE = "exit_code"
    OUT_OF_MEMORY = "out_of_memory"
    TIME_LIMIT = "time_limit"
    KILLED = "killed"
    """Stopped, by us or by someone else."""


@dataclass(frozen=True)
class RunOutcome:
    """What is seen of a run."""

    state: RunState
    exit_code: int | None = None
    oom_killed: bool = False
    cause: Cause = Cause.NONE
    started_at: datetime | None = None
    finished_at: datetime | None = None

    @property
    def succeeded(self) -> bool:
        return self.cause is Cause.FINISHED

    def facts(self) -> dict[str, Any]:
        """Return what was seen as plain JSON data."""
        values = asdict(self)
        return {key: value.isoformat() if isinstance(value, datetime) else value for key, value in values.items()}


def classify(
    exit_code: int, *, oom_killed: bool, time_limit: float, started_at: datetime, finished_at: datetime
) -> Cause:
    """Tell why a run ended from what is known afterwards: nobody needs to remember that they stopped it."""
    if exit_code == 0:
        return Cause.FINISHED
    if oom_killed:
        return Cause.OUT_OF_MEMORY
    if time_limit and (finished_at - started_at).total_seconds() >= time_limit - _CLOCK_SLACK:
        return Cause.TIME_LIMIT
    return Cause.KILLED if exit_code in {KILLED_EXIT_CODE, 143} else Cause.EXIT_CODE


@dataclass(frozen=True)
class OwnedRun:
    """A run that this installation started at some time, whether or not it still goes on."""

    name: str
    job: str
    state: RunState


@dataclass(frozen=True)
class ImageFacts:
    """What an image is and says about itself."""

    reference: str
    digest: str
    files: Mapping[str, bytes]
    """The files of /img-man by path, e.g. `/img-man/manifest.yaml`."""
    source: str = ""
    """Digest of the shipped executor's folder that it is, or was built from; empty where nobody noted it."""


class RunnerError(Exception):
    """The engine did not do what was asked; `detail` is what it said."""

    def __init__(self, subject: str, detail: str = "") -> None:
        super().__init__(f"{subject}: {detail}" if detail else subject)
        self.subject = subject
        self.detail = detail


class ImageMissingError(RunnerError):
    """There is no such image on this host."""


class EngineUnavailableError(RunnerError):
    """The engine does not answer."""


class GpuUnavailableError(RunnerError):
    """The engine cannot give GPUs: no NVIDIA runtime, or no such device."""


class StartError(RunnerError):
    """The run could not be started."""


class RunExistsError(StartError):
    """There is a run of this name: adopt it, or remove it first."""


class Runner(Protocol):
    """Starts runs and finds them again by name. Keeps nothing in memory that a new worker would miss."""

    def start(self, spec: RunSpec) -> None:
        """Start a run.

        Raises:
            RunExistsError, ImageMissingError, GpuUnavailableError, StartError, EngineUnavailableError
        """
        ...

    def poll(self, name: str) -> RunOutcome:
        """Return how the run is; one that is past its time limit is stopped first.

        Raises:
            EngineUnavailableError
        """
        ...

    def adopt(self, name: str) -> RunOutcome | None:
        """Take over a run that another worker started: as `poll`, None when there is none, half-made ones removed."""
        ...

    def logs(self, name: str) -> None:
        """Bring the run's log file up to date; after the end it is complete."""
        ...

    def stop(self, name: str, grace: float = DEFAULT_GRACE) -> RunOutcome:
        """Ask the run to end, after `grace` seconds make it, and return its end. Stopping twice is no error."""
        ...

    def remove(self, name: str) -> None:
        """Stop the run at once and forget it; its work folder stays. No error when there is none."""
        ...

    def list_owned(self) -> list[OwnedRun]:
        """Return every run of this installation that has not been removed."""
        ...

    def fetch_image(self, reference: str) -> None:
        """Get an image that is not on this host.

        Raises:
            ImageMissingError: it cannot be had.
        """
        ...

    def inspect_image(self, reference: str) -> ImageFacts:
        """Return what an image says about itself, without running it.

        Raises:
            ImageMissingError, EngineUnavailableError
        """
        ...
