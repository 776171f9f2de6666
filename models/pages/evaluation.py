"""The page of one evaluation, alone or beside an earlier one on the same dataset version."""

from typing import Any, Final

from common import numbers
from datasets.pages.palette import Palette
from models import selectors
from models.evaluation.report import Report
from models.models import Evaluation
from models.pages import judgement, prediction, quality
from models.pages.judgement import Judgement
from models.pages.photographs import Photographs, Tile

WORST: Final = 8
CERTAIN: Final = 0.999


def context(evaluation: Evaluation, other: Evaluation | None) -> dict[str, Any]:
    """Return what the template needs; `other` is compared with, and comes before."""
    found = quality.report(evaluation)
    before = quality.report(other) if other else None
    judged = judgement.at(judgement.of(evaluation.prediction), found.confidence)
    palette = Palette(evaluation.prediction.project)
    return {
        "evaluation": evaluation,
        "prediction": evaluation.prediction,
        "project": evaluation.prediction.project,
        "report": found,
        "rows": quality.class_rows(found, palette, before),
        "total": quality.totals(found, before),
        "panels": quality.curve_panels(found, palette, before),
        "threshold": quality.threshold_chart(judged.sides, found),
        "confusion": quality.confusion(found, palette),
        "counts": prediction.counts(judged),
        "worst": worst(evaluation, judged, palette),
        "comparable": selectors.comparable(evaluation),
        "other": other,
        **(compared(other, evaluation) if other else alone(evaluation)),
    }


def alone(evaluation: Evaluation) -> dict[str, Any]:
    """Return the figures of one evaluation."""
    found = quality.report(evaluation)
    return {
        "intervals": quality.intervals(found),
        "map50_words": _words(found, "mAP50"),
        "map50_95_words": _words(found, "mAP50_95"),
    }


def compared(other: Evaluation, evaluation: Evaluation) -> dict[str, Any]:
    """Return the change from one evaluation to another."""
    difference = judgement.difference(other, evaluation).get("mAP50")
    now, before = names(evaluation, other)
    return {
        "now": now,
        "before": before,
        "difference": difference,
        "better_words": share_words(difference.better) if difference and difference.better is not None else "",
        "intervals": quality.change(difference, now, before) if difference else None,
        "difference_words": quality.interval_words(difference.interval, with_sign=True)
        if difference and difference.interval
        else "",
    }


def share_words(share: float) -> str:
    """Write a share of draws; a thousand of them cannot tell more than three digits."""
    if share > CERTAIN:
        return f"> {numbers.percent(CERTAIN, 1)}"
    return f"< {numbers.percent(1 - CERTAIN, 1)}" if share < 1 - CERTAIN else numbers.percent(share, 1)


def names(evaluation: Evaluation, other: Evaluation) -> tuple[str, str]:
    """Name two models beside each other as shortly as tells them apart."""
    checkpoints = [each.prediction.checkpoint for each in (evaluation, other)]
    versions = [each.model_version for each in checkpoints]
    if versions[0].pk == versions[1].pk:
        return checkpoints[0].name, checkpoints[1].name
    if versions[0].registered_model_id == versions[1].registered_model_id:
        return f"v{versions[0].number}", f"v{versions[1].number}"
    return str(versions[0]), str(versions[1])


def worst(evaluation: Evaluation, judged: Judgement, palette: Palette) -> list[Tile]:
    """Draw the images with the most false and missed boxes."""
    photographs = Photographs(evaluation.prediction, judged, palette, "verdicts")
    query = prediction.Look(judged.confidence).address()
    return list(photographs.tiles(prediction.worst(judged, WORST), query))


def _words(found: Report, key: str) -> str:
    interval = found.intervals.get(key)
    return quality.interval_words(interval) if interval else ""
