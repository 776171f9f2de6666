"""Finding files that nothing refers to: what a killed process or an emptied trash left behind.

Nothing younger than the grace period is touched: files come before the rows that refer to them, and what is there
already is made young by whoever writes it again. A file goes in two steps, so that one made young at the last moment
is put back.
"""

import shutil
import stat
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from datasets.models import DatasetVersion
from datasets.store import layout
from datasets.store.layout import Layout
from executors.models import Job
from models.models import ModelVersion, Prediction

INPUTS = "in"


@dataclass(frozen=True)
class Garbage:
    """A file or folder to remove, what it was, its size, and since when it should be untouched (POSIX time)."""

    path: Path
    kind: str
    bytes: int
    limit: float


def find(root: Path, *, older_than: float, now: float) -> Iterator[Garbage]:
    """Yield what may go from the data root: everything unreferenced and untouched for `older_than` seconds.

    Remove each as it comes: how old it is was looked up just before.
    """
    places = Layout(root)
    contents = set(DatasetVersion.objects.values_list("content_id", flat=True))
    predictions = set(Prediction.objects.values_list("content_id", flat=True))
    weights = set(ModelVersion.objects.values_list("weights_id", flat=True))
    active = {str(pk) for pk in Job.objects.unfinished().values_list("pk", flat=True)}
    jobs = {str(pk) for pk in Job.objects.values_list("pk", flat=True)}
    made = DatasetVersion.objects.exclude(job=None).values_list("job_id", flat=True)
    telling = active | {str(pk) for pk in made}  # the jobs whose scores and reports the pages of versions show
    limit = now - older_than
    yield from _unreferenced(places.staging, "staging", limit, _never)
    yield from _unreferenced(places.versions, "version", limit, contents.__contains__)
    yield from _unreferenced(places.predictions, "prediction", limit, predictions.__contains__)
    yield from _unreferenced(root / "weights", "weights", limit, weights.__contains__)
    yield from _unreferenced(root / "jobs", "job", limit, jobs.__contains__)
    yield from _inputs(root / "jobs", active, limit)
    yield from _unreferenced(root / "scores", "scores", limit, {f"{pk}.parquet" for pk in telling}.__contains__)
    yield from _unreferenced(root / "reports", "report", limit, {f"{pk}.json" for pk in telling}.__contains__)
    if not active:  # a job under way may refer to an upload, or bring assets whose version is not written yet
        yield from _unreferenced(root / "uploads", "upload", limit, _never)
        yield from _unreferenced(root / "samples", "sample data", limit, _never)  # drawn again when asked for
        kept = _assets_of(places.version(each) for each in contents)
        yield from _sharded(places.assets, "asset", limit, kept.__contains__)
        yield from _sharded(root / "thumbnails", "thumbnail", limit, lambda name: name.partition("-")[0] in kept)


def remove(garbage: Garbage) -> bool:
    """Delete it; return False, and leave it, when somebody has written it again meanwhile."""
    if garbage.path.name == INPUTS:  # of a job that is over: nobody writes there any more
        shutil.rmtree(garbage.path, ignore_errors=True)
        return True
    aside = garbage.path.with_name(f".{uuid.uuid4().hex}")  # left by a crash, it is garbage itself
    try:
        garbage.path.rename(aside)
    except FileNotFoundError:
        return False
    if aside.lstat().st_mtime >= garbage.limit:
        with suppress(OSError):  # there is a new one by now
            aside.rename(garbage.path)
            return False
    if aside.is_dir() and not aside.is_symlink():
        shutil.rmtree(aside, ignore_errors=True)
    else:
        aside.unlink(missing_ok=True)
    return True


def by_kind(found: Iterable[Garbage]) -> dict[str, dict[str, Any]]:
    """Return how many files and folders of each kind were found, and their bytes."""
    kinds: dict[str, dict[str, Any]] = {}
    for each in found:
        figures = kinds.setdefault(each.kind, {"count": 0, "bytes": 0})
        figures["count"] += 1
        figures["bytes"] += each.bytes
    return dict(sorted(kinds.items()))


def _never(_name: str) -> bool:
    return False


def _unreferenced(folder: Path, kind: str, limit: float, is_needed: Callable[[str], bool]) -> Iterator[Garbage]:
    for path in _children(folder):
        if is_needed(path.name):
            continue
        with suppress(FileNotFoundError):  # gone meanwhile: so much the better
            size, newest = _measure(path)
            if newest < limit:
                yield Garbage(path, kind, size, limit)


def _sharded(folder: Path, kind: str, limit: float, is_needed: Callable[[str], bool]) -> Iterator[Garbage]:
    for shard in _folders(folder):
        for inner in _folders(shard):
            yield from _unreferenced(inner, kind, limit, is_needed)


def _inputs(folder: Path, active: set[str], limit: float) -> Iterator[Garbage]:
    """What was linked in for a run, which takes no room; its output and log stay."""
    for path in _children(folder):
        inputs = path / INPUTS
        with suppress(FileNotFoundError):
            if path.name not in active and inputs.is_dir() and inputs.lstat().st_mtime < limit:
                yield Garbage(inputs, "job input", 0, limit)


def _assets_of(folders: Iterable[Path]) -> set[str]:
    kept: set[str] = set()
    for folder in folders:
        assets = pl.read_parquet(folder / layout.ASSETS, columns=["asset"])["asset"]
        kept.update(assets.bin.encode("hex"))
    return kept


def _children(folder: Path) -> list[Path]:
    return sorted(folder.iterdir()) if folder.is_dir() else []


def _folders(folder: Path) -> list[Path]:
    return [path for path in _children(folder) if path.is_dir()]


def _measure(path: Path) -> tuple[int, float]:
    """Return the bytes of a file or of all files of a folder, and when the youngest part of it was written."""
    facts = path.lstat()
    if path.is_symlink() or not path.is_dir():
        return facts.st_size, facts.st_mtime
    parts = [each.lstat() for each in path.rglob("*")]
    size = sum(each.st_size for each in parts if stat.S_ISREG(each.st_mode))
    return size, max([facts.st_mtime, *(each.st_mtime for each in parts)])
