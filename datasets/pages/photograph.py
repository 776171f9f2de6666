"""The page of one image: boxes, classes, facts, and the images beside it."""

from typing import Any

from django.http import QueryDict
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _

from common.numbers import score as score_text
from common.numbers import size
from datasets import selectors
from datasets.models import DatasetVersion
from datasets.pages import grid
from datasets.pages.palette import Palette
from datasets.store import reader
from datasets.store.browse import Place
from datasets.store.reader import Asset

LISTED = 200


def context(version: DatasetVersion, asset: Asset, params: QueryDict, palette: Palette) -> dict[str, Any]:
    """Return what templates/datasets/image.html needs; `params` are those of the grid that it was opened from."""
    scores = selectors.scores(version)
    view = grid.read(params, has_scores=scores is not None)
    selection = selectors.select(version, view.query, view.order)
    place, address = selection.place(asset), view.address()
    counts: dict[str, int] = {}
    for box in asset.boxes:
        counts[box.class_name] = counts.get(box.class_name, 0) + 1
    return {
        "asset": asset,
        "alt": grid.description(asset),
        "boxes": [grid.draw(box, palette) for box in asset.boxes],
        "classes": palette.rows(counts),
        "listed": [describe(box, palette) for box in asset.boxes[:LISTED]],
        "unlisted": max(0, len(asset.boxes) - LISTED),
        "facts": facts(asset, selection.score(asset)),
        "filter": view.query.text,
        "place": place,
        "number": None if place is None else place.position + 1,
        "total": len(selection),
        "previous_url": neighbour(version, place.previous if place else None, address),
        "next_url": neighbour(version, place.next if place else None, address),
        "grid_url": grid_url(version, place, view, address),
    }


def neighbour(version: DatasetVersion, asset_hash: str | None, address: str) -> str:
    """Return the address of an image beside this one; empty where there is none."""
    return reverse("datasets:image", args=[version.pk, asset_hash]) + address if asset_hash else ""


def grid_url(version: DatasetVersion, place: Place | None, view: grid.View, address: str) -> str:
    """Return the address of the page of the grid that shows the image."""
    url = reverse("datasets:version", args=[version.pk]) + address
    page = 1 if place is None else place.position // view.size.per_page + 1
    return url if page == 1 else f"{url}{'&' if address else '?'}page={page}"


def describe(box: reader.Box, palette: Palette) -> dict[str, Any]:
    """Return a box as a row of a table."""
    flags = {_("difficult"): box.difficult, _("truncated"): box.truncated, _("crowd"): box.crowd}
    return {
        "name": box.class_name,
        "index": palette.index(box.class_name),
        "size": f"{box.w:.0f} × {box.h:.0f}",
        "place": f"{box.x:.0f}, {box.y:.0f}",
        "score": "" if box.score is None else score_text(box.score),
        "flags": _(", ").join(word for word, is_set in flags.items() if is_set),
    }


def facts(asset: Asset, score: float | None) -> list[tuple[str, Any]]:
    """Return what is known of an image, for a description list."""
    rows: list[tuple[str, Any]] = [
        (_("File"), asset.file_name),
        (_("Size"), _("{width} × {height} px").format(width=asset.width, height=asset.height)),
        (_("Format"), f"{asset.format.upper()}, {size(asset.bytes)}"),
        (_("Content"), format_html('<span class="mono" title="{}">{}</span>', asset.asset, asset.asset[:12])),
    ]
    return [*rows, (_("Score"), score_text(score))] if score is not None else rows
