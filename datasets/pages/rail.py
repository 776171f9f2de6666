"""What stands beside the grid: classes to tick, boxes per asset, the versions of the dataset."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from django.urls import reverse
from django.utils.translation import gettext as _

from common.charts.histogram import Histogram
from common.numbers import thousands
from datasets import selectors
from datasets.models import DatasetVersion
from datasets.pages import words
from datasets.pages.palette import Palette
from datasets.store.query import Query

BARS: Final = 25
RARE: Final = 0.1  # of the boxes of the most frequent class
VERSIONS_SHOWN: Final = 6


@dataclass(frozen=True)
class ClassTick:
    """A class of a version: how many boxes it has, as number and as share of the most frequent one's."""

    name: str
    index: int
    count: int
    share: float
    ticked: bool


def class_ticks(version: DatasetVersion, palette: Palette, query: Query) -> list[ClassTick]:
    """Return the version's classes in order, the ones of the filter ticked."""
    most = max(version.class_counts.values(), default=0) or 1
    return [
        ClassTick(row.name, row.index, row.count, row.count / most, row.name in query.classes)
        for row in palette.rows(version.class_counts)
    ]


def rare_classes(ticks: list[ClassTick]) -> tuple[str, str]:
    """Return the classes with fewer than a tenth of the most frequent one's boxes, in words, and that one's name.

    Both are empty when there are none.
    """
    rare = [tick.name for tick in ticks if tick.share < RARE]
    if not rare:
        return "", ""
    return words.joined(rare[:3]), max(ticks, key=lambda tick: tick.count).name


@dataclass(frozen=True)
class BoxesPerAsset:
    """How many images have how many boxes."""

    drawing: Histogram
    median: int


def boxes_per_asset(version: DatasetVersion, query: Query) -> BoxesPerAsset:
    """Return how many images have how many boxes; the bins that the filter lets through are selected."""
    counts: list[int] = selectors.statistics(version)["annotations_per_asset"]["counts"]
    last = max((number for number, count in enumerate(counts) if count), default=0)
    step = -(-(last + 1) // BARS)
    starts = range(0, last + 1, step)
    bins = [sum(counts[start : start + step]) for start in starts]
    most = last if query.most is None else query.most
    chosen = [place for place, start in enumerate(starts) if start + step > query.least and start <= most]
    middle = median(counts)
    drawing = Histogram(
        counts=bins,
        edges=(0, last),
        selected=chosen if query.least or query.most is not None else (),
        summary=_("Boxes per asset, 0 to {last}, median {median}").format(last=last, median=middle),
        ticks=ticks(last, len(counts) - 1),
        titles=list(titles(starts, step, bins)),
    )
    return BoxesPerAsset(drawing, middle)


def ticks(last: int, open_end: int) -> list[str]:
    """Name up to four places of an axis from 0 to `last`; the last bin of a full histogram is open."""
    parts = min(3, last) or 1
    marks = [str(round(last * part / parts)) for part in range(parts + 1)]
    return [*marks[:-1], f"{last}+" if last >= open_end else marks[-1]]


def titles(starts: range, step: int, bins: list[int]) -> Iterator[str]:
    """Say what each bar counts."""
    for start, count in zip(starts, bins, strict=True):
        span = str(start) if step == 1 else f"{start}–{start + step - 1}"
        yield _("{span} boxes: {assets}").format(span=span, assets=words.asset_words(count))


def median(counts: list[int]) -> int:
    """Return the middle of a distribution given as counts of 0, 1, 2, …"""
    half, seen = sum(counts) / 2, 0
    for number, count in enumerate(counts):
        seen += count
        if seen >= half:
            return number
    return 0


def version_line(version: DatasetVersion) -> list[dict[str, Any]]:
    """Return the newest versions of the dataset, as the version line takes them."""
    listed = list(selectors.versions_of(version.dataset)[: VERSIONS_SHOWN + 1])
    return [line_entry(each, before, version) for each, before in words.pairs(listed)[:VERSIONS_SHOWN]]


def line_entry(each: DatasetVersion, before: DatasetVersion | None, current: DatasetVersion) -> dict[str, Any]:
    """Return one version of a line."""
    links = each.parent_links.all()
    origin = next((link.parent for link in links if link.parent.dataset_id != each.dataset_id), None)
    return {
        "label": f"v{each.number}",
        "url": reverse("datasets:version", args=[each.pk]),
        "tag": words.round_of(each),
        "note": words.change_words(each, before),
        "origin": str(origin) if origin else "",
        "origin_url": reverse("datasets:version", args=[origin.pk]) if origin else "",
        "current": each.pk == current.pk,
    }


def count_words(shown: int, total: int) -> str:
    """Say how many of the images match: 67 of 96."""
    return _("{shown} of {total}").format(shown=thousands(shown), total=thousands(total))
