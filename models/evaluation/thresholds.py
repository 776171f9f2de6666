"""Precision and recall at every confidence, from one matching."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from models.evaluation.boxes import Bools, Boxes, Floats
from models.evaluation.coco import Matches


@dataclass(frozen=True)
class ByConfidence:
    """Means over the classes with ground truth, at each of `confidence`."""

    confidence: Floats
    precision: Floats
    recall: Floats
    f1: Floats


def by_confidence(
    truth: Boxes, predicted: Boxes, matches: Matches, *, class_count: int, confidences: Sequence[float]
) -> ByConfidence:
    """Count at each confidence how many predictions are left, and how many of them are true.

    Without predictions left, precision is 1: nothing that is said is wrong.
    """
    grid = np.asarray(confidences, dtype=np.float64)
    rows = []
    for code in range(class_count):
        total = int(np.count_nonzero((truth.class_code == code) & ~truth.crowd))
        if total:
            counted = (predicted.class_code == code) & ~matches.ignored
            rows.append(_class(predicted.score, counted, matches.partner >= 0, grid, total))
    precision, recall, f1 = np.mean(rows, axis=0) if rows else np.zeros((3, len(grid)))
    return ByConfidence(grid, precision, recall, f1)


def _class(score: Floats, counted: Bools, right: Bools, grid: Floats, total: int) -> Floats:
    """Precision, recall and F1 of one class."""
    left, true = _at_least(score[counted], grid), _at_least(score[counted & right], grid)
    precision = np.divide(true, left, out=np.ones(len(grid)), where=left > 0)
    return np.stack([precision, true / total, 2 * true / (left + total)])


def _at_least(score: Floats, grid: Floats) -> Floats:
    """How many scores are at least each of `grid`."""
    return len(score) - np.searchsorted(np.sort(score), grid, side="left").astype(np.float64)
