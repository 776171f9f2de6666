"""Reads /out/metrics.jsonl: one JSON object a line with the numbers of an epoch, appended while a training runs.

Only ever a display, and the file is a stranger's: bounded in size, lines that are no objects and values that are no
sensible numbers are passed over.
"""

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from executors.contract import documents, outbox
from executors.contract.errors import ResultError

FILE = "metrics.jsonl"
MAX_BYTES = 2 << 20
MAX_LINE = 16 * 1024
MAX_SERIES = 24
MAX_POINTS = 600
LARGEST = 1e15
"""Numbers beyond are passed over: nothing that is measured in a training is so large."""

Point = tuple[float, float]
_PLACES = ("epoch", "epochs")


@dataclass(frozen=True)
class Metrics:
    """The numbers of each epoch, in the order of the file."""

    rows: tuple[dict[str, float], ...] = ()

    @property
    def epoch(self) -> int | None:
        """The last epoch written."""
        return int(self.rows[-1]["epoch"]) if self.rows and "epoch" in self.rows[-1] else None

    @property
    def epochs(self) -> int | None:
        """How many epochs are planned."""
        planned = [row["epochs"] for row in self.rows[-1:] if row.get("epochs", 0) >= 1]
        return int(planned[0]) if planned else None

    @property
    def names(self) -> list[str]:
        """What was measured, in the order in which it first appeared."""
        found = dict.fromkeys(name for row in self.rows for name in row if name not in _PLACES)
        return list(found)[:MAX_SERIES]

    def last(self, name: str) -> float | None:
        """Return the newest value."""
        return next((row[name] for row in reversed(self.rows) if name in row), None)

    def series(self, name: str) -> list[Point]:
        """Return (epoch, value) where there is a value; rows without an epoch are counted. Long series are thinned."""
        points = [(row.get("epoch", index), row[name]) for index, row in enumerate(self.rows, 1) if name in row]
        step = math.ceil(len(points) / MAX_POINTS)
        return points if step <= 1 else [*points[:-1:step], points[-1]]


def read(out: Path) -> Metrics:
    """Return what the file below `out` holds; its last part where it is very long, nothing where there is none."""
    try:
        with outbox.opened(out, FILE) as stream:
            size = stream.seek(0, 2)
            stream.seek(max(0, size - MAX_BYTES))
            data = stream.read(MAX_BYTES)
    except (ResultError, OSError):
        return Metrics()
    lines = data.split(b"\n")[1 if size > MAX_BYTES else 0 :]
    return Metrics(tuple(row for row in map(_row, lines) if row))


def _row(line: bytes) -> dict[str, float]:
    if not line.strip() or len(line) > MAX_LINE:
        return {}
    try:
        values = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    if not isinstance(values, dict):
        return {}
    return {documents.plain(name, 40): float(value) for name, value in values.items() if _is_number(value)}


def _is_number(value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return -LARGEST < value < LARGEST  # false for nan, too
