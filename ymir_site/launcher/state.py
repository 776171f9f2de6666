"""What the supervisor tells others: who holds the installation, how far the start is, what runs."""

import fcntl
import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TextIO

from ymir_site.launcher.places import Places


class AlreadyRunsError(Exception):
    """Another supervisor holds this installation."""


@dataclass
class State:
    """Written after every change; `phase` is starting, running, stopping, stopped or failed."""

    phase: str = "starting"
    step: str = ""
    address: str = ""
    pid: int = field(default_factory=os.getpid)
    processes: dict[str, int] = field(default_factory=dict)
    restarts: dict[str, int] = field(default_factory=dict)

    def write(self, places: Places) -> None:
        """Replace the state file at once: a reader never sees half of it."""
        target = _file(places)
        staging = target.with_suffix(".part")
        staging.write_text(json.dumps(asdict(self)))
        staging.rename(target)


def read(places: Places) -> State | None:
    """Return the last state written, None when there never was one."""
    file = _file(places)
    return State(**json.loads(file.read_text())) if file.exists() else None


def _file(places: Places) -> Path:
    return places.run / "state.json"


def hold(places: Places) -> TextIO:
    """Take the installation until the returned file is closed or we end. Raises AlreadyRunsError."""
    lock = (places.run / "lock").open("a")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        raise AlreadyRunsError from None
    return lock


def is_held(places: Places) -> bool:
    """Say whether a supervisor runs: the kernel drops its lock however it ends, so a stale pid is no danger."""
    if not (places.run / "lock").exists():
        return False
    try:
        hold(places).close()
    except AlreadyRunsError:
        return True
    return False
