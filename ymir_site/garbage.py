"""Finding files that nothing refers to: what a killed process or an emptied trash left behind.

Nothing younger than the grace period is touched: files come before the rows that refer to them, and what is there
already is made young by whoever writes it again.
"""

import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from datasets.models import DatasetVersion
from datasets.store import layout
from datasets.store.layout import Layout
from executors.models import Job
from models.models import ModelVersion, Prediction


@dataclass(frozen=True)
class Garbage:
    """A file or folder to remove, and why it is not needed."""

    path: Path
    kind: str
    bytes: int


def find(root: Path, *, older_than: float, now: float) -> Iterator[Garbage]:
    """Yield what may go from the data root: everything unreferenced and untouched for `older_than` seconds.

    Remove each as it comes: how old it is was looked up just before.
    """
    places = Layout(root)
    versions = set(DatasetVersion.objects.values_list("content_id", flat=True))
    predictions = set(Prediction.objects.values_list("content_id", flat=True))
    weights = set(ModelVersion.objects.values_list("weights_id", flat=True))
    active = {str(pk) for pk in Job.objects.unfinished().values_list("pk", flat=True)}
    jobs = {str(pk) for pk in Job.objects.values_list("pk", flat=True)}
    limit = now - older_than
    yield from _unreferenced(places.staging, "staging", limit, lambda _name: False)
    yield from _unreferenced(places.versions, "version", limit, versions.__contains__)
    yield from _unreferenced(places.predictions, "prediction", limit, predictions.__contains__)
    yield from _unreferenced(root / "weights", "weights", limit, weights.__contains__)
    yield from _unreferenced(root / "jobs", "job", limit, jobs.__contains__)
    yield from _inputs(root / "jobs", active, limit)
    if not active:  # a job under way may refer to an upload, or bring assets whose version is not written yet
        yield from _unreferenced(root / "uploads", "upload", limit, lambda _name: False)
        kept = _assets_of(places.version(each) for each in versions)
        for shard in _folders(places.assets):
            for inner in _folders(shard):
                yield from _unreferenced(inner, "asset", limit, kept.__contains__)


def remove(garbage: Garbage) -> None:
    """Delete it."""
    if garbage.path.is_dir():
        shutil.rmtree(garbage.path, ignore_errors=True)
    else:
        garbage.path.unlink(missing_ok=True)


def _unreferenced(folder: Path, kind: str, limit: float, is_needed: Callable[[str], bool]) -> Iterator[Garbage]:
    for path in _children(folder):
        with suppress(FileNotFoundError):  # gone meanwhile: so much the better
            if not is_needed(path.name) and path.lstat().st_mtime < limit:
                yield Garbage(path, kind, _size(path))


def _inputs(folder: Path, active: set[str], limit: float) -> Iterator[Garbage]:
    """What was linked in for a run; its output and log stay."""
    for path in _children(folder):
        inputs = path / "in"
        with suppress(FileNotFoundError):
            if path.name not in active and inputs.is_dir() and inputs.lstat().st_mtime < limit:
                yield Garbage(inputs, "job input", 0)


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


def _size(path: Path) -> int:
    if path.is_symlink() or path.is_file():
        return path.lstat().st_size
    return sum(each.lstat().st_size for each in path.rglob("*") if each.is_file() and not each.is_symlink())
