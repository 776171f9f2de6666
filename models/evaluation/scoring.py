"""Evaluate predictions against ground truth as COCO does (Lin et al. 2014, and its evaluation server)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from datasets.store.schema import Tables
from models.evaluation import boxes
from models.evaluation.boxes import Boxes, Floats, UnalignedBoxesError
from models.evaluation.coco import CocoRun, Matches, Scores
from models.evaluation.report import ClassReport, Confusion, Curve, Report
from models.evaluation.verdicts import Verdicts, judge

NO_BOX = "no box"
_DIGITS = 6
_IOU_50, _IOU_75 = 0, 5
_ALL, _SMALL, _MEDIUM, _LARGE = range(4)
_UNDECIDED = 0.5


@dataclass(frozen=True)
class Options:
    """How to count. `confidence` None takes the one with the best mean F1; `resamples` > 0 adds 95 % intervals."""

    iou: float = 0.5
    confidence: float | None = None
    resamples: int = 0
    seed: int = 0


@dataclass(frozen=True)
class Evaluation:
    """The report, and a verdict for each box of `truth` and `predicted`."""

    report: Report
    verdicts: Verdicts
    truth: Boxes
    predicted: Boxes


@dataclass(frozen=True)
class _F1Curve:
    """F1 at each confidence that occurs, the highest confidence first."""

    confidence: Floats
    f1: Floats


def evaluate_tables(
    truth: Tables, predicted: Tables, *, class_names: Sequence[str] | None = None, options: Options | None = None
) -> Evaluation:
    """Evaluate on the assets of `truth`; what `predicted` says of other assets or classes is counted as left out.

    Args:
        class_names: the classes to evaluate; by default all that either side names, sorted.
    """
    names = class_names or sorted({*truth.class_names, *predicted.class_names})
    assets = truth.assets["asset"]
    of_truth, _ = boxes.from_tables(truth, assets, names)
    of_model, left_out = boxes.from_tables(predicted, assets, names)
    return evaluate(of_truth, of_model, images=len(assets), class_names=names, options=options, left_out=left_out)


def evaluate(
    truth: Boxes,
    predicted: Boxes,
    *,
    images: int,
    class_names: Sequence[str],
    options: Options | None = None,
    left_out: int = 0,
) -> Evaluation:
    """Compare the boxes of `images` images.

    Raises:
        UnalignedBoxesError: a box names an image or class beyond `images` or `class_names`.
    """
    options = options or Options()
    for side in (truth, predicted):
        _check(side, images, len(class_names))
    run = CocoRun(truth, predicted, images, class_names)
    matches, scores = run.matches(options.iou), run.scores()
    curves = [_f1_curve(truth, predicted, matches, code) for code in range(len(class_names))]
    confidence = _best_common(curves) if options.confidence is None else options.confidence
    classes = [
        _class_report(name, code, scores, curves[code], _counts(truth, predicted, matches, code, confidence))
        for code, name in enumerate(class_names)
    ]
    report = Report(
        mAP50=_mean(scores.precision[_IOU_50, :, :, _ALL]),
        mAP50_95=_mean(scores.precision[..., _ALL]),
        mAP75=_mean(scores.precision[_IOU_75, :, :, _ALL]),
        mAR=_mean(scores.recall[..., _ALL]),
        mAP_small=_mean(scores.precision[..., _SMALL]),
        mAP_medium=_mean(scores.precision[..., _MEDIUM]),
        mAP_large=_mean(scores.precision[..., _LARGE]),
        per_class=classes,
        confusion=Confusion([*class_names, NO_BOX], run.confusion(options.iou, confidence)),
        iou=options.iou,
        confidence=confidence,
        images=images,
        ground_truth=int(np.count_nonzero(~truth.crowd)),
        predictions=len(predicted),
        left_out=left_out,
        intervals=run.intervals(options.resamples, options.seed) if options.resamples else {},
    )
    verdicts = judge(truth, predicted, matches, iou=options.iou, confidence=confidence)
    return Evaluation(report, verdicts, truth, predicted)


def _check(side: Boxes, images: int, classes: int) -> None:
    for column, limit, what in ((side.image, images, "images"), (side.class_code, classes, "classes")):
        if len(column) and (column.min() < 0 or column.max() >= limit):
            raise UnalignedBoxesError(f"a box is outside the {limit} {what}")


def _mean(values: Floats) -> float | None:
    """The mean of what could be measured."""
    measured = values[values > -1]
    return round(float(measured.mean()), _DIGITS) if measured.size else None


def _f1_curve(truth: Boxes, predicted: Boxes, matches: Matches, code: int) -> _F1Curve:
    counted = (predicted.class_code == code) & ~matches.ignored
    score, right = predicted.score[counted], matches.partner[counted] >= 0
    order = np.argsort(-score, kind="stable")
    score, hits = score[order], np.cumsum(right[order])
    # Boxes of equal confidence come and go together, so only the last of each run is a choice.
    last = np.flatnonzero(np.append(score[1:] != score[:-1], [True] * bool(len(score))))
    return _F1Curve(score[last], 2 * hits[last] / (last + 1 + _total(truth, code)))


def _best_common(curves: Sequence[_F1Curve]) -> float:
    """The confidence, in hundredths, with the best F1 averaged over classes."""
    grid = np.linspace(0.01, 0.99, 99)
    total = np.zeros(len(grid))
    for curve in curves:
        reached = np.searchsorted(-curve.confidence, -grid, side="right")
        total += np.concatenate([[0.0], curve.f1])[reached]
    return round(float(grid[np.argmax(total)]), 2) if total.any() else _UNDECIDED


@dataclass(frozen=True)
class _Counts:
    ground_truth: int
    predictions: int
    tp: int
    fp: int


def _counts(truth: Boxes, predicted: Boxes, matches: Matches, code: int, confidence: float) -> _Counts:
    of_class = predicted.class_code == code
    counted = of_class & ~matches.ignored & (predicted.score >= confidence)
    tp = int(np.count_nonzero(counted & (matches.partner >= 0)))
    return _Counts(_total(truth, code), int(np.count_nonzero(of_class)), tp, int(np.count_nonzero(counted)) - tp)


def _total(truth: Boxes, code: int) -> int:
    return int(np.count_nonzero((truth.class_code == code) & ~truth.crowd))


def _class_report(name: str, code: int, scores: Scores, curve: _F1Curve, counts: _Counts) -> ClassReport:
    best = int(np.argmax(curve.f1)) if counts.ground_truth and len(curve.f1) else None
    precision = scores.precision[_IOU_50, :, code, _ALL]
    confidence = np.maximum(scores.confidence[_IOU_50, :, code, _ALL], 0)
    drawn = Curve(np.round(precision, 4).tolist(), np.round(confidence, 4).tolist())
    return ClassReport(
        name=name,
        AP50=_mean(precision),
        AP50_95=_mean(scores.precision[:, :, code, _ALL]),
        AR=_mean(scores.recall[:, code, _ALL]),
        ground_truth=counts.ground_truth,
        predictions=counts.predictions,
        tp=counts.tp,
        fp=counts.fp,
        fn=counts.ground_truth - counts.tp,
        best_f1=None if best is None else round(float(curve.f1[best]), _DIGITS),
        best_confidence=None if best is None else round(float(curve.confidence[best]), _DIGITS),
        curve=drawn if counts.ground_truth else None,
    )
