"""Which ground truth was found, and what is wrong with each prediction: one verdict for each row.

The kinds of error follow TIDE (Bolya et al. 2020, "TIDE: A General Toolbox for Identifying Object Detection Errors",
section 2.2), named for people who look at pictures.
"""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import numpy.typing as npt

from models.evaluation.boxes import Boxes, Floats, Ints
from models.evaluation.coco import Matches

Codes = npt.NDArray[np.uint8]

_NEAR_IOU = 0.1
_BATCH = 50_000


class TruthVerdict(IntEnum):
    """What became of a ground truth box."""

    MISSED = 0
    FOUND = 1
    IGNORED = 2


class PredictionVerdict(IntEnum):
    """What a prediction is."""

    TRUE = 1
    WRONG_PLACE = 2
    WRONG_CLASS = 3
    DUPLICATE = 4
    NOTHING_THERE = 5
    TOO_UNSURE = 6
    IGNORED = 7


@dataclass(frozen=True)
class Verdicts:
    """`truth` and `predicted` run parallel to the evaluated boxes; `partner` is the truth a true prediction found,
    or −1."""

    truth: Codes
    predicted: Codes
    partner: Ints


def judge(truth: Boxes, predicted: Boxes, matches: Matches, *, iou: float, confidence: float) -> Verdicts:
    """Turn the matches found at `iou` into verdicts at one confidence."""
    partner, ignored = matches.partner, matches.ignored
    sure = predicted.score >= confidence
    true = sure & (partner >= 0)
    verdicts = np.full(len(predicted), PredictionVerdict.TOO_UNSURE, dtype=np.uint8)
    verdicts[sure & ignored] = PredictionVerdict.IGNORED
    verdicts[true] = PredictionVerdict.TRUE
    false = np.flatnonzero(sure & ~ignored & (partner < 0))
    verdicts[false] = _errors(truth, predicted, false, iou)
    found = np.where(truth.crowd, TruthVerdict.IGNORED, TruthVerdict.MISSED).astype(np.uint8)
    found[partner[true]] = TruthVerdict.FOUND
    return Verdicts(found, verdicts, np.where(true, partner, -1))


def _errors(truth: Boxes, predicted: Boxes, false: Ints, iou: float) -> Codes:
    """The kind of error of each of the predictions `false`, by its best overlap with same and other classes."""
    order = np.argsort(truth.image, kind="stable")
    bounds = np.searchsorted(truth.image[order], [predicted.image[false], predicted.image[false] + 1])
    kinds = [
        _errors_of_batch(truth, predicted, false[at : at + _BATCH], order, bounds[:, at : at + _BATCH], iou)
        for at in range(0, len(false), _BATCH)
    ]
    return np.concatenate(kinds) if kinds else np.empty(0, dtype=np.uint8)


def _errors_of_batch(truth: Boxes, predicted: Boxes, false: Ints, order: Ints, bounds: Ints, iou: float) -> Codes:
    counts = bounds[1] - bounds[0]
    which = np.repeat(np.arange(len(false)), counts)
    within = np.arange(len(which)) - np.repeat(np.cumsum(counts) - counts, counts)
    partner = order[np.repeat(bounds[0], counts) + within]
    overlap = _iou(predicted.xywh[false][which], truth.xywh[partner])
    same = predicted.class_code[false][which] == truth.class_code[partner]
    own, other = np.zeros(len(false)), np.zeros(len(false))
    np.maximum.at(own, which[same], overlap[same])
    np.maximum.at(other, which[~same], overlap[~same])
    # The first that holds decides: a box on its own object is a duplicate whatever else is near.
    conditions = [own >= iou, other >= iou, own >= _NEAR_IOU]
    kinds = [PredictionVerdict.DUPLICATE, PredictionVerdict.WRONG_CLASS, PredictionVerdict.WRONG_PLACE]
    return np.select(conditions, kinds, default=PredictionVerdict.NOTHING_THERE).astype(np.uint8)


def _iou(first: Floats, second: Floats) -> Floats:
    """Overlap of boxes pair by pair, both (n, 4) as left, top, width, height."""
    low = np.maximum(first[:, :2], second[:, :2])
    high = np.minimum(first[:, :2] + first[:, 2:], second[:, :2] + second[:, 2:])
    shared = np.prod(np.clip(high - low, 0, None), axis=1)
    union = np.prod(first[:, 2:], axis=1) + np.prod(second[:, 2:], axis=1) - shared
    return np.asarray(np.divide(shared, union, out=np.zeros_like(shared), where=union > 0))
