"""The page of one prediction: its images in the order and selection that the address says."""

from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from django.core.paginator import Paginator
from django.http import QueryDict
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from datasets.pages.palette import Palette
from models import selectors
from models.evaluation.boxes import Ints
from models.models import Evaluation, Prediction
from models.pages import judgement
from models.pages.judgement import Judgement
from models.pages.photographs import Photographs, View

PER_PAGE: Final = 24
DEFAULT_CONFIDENCE: Final = 0.25
VERDICTS: Final = ("missed", "false", "moved", "true")


@dataclass(frozen=True)
class Look:
    """What the address of the page says."""

    confidence: float
    verdict: str = ""
    class_name: str = ""
    view: View = "verdicts"

    def address(self, **changes: Any) -> str:
        """Return the query string of this look, or of one that differs in `changes`."""
        look = replace(self, **changes)
        values = {"confidence": f"{look.confidence:.2f}", "verdict": look.verdict, "class": look.class_name}
        if look.view == "classes":
            values["view"] = look.view
        return f"?{urlencode({key: value for key, value in values.items() if value})}"


@dataclass(frozen=True)
class Choice:
    """One of several selections of the same images."""

    label: str
    address: str
    current: bool
    count: int | None = None


def read(params: QueryDict, prediction: Prediction, evaluation: Evaluation | None) -> Look:
    """Read a look from an address; what makes no sense falls back to the default.

    Without one, the confidence is that of the newest evaluation.
    """
    default = float(evaluation.params.get("confidence", DEFAULT_CONFIDENCE)) if evaluation else DEFAULT_CONFIDENCE
    name, verdict = params.get("class", ""), params.get("verdict", "")
    return Look(
        confidence=_fraction(params.get("confidence", ""), default),
        verdict=verdict if verdict in VERDICTS else "",
        class_name=name if name in prediction.checkpoint.model_version.class_names else "",
        view="classes" if params.get("view") == "classes" else "verdicts",
    )


def context(prediction: Prediction, params: QueryDict) -> dict[str, Any]:
    """Return what the template needs; three queries, however many images there are."""
    evaluation = selectors.newest_evaluations([prediction]).get(prediction.pk)
    look = read(params, prediction, evaluation)
    found = judgement.at(judgement.of(prediction), look.confidence)
    look = possible(look, found)
    palette = Palette(prediction.project)
    page = Paginator(positions(found, look), PER_PAGE).get_page(params.get("page"))
    photographs = Photographs(prediction, found, palette, look.view)
    return {
        "prediction": prediction,
        "project": prediction.project,
        "evaluation": evaluation,
        "look": look,
        "is_judged": found.sides.is_judged,
        "page": page,
        "tiles": list(photographs.tiles([int(place) for place in page.object_list], look.address())),
        "choices": choices(found, look),
        "views": views(look),
        "classes": [
            Choice(name, look.address(class_name="" if name == look.class_name else name), name == look.class_name)
            for name in found.sides.names
        ],
        "counts": counts(found),
        "names": look.view == "verdicts",
    }


def possible(look: Look, found: Judgement) -> Look:
    """Return the look without verdicts where there is nothing to judge by."""
    return look if found.sides.is_judged else replace(look, verdict="", view="classes")


def positions(found: Judgement, look: Look) -> Ints:
    """Return the images to show: those with the verdict and class that are asked for, the worst first."""
    code = found.sides.names.index(look.class_name) if look.class_name in found.sides.names else None
    if look.verdict:
        number = found.count(look.verdict, code)
        return _ordered(number)[: np.count_nonzero(number)]
    if not found.sides.is_judged:
        number = found.count("", code)
        return _ordered(number) if code is None else _ordered(number)[: np.count_nonzero(number)]
    wrong = _wrong(found, code)
    if code is None:
        return _ordered(wrong)
    present = wrong + found.count("true", code)
    return _ordered(present, wrong)[: np.count_nonzero(present)]


def worst(found: Judgement, count: int) -> list[int]:
    """Return the images with the most false and missed boxes; none that is all true."""
    wrong = _wrong(found)
    return [int(place) for place in _ordered(wrong)[:count] if wrong[place]]


def choices(found: Judgement, look: Look) -> list[Choice]:
    """Return the verdicts to choose from, with the number of boxes of each."""
    labels = {"": _("All"), "missed": _("Missed"), "false": _("False"), "moved": _("Wrong place"), "true": _("True")}
    if not found.sides.is_judged:
        return []
    totals = {kind: int(found.count(kind).sum()) for kind in VERDICTS}
    return [
        Choice(label, look.address(verdict=kind), kind == look.verdict, totals.get(kind))
        for kind, label in labels.items()
    ]


def views(look: Look) -> list[Choice]:
    """Return the ways to color boxes."""
    labels: dict[View, str] = {"verdicts": _("Verdicts"), "classes": _("Classes")}
    return [Choice(label, look.address(view=view), view == look.view) for view, label in labels.items()]


def counts(found: Judgement) -> dict[str, int]:
    """Return the number of boxes by verdict; without ground truth of all that were found."""
    kinds = VERDICTS if found.sides.is_judged else ("",)
    return {kind or "found": int(found.count(kind).sum()) for kind in kinds}


def _wrong(found: Judgement, code: int | None = None) -> Ints:
    missed, false, moved = (found.count(kind, code) for kind in ("missed", "false", "moved"))
    return missed + false + moved


def _ordered(*keys: Ints) -> Ints:
    """Return positions by the last key, then the ones before it, all descending; equal ones keep their order."""
    return np.lexsort([-key for key in keys])


def _fraction(text: str, default: float) -> float:
    try:
        value = float(text)
    except ValueError:
        return default
    return value if 0 <= value <= 1 else default
