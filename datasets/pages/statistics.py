"""The charts of a version, from what was counted at its commit."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from django.utils.translation import gettext as _

from common.charts.histogram import Histogram
from common.numbers import percent, size, thousands
from datasets import selectors
from datasets.models import DatasetVersion
from datasets.pages.palette import Palette

Row = dict[str, Any]


@dataclass(frozen=True)
class Chart:
    """A histogram with its title and, below it, what one of its bins counts."""

    title: str
    remark: str
    histogram: Histogram


def class_rows(version: DatasetVersion, palette: Palette) -> list[Row]:
    """Return each class with its boxes and images, for bars."""
    stats = selectors.statistics(version)
    most = max(stats["class_counts"].values(), default=0) or 1
    return [
        {
            "name": row.name,
            "index": row.index,
            "boxes": row.count,
            "share": row.count / most,
            "assets": stats["class_asset_counts"][row.name],
            "asset_share": stats["class_asset_counts"][row.name] / (version.asset_count or 1),
        }
        for row in palette.rows(stats["class_counts"])
    ]


def charts(version: DatasetVersion) -> list[Chart]:
    """Return the histograms of boxes: their size, their share of the image, their shape."""
    stats = selectors.statistics(version)
    if not stats["annotation_count"]:
        return []
    return [
        Chart(
            _("Box size"),
            _("side of a square of the same area, in pixels"),
            histogram(_("Box size"), stats["box_sizes"], str),
        ),
        Chart(
            _("Share of the image"),
            _("box area over image area"),
            histogram(_("Share of the image"), stats["box_shares"], share_words),
        ),
        Chart(
            _("Shape"),
            _("width over height"),
            histogram(_("Shape"), stats["box_aspects"], lambda edge: f"{edge:g}"),
        ),
    ]


def share_words(share: float) -> str:
    """Write a share with the digits that it needs: 0.03 %, 10 %."""
    return percent(share, 0 if share == 0 or share * 100 >= 1 else 2)


def histogram(title: str, counted: dict[str, Any], name: Callable[[Any], str]) -> Histogram:
    """Draw counts between edges; bins behind the last one in use are left out."""
    counts, edges = counted["counts"], [name(edge) for edge in counted["edges"]]
    used = max((place for place, count in enumerate(counts) if count), default=0) + 1
    spans = [f"{begin}–{end}" for begin, end in pairwise(edges)] + [f"≥ {edges[-1]}"]
    total = sum(counts)
    return Histogram(
        counts=counts[:used],
        edges=(0, used),
        summary=_("{title}, {count} boxes").format(title=title, count=thousands(total)),
        ticks=[edges[0], edges[used // 2], edges[used] if used < len(edges) else f"≥ {edges[-1]}"],
        titles=[f"{span}: {thousands(count)}" for span, count in zip(spans, counts, strict=True)],
    )


def area_rows(version: DatasetVersion) -> list[Row]:
    """Return the boxes by the area classes of the COCO evaluation, for bars."""
    areas, total = selectors.statistics(version)["coco_areas"], version.annotation_count or 1
    labels = {
        "small": _("small, below 32² px"),
        "medium": _("medium"),
        "large": _("large, from 96² px"),
    }
    return [
        {"name": label, "value": areas[key] / total, "text": thousands(areas[key])} for key, label in labels.items()
    ]


def image_rows(version: DatasetVersion) -> list[Row]:
    """Return the most frequent image sizes, for bars."""
    stats = selectors.statistics(version)
    return [
        {"name": f"{width} × {height}", "value": count / (version.asset_count or 1), "text": thousands(count)}
        for width, height, count in stats["image_sizes"][:8]
    ]


def facts(version: DatasetVersion) -> list[tuple[str, str]]:
    """Return the numbers of a version, for a description list."""
    stats = selectors.statistics(version)
    formats = ", ".join(f"{name.upper()} {thousands(count)}" for name, count in stats["formats"].items())
    return [
        (_("Assets"), thousands(version.asset_count)),
        (_("without boxes"), thousands(stats["empty_asset_count"])),
        (_("Boxes"), thousands(version.annotation_count)),
        (_("Image data"), size(stats["byte_count"])),
        (_("Formats"), formats or "–"),
        (_("Different image sizes"), thousands(stats["image_size_count"])),
    ]
