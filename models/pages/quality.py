"""How good a model is on a dataset version: figures, classes, curves and confusion of an evaluation."""

from dataclasses import dataclass
from typing import Final

import msgspec
import numpy as np
from django.utils.translation import gettext as _

from common import numbers
from common.charts.confusion import Confusion
from common.charts.line import LineChart, Mark, Role, Series
from datasets.pages.palette import Palette
from models.evaluation import thresholds
from models.evaluation.boxes import Floats
from models.evaluation.report import ClassReport, Curve, Difference, Interval, Report
from models.models import Evaluation
from models.pages.interval import Intervals, Row
from models.pages.judgement import Sides

RECALLS: Final = [step / 100 for step in range(101)]
CONFIDENCES: Final = [step / 50 for step in range(51)]
MOST_CURVES: Final = 12
MOST_CONFUSED: Final = 20


def report(evaluation: Evaluation) -> Report:
    """Return what an evaluation says."""
    return msgspec.convert(evaluation.report, type=Report)


@dataclass(frozen=True)
class ClassRow:
    """A class in the table: its average precision, before and now, and what holds at the confidence in use."""

    name: str
    index: int
    boxes: int
    ap50: float | None
    before: float | None
    ap50_95: float | None
    precision: float | None
    recall: float | None

    @property
    def change(self) -> float | None:
        return None if self.ap50 is None or self.before is None else self.ap50 - self.before


@dataclass(frozen=True)
class CurvePanel:
    """Precision and recall of one class."""

    name: str
    index: int
    ap50: float
    before: float | None
    chart: LineChart


def class_rows(found: Report, palette: Palette, before: Report | None = None) -> list[ClassRow]:
    """Return the classes in the order of the project."""
    earlier = {each.name: each.AP50 for each in before.per_class} if before else {}
    rows = [
        ClassRow(
            name=each.name,
            index=palette.index(each.name),
            boxes=each.ground_truth,
            ap50=each.AP50,
            before=earlier.get(each.name),
            ap50_95=each.AP50_95,
            precision=_share(each.tp, each.tp + each.fp),
            recall=_share(each.tp, each.ground_truth),
        )
        for each in found.per_class
    ]
    return sorted(rows, key=lambda row: row.index)


def totals(found: Report, before: Report | None = None) -> ClassRow:
    """Return the sum of the classes; the average precision is their mean."""
    true, false = (sum(getattr(each, key) for each in found.per_class) for key in ("tp", "fp"))
    return ClassRow(
        name="mAP",
        index=0,
        boxes=found.ground_truth,
        ap50=found.mAP50,
        before=before.mAP50 if before else None,
        ap50_95=found.mAP50_95,
        precision=_share(true, true + false),
        recall=_share(true, found.ground_truth),
    )


def intervals(found: Report) -> Intervals | None:
    """Draw the two means with their intervals; None where images were not drawn anew."""
    rows, words = [], []
    for label, value, key in (("mAP@.5", found.mAP50, "mAP50"), ("mAP@[.5:.95]", found.mAP50_95, "mAP50_95")):
        interval = found.intervals.get(key)
        if value is not None and interval is not None:
            rows.append(Row(label, value, interval.low, interval.high))
            words.append(f"{label} {numbers.score(value)}, {interval_words(interval)}")
    return Intervals(rows, "; ".join(words)) if rows else None


def change(difference: Difference, now: str, before: str) -> Intervals:
    """Draw a change of mAP@.5 with its interval."""
    low, high = (difference.interval.low, difference.interval.high) if difference.interval else (None, None)
    words = _("Change of mAP@.5: {change}").format(change=numbers.signed(difference.value))
    if difference.interval is not None:
        words = f"{words}, {interval_words(difference.interval, with_sign=True)}"
    row = Row("", difference.value, low, high)
    worse, better = (_("{model} better").format(model=model) for model in (before, now))
    return Intervals([row], words, worse, better)


def interval_words(interval: Interval, *, with_sign: bool = False) -> str:
    """Say an interval: 95 % interval 0.846 to 0.893."""
    write = numbers.signed if with_sign else numbers.score
    return _("95 % interval {low} to {high}").format(low=write(interval.low), high=write(interval.high))


def curve_panels(found: Report, palette: Palette, before: Report | None = None) -> list[CurvePanel]:
    """Draw precision over recall for each class; with many classes, for those with the lowest average precision."""
    earlier = {each.name: each for each in before.per_class} if before else {}
    drawn = [each for each in found.per_class if each.curve is not None and each.AP50 is not None]
    lowest = sorted(drawn, key=lambda each: each.AP50 or 0.0)[:MOST_CURVES]
    panels = [_panel(each, earlier.get(each.name), palette) for each in lowest]
    return sorted(panels, key=lambda panel: panel.index)


def _panel(each: ClassReport, before: ClassReport | None, palette: Palette) -> CurvePanel:
    points = _points(each.curve)
    series = [Series(points, "", "ours")]
    if before is not None and before.curve is not None:
        series.append(Series(_points(before.curve), "", "reference"))
    recall, precision = _share(each.tp, each.ground_truth), _share(each.tp, each.tp + each.fp)
    in_use = [] if recall is None or precision is None else [Mark(recall, precision)]
    words = _("Precision and recall of {name}: average precision {score}, precision {precision}, recall {recall}")
    shown = [numbers.score(value or 0.0) for value in (each.AP50, precision, recall)]
    chart = LineChart(
        series=series,
        x_label=_("recall"),
        y_label=_("precision"),
        x_range=(0.0, 1.0),
        y_range=(0.0, 1.0),
        x_ticks=[0.0, 0.25, 0.5, 0.75, 1.0],
        marks=in_use,
        summary=words.format(name=each.name, score=shown[0], precision=shown[1], recall=shown[2]),
    )
    return CurvePanel(each.name, palette.index(each.name), each.AP50 or 0.0, before.AP50 if before else None, chart)


def _points(curve: Curve | None) -> list[tuple[float, float]]:
    """Return (recall, precision) up to the highest recall that is reached."""
    if curve is None:
        return []
    reached = sum(value > 0 for value in curve.precision)
    ends = [(RECALLS[reached], 0.0)] if 0 < reached < len(RECALLS) else []
    return [*zip(RECALLS[:reached], curve.precision[:reached], strict=True), *ends] or [(0.0, 0.0)]


def threshold_chart(sides: Sides, found: Report) -> LineChart | None:
    """Draw precision, recall and F1 over the confidence, averaged over the classes; None without ground truth."""
    if sides.matches is None:
        return None
    curve = thresholds.by_confidence(
        sides.truth, sides.predicted, sides.matches, class_count=len(sides.names), confidences=CONFIDENCES
    )
    last = max((index for index, value in enumerate(curve.recall) if value > 0), default=0)
    f1 = float(np.interp(found.confidence, curve.confidence, curve.f1))
    lines: list[tuple[Floats, str, Role]] = [
        (curve.precision, _("precision"), "reference"),
        (curve.recall, _("recall"), "reference"),
        (curve.f1, "F1", "ours"),
    ]
    words = _("Precision, recall and F1 by confidence; F1 is {f1} at {confidence}")
    return LineChart(
        series=[
            Series(list(zip(CONFIDENCES, values.tolist(), strict=True))[: last + 1], label, role)
            for values, label, role in lines
        ],
        x_label=_("confidence"),
        y_label=_("mean of all classes"),
        x_range=(0.0, 1.0),
        y_range=(0.0, 1.0),
        in_use=Mark(found.confidence, f1, _("{confidence} in use").format(confidence=f"{found.confidence:.2f}")),
        summary=words.format(f1=numbers.score(f1), confidence=f"{found.confidence:.2f}"),
    )


def confusion(found: Report, palette: Palette) -> Confusion | None:
    """Return which classes are taken for which; None for more classes than a table can show."""
    names = found.confusion.names[:-1]
    if not names or len(names) > MOST_CONFUSED:
        return None
    return Confusion(names, found.confusion.counts, [palette.index(name) for name in names])


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
