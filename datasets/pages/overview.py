"""Rows of the list of datasets and of a dataset's log."""

from dataclasses import dataclass

from django.core.paginator import Page

from datasets import selectors
from datasets.models import Dataset, DatasetVersion
from datasets.pages import grid, words
from datasets.pages.grid import Tile
from datasets.pages.palette import ClassRow, Palette
from datasets.store.query import Query
from projects.models import Project

PHOTOGRAPHS = 3
PIXELS = 320
CLASSES_SHOWN = 5


@dataclass(frozen=True)
class DatasetRow:
    """A dataset as the list shows it: its newest version, some photographs, its most frequent classes."""

    version: DatasetVersion
    version_count: int
    made: str
    tiles: list[Tile]
    classes: list[ClassRow]
    more_classes: int


def rows(project: Project, datasets: list[Dataset]) -> list[DatasetRow]:
    """Return datasets with what the list shows of them; `datasets` come from `selectors.dataset_list`."""
    palette = Palette(project)
    newest = selectors.newest_versions(datasets)
    return [row(newest[dataset.pk], dataset.version_count, palette) for dataset in datasets]  # type: ignore[attr-defined]


def row(version: DatasetVersion, version_count: int, palette: Palette) -> DatasetRow:
    """Return one row."""
    classes = palette.rows(version.class_counts)
    common = sorted(classes, key=lambda each: -each.count)[:CLASSES_SHOWN]
    return DatasetRow(
        version=version,
        version_count=version_count,
        made=words.made_by(version),
        tiles=[
            grid.tile(version, asset, palette, PIXELS)
            for asset in selectors.select(version, Query(), "mixed")[:PHOTOGRAPHS]
        ],
        classes=sorted(common, key=lambda each: each.index),
        more_classes=len(classes) - len(common),
    )


@dataclass(frozen=True)
class LogRow:
    """A version in the log: what made it, and what changed against the one before."""

    version: DatasetVersion
    made: str
    round: str
    asset_change: int | None
    box_change: int | None


def log_rows(dataset: Dataset, page: Page[DatasetVersion]) -> list[LogRow]:
    """Return a page of a dataset's versions, newest first; the last is compared with the first of the next page."""
    shown = list(page.object_list)
    older = selectors.versions_of(dataset).filter(number__lt=shown[-1].number).first() if shown else None
    return [
        LogRow(
            version=version,
            made=words.made_by(version),
            round=words.round_of(version),
            asset_change=version.asset_count - before.asset_count if before else None,
            box_change=version.annotation_count - before.annotation_count if before else None,
        )
        for version, before in zip(shown, [*shown, older][1:], strict=True)
    ]
