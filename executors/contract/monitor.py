"""Reads /out/monitor.txt, which executors rewrite in place while they run.

Only ever a display: it is read while being written, and foreign images write it in several dialects. Whether a run
succeeded is told by its exit code.
"""

import math
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path

from executors.contract import documents, outbox
from executors.contract.errors import ResultError

FILE = "monitor.txt"
MAX_BYTES = 64 * 1024


class MonitorState(IntEnum):
    PENDING = 1
    RUNNING = 2
    DONE = 3
    FAILED = 4


@dataclass(frozen=True)
class Progress:
    """One reading of the monitor file."""

    task_id: str
    percent: float
    """Share done, 0..1; may go backwards."""
    state: MonitorState
    timestamp: float | None
    """Unix time; None where the image wrote none."""
    code: int = 0
    """The image's error code, 0 when it gave none."""
    message: str = ""
    """Free text: the sixth column and all further lines."""


def parse(text: str) -> Progress | None:
    """Return what a monitor file says; None for an empty or unreadable one (it may be half written: ask again)."""
    first, _, rest = text.strip("\ufeff \r\n").partition("\n")
    match _columns(first):
        case [task_id, timestamp, share, state_word, *more]:
            percent, state = _number(share), _state(state_word)
        case _:
            return None
    if percent is None or state is None:
        return None
    code = _number(more[0]) if more else None
    message = "\n".join(part for part in (" ".join(more[1:]).strip(), rest.strip()) if part)
    return Progress(
        task_id=documents.plain(task_id),
        percent=min(max(percent, 0.0), 1.0),
        state=state,
        timestamp=_number(timestamp),
        code=int(code or 0),
        message=documents.plain(message, MAX_BYTES),
    )


def read(out: Path) -> Progress | None:
    """Return what the monitor file below `out` says now; None when it is missing, half written or unreadable."""
    try:
        with outbox.opened(out, FILE) as stream:
            text = stream.read(MAX_BYTES).decode("utf-8", errors="replace")
    except (ResultError, OSError):
        return None
    return parse(text)


def _columns(line: str) -> list[str]:
    """Split at tabs; at any white space where someone wrote blanks instead."""
    return [column.strip() for column in line.split("\t")] if line.count("\t") > 1 else line.split()


def _number(word: str) -> float | None:
    try:
        value = float(word)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _state(word: str) -> MonitorState | None:
    number = _number(word)
    return MonitorState(int(number)) if number in set(MonitorState) else None
