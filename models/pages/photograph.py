"""The page of one image of a prediction."""

from collections import Counter
from typing import Any

import numpy as np
from django.http import QueryDict
from django.urls import reverse

from datasets import selectors as dataset_selectors
from datasets.pages.palette import Palette
from models import selectors
from models.models import Prediction
from models.pages import judgement, prediction
from models.pages.photographs import Photographs


def context(found: Prediction, asset_hash: str, params: QueryDict) -> dict[str, Any] | None:
    """Return what the template needs; None when the dataset version does not hold the image."""
    asset = dataset_selectors.asset(found.dataset_version, asset_hash)
    if asset is None:
        return None
    look = prediction.read(params, found, selectors.newest_evaluations([found]).get(found.pk))
    judged, palette = judgement.at(judgement.of(found), look.confidence), Palette(found.project)
    look = prediction.possible(look, judged)
    photographs = Photographs(found, judged, palette, look.view, long_names=True)
    boxes = photographs.boxes(asset.row)
    order = prediction.positions(judged, look)
    at = np.flatnonzero(order == asset.row)
    place = int(at[0]) if len(at) else None

    def neighbour(step: int) -> str:
        if place is None or not 0 <= place + step < len(order):
            return ""
        beside = judged.sides.assets[int(order[place + step])]
        return reverse("models:prediction_image", args=[found.pk, beside]) + look.address()

    return {
        "prediction": found,
        "project": found.project,
        "asset": asset,
        "look": look,
        "grid_query": look.address(),
        "boxes": boxes,
        "summary": photographs.summary(asset.row),
        "is_judged": judged.sides.is_judged,
        "views": prediction.views(look) if judged.sides.is_judged else [],
        "classes": palette.rows(Counter(judged.sides.names[code] for code in photographs.codes(asset.row))),
        "number": None if place is None else place + 1,
        "total": len(order),
        "previous_url": neighbour(-1),
        "next_url": neighbour(1),
    }
