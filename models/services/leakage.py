"""Images that a training set shares with the sets that are to judge the model."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import polars as pl

from datasets.models import DatasetVersion
from datasets.services import versions
from datasets.store import layout
from models.held_out import HeldOut


@dataclass(frozen=True)
class Leak:
    """What a training set shares with a set that judges: `shared` images."""

    held_out: HeldOut
    shared: int


def leaks(training: DatasetVersion, judges: Iterable[HeldOut]) -> list[Leak]:
    """Return what the training set shares with each of the sets that judge; each version is told once."""
    different = {each.version.content_id: each for each in reversed(list(judges))}
    found = [Leak(each, shared(training, each.version)) for each in reversed(different.values())]
    return [leak for leak in found if leak.shared]


def shared(first: DatasetVersion, second: DatasetVersion) -> int:
    """Return how many images two versions have in common."""
    if first.content_id == second.content_id:
        return first.asset_count
    return _shared(versions.folder(first), versions.folder(second))


@lru_cache(maxsize=256)
def _shared(first: Path, second: Path) -> int:
    """Count; the folders are named by their content, so what is kept stays true."""
    one, other = (pl.scan_parquet(folder / layout.ASSETS).select("asset") for folder in (first, second))
    return int(one.join(other, on="asset", how="semi").select(pl.len()).collect().item())
