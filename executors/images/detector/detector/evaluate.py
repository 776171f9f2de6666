"""Average precision as COCO defines it, and counts at one working point."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
THRESHOLDS = np.linspace(0.5, 0.95, 10)
RECALLS = np.linspace(0, 1, 101)
MAX_DETECTIONS = 100


@dataclass(frozen=True)
class Found:
    """Detections of one image: boxes [n, 4] (x1, y1, x2, y2), scores [n], classes [n]."""

    boxes: Floats
    scores: Floats
    classes: NDArray[np.int64]


@dataclass(frozen=True)
class Scores:
    """precision [10, classes] is the average precision at each overlap; NaN for a class without objects."""

    precision: Floats
    recall: Floats
    true_positives: int
    false_positives: int
    false_negatives: int

    @property
    def map50(self) -> float:
        return _mean(self.precision[0])

    @property
    def map50_95(self) -> float:
        return _mean(self.precision)

    @property
    def mean_recall(self) -> float:
        """Average over classes and overlaps of the recall with at most 100 detections an image."""
        return _mean(self.recall)


def evaluate(found: Sequence[Found], truth: Sequence[Floats], class_count: int, *, confidence: float = 0.25) -> Scores:
    """Score detections against objects [m, 5] (class, x1, y1, x2, y2) image by image.

    Follows the COCO evaluation: greedy matching by score at overlaps .5 to .95, at most 100 detections of a class in
    an image, precision interpolated at 101 recalls. The counts are taken at overlap .5 and score >= `confidence`.
    """
    precision = np.full((len(THRESHOLDS), class_count), np.nan)
    recall = np.full((len(THRESHOLDS), class_count), np.nan)
    hits = misses = total = 0
    for label in range(class_count):
        scores, matched, objects = _match_class(found, truth, label)
        total += objects
        sure = scores >= confidence
        hits += int(matched[0, sure].sum())
        misses += int((~matched[0, sure]).sum())
        if objects:
            for row in range(len(THRESHOLDS)):
                precision[row, label], recall[row, label] = _curve_area(matched[row], objects)
    return Scores(precision, recall, hits, misses, total - hits)


def _match_class(found: Sequence[Found], truth: Sequence[Floats], label: int) -> tuple[Floats, NDArray[np.bool_], int]:
    """All detections of a class, best first: scores [n], matched [10, n]; and the number of objects."""
    scores, matched, objects = [np.zeros(0)], [np.zeros((len(THRESHOLDS), 0), dtype=bool)], 0
    for detections, targets in zip(found, truth, strict=True):
        boxes = targets[targets[:, 0] == label, 1:]
        objects += len(boxes)
        mine = np.flatnonzero(detections.classes == label)
        mine = mine[np.argsort(-detections.scores[mine], kind="stable")][:MAX_DETECTIONS]
        scores.append(detections.scores[mine])
        matched.append(_match_image(overlaps(detections.boxes[mine], boxes)))
    joined = np.concatenate(scores)
    order = np.argsort(-joined, kind="stable")
    return joined[order], np.concatenate(matched, axis=1)[:, order], objects


def _match_image(overlap: Floats) -> NDArray[np.bool_]:
    """Greedy matching for overlaps [n detections, m objects], best detection first, at every threshold -> [10, n]."""
    count, objects = overlap.shape
    matched = np.zeros((len(THRESHOLDS), count), dtype=bool)
    if objects == 0:
        return matched
    free = np.ones((len(THRESHOLDS), objects), dtype=bool)
    rows = np.arange(len(THRESHOLDS))
    for index in range(count):
        open_overlap = np.where(free, overlap[index], -1.0)
        # COCO lets a later object win a tie.
        best = objects - 1 - open_overlap[:, ::-1].argmax(axis=1)
        good = open_overlap[rows, best] >= np.minimum(THRESHOLDS, 1 - 1e-10)
        matched[:, index] = good
        free[rows[good], best[good]] = False
    return matched


def _curve_area(matched: NDArray[np.bool_], objects: int) -> tuple[float, float]:
    """Average precision and highest recall of detections in order of score."""
    if len(matched) == 0:
        return 0.0, 0.0
    hits = np.cumsum(matched)
    recall = hits / objects
    precision = hits / np.arange(1, len(matched) + 1)
    envelope = np.maximum.accumulate(precision[::-1])[::-1]
    places = np.searchsorted(recall, RECALLS, side="left")
    values = np.where(places < len(envelope), envelope[np.minimum(places, len(envelope) - 1)], 0.0)
    return float(values.mean()), float(recall[-1])


def overlaps(a: Floats, b: Floats) -> Floats:
    """Intersection over union of every box of a [n, 4] with every box of b [m, 4] -> [n, m]."""
    low, high = np.maximum(a[:, None, :2], b[None, :, :2]), np.minimum(a[:, None, 2:], b[None, :, 2:])
    shared = (high - low).clip(min=0).prod(axis=2)
    area_a, area_b = (a[:, 2:] - a[:, :2]).prod(axis=1), (b[:, 2:] - b[:, :2]).prod(axis=1)
    return shared / (area_a[:, None] + area_b[None, :] - shared + 1e-12)


def _mean(values: Floats) -> float:
    return float(np.nanmean(values)) if np.isfinite(values).any() else 0.0
