"""Reads run.log, what a program wrote to its terminal: a part of it, cleaned for display."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from executors.contract import outbox
from executors.contract.errors import ResultError

FILE = "run.log"
MAX_BYTES = 64 * 1024
MAX_LINE = 2000

_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\^_])")
# Control characters, and those that turn the direction of text: a log must not rearrange the page.
_INVISIBLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
_TIME = re.compile(
    r"(?:\[?\d{4}[-/]\d\d[-/]\d\d[T ])?\[?(?P<time>\d\d:\d\d:\d\d)(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?\]?\s+(?P<rest>.*)"
)
_LEVEL = re.compile(r"(?:DEBUG|INFO)\b[:\s]*")
_WARNING = re.compile(r"\W*(?:warn|warning)\b", re.IGNORECASE)
_ERROR = re.compile(r"\W*(?:error|fatal|critical|traceback|[\w.]*(?:error|exception)\b:)", re.IGNORECASE)
_EPOCH = re.compile(r"epoch:?\s+\[?\d+(?:\s*(?:/|of)\s*\d+)?\]?", re.IGNORECASE)


@dataclass(frozen=True)
class Line:
    """One line: the clock time it begins with, words that stand out, the rest; `level` is "", "warn" or "error"."""

    text: str
    time: str = ""
    strong: str = ""
    level: str = ""


@dataclass(frozen=True)
class Part:
    """Lines of the log, and where the next part begins."""

    lines: tuple[Line, ...] = ()
    offset: int = 0
    left_out: int = 0
    """Bytes between the offset asked for and the first line."""


def read(folder: Path, *, offset: int | None = None, whole: bool = True) -> Part:
    """Return the part from `offset`, or the end of the log for None, at most `MAX_BYTES` of it.

    Args:
        folder: the job's folder.
        offset: where the last part ended. A file that is shorter by now was begun anew: its end is returned.
        whole: take a last line that is not ended yet; otherwise leave it for the next part.
    """
    try:
        with outbox.opened(folder, FILE) as stream:
            size = stream.seek(0, 2)
            known = offset if offset is not None and 0 <= offset <= size else None
            start = max(known or 0, size - MAX_BYTES)
            stream.seek(start)
            data = stream.read(MAX_BYTES)
    except (ResultError, OSError):
        return Part(offset=offset or 0)
    skipped = data.find(b"\n") + 1 if start > (known or 0) else 0
    end = len(data) if whole or len(data) == MAX_BYTES else data.rfind(b"\n") + 1
    return Part(
        lines=tuple(_lines(data[skipped:end])),
        offset=start + end,
        left_out=start + skipped - (known or 0),
    )


def chunks(folder: Path) -> Iterator[bytes]:
    """Yield the whole log as it is.

    Raises:
        ResultError: when there is none.
    """
    with outbox.opened(folder, FILE) as stream:
        while data := stream.read(MAX_BYTES):
            yield data


def _lines(data: bytes) -> list[Line]:
    text = data.decode("utf-8", errors="replace").replace("\r\n", "\n").removesuffix("\n")
    return [line(raw) for raw in text.split("\n")] if text else []


def line(raw: str) -> Line:
    """Understand one line as a terminal would show it: what a carriage return overwrote is gone."""
    shown = raw.rstrip("\r").rpartition("\r")[2]
    text = _INVISIBLE.sub("", _ESCAPES.sub("", shown))
    if len(text) > MAX_LINE:
        text = f"{text[:MAX_LINE]} …"
    timed = _TIME.fullmatch(text)
    time, rest = (timed["time"], timed["rest"]) if timed else ("", text)
    level = "error" if _ERROR.match(rest) else "warn" if _WARNING.match(rest) else ""
    rest = rest[found.end() :] if timed and (found := _LEVEL.match(rest)) else rest
    strong = found[0] if not level and (found := _EPOCH.match(rest)) else ""
    return Line(text=rest[len(strong) :], time=time, strong=strong, level=level)
