"""Writes the monitor file: how far the task is."""

import time
from pathlib import Path

from contract.errors import ErrorCode

RUNNING, FAILED = 2, 4


class Monitor:
    """Progress of one process. Several steps share the file, each owning a `span` of the whole (0 to 1).

    Line: task id, unix time, share done, state, error code; free text follows.
    """

    def __init__(self, path: Path, task_id: str, every_seconds: float = 2.0) -> None:
        self.path = path
        self.task_id = task_id
        self.every_seconds = every_seconds
        self.span = (0.0, 1.0)
        self._last_write = 0.0
        path.parent.mkdir(parents=True, exist_ok=True)

    def report(self, share: float, *, force: bool = False) -> None:
        """Say that `share` (0 to 1) of the present step is done; quick repeats are dropped unless `force`."""
        now = time.time()
        if force or now - self._last_write >= self.every_seconds:
            start, end = self.span
            self._write(now, start + (end - start) * min(max(share, 0.0), 1.0), RUNNING, 0, "")

    def fail(self, code: ErrorCode, message: str) -> None:
        """Say that the task has failed and why."""
        self._write(time.time(), 1.0, FAILED, int(code), message)

    def _write(self, now: float, percent: float, state: int, code: int, text: str) -> None:
        self._last_write = now
        line = f"{self.task_id}\t{now:.6f}\t{percent:.4f}\t{state}\t{code}\n"
        self.path.write_text(line + (f"{text}\n" if text else ""), encoding="utf-8")
