"""Every box of a prediction beside the ground truth, with a verdict at any confidence.

Who matches whom does not depend on the confidence, so the matches are kept for the pages that follow.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from datasets.store import reader
from datasets.store.layout import Layout
from models.evaluation import boxes, comparison, verdicts
from models.evaluation.boxes import Bools, Boxes, Ints
from models.evaluation.coco import CocoRun, Matches
from models.evaluation.report import Difference
from models.evaluation.verdicts import PredictionVerdict, TruthVerdict, Verdicts
from models.models import Evaluation, Prediction
from models.services import evaluation, inputs

IOU = 0.5
KEPT = 4  # pairs of truth and prediction, up to some tens of megabytes each
FALSE = (PredictionVerdict.WRONG_CLASS, PredictionVerdict.DUPLICATE, PredictionVerdict.NOTHING_THERE)
DRAWS = 1000


@dataclass(frozen=True)
class Sides:
    """Ground truth and prediction of the same images, both sorted by image; without ground truth no matches."""

    assets: Sequence[str]
    names: tuple[str, ...]
    truth: Boxes
    predicted: Boxes
    matches: Matches | None

    @property
    def is_judged(self) -> bool:
        return self.matches is not None


@dataclass(frozen=True)
class Judgement:
    """The verdicts at one confidence, counted for each image and in total."""

    sides: Sides
    confidence: float
    verdicts: Verdicts | None
    shown: Bools
    """Which predictions are sure enough to be drawn."""

    def count(self, verdict: str, class_code: int | None = None) -> Ints:
        """Return for each image its boxes with a verdict (true, false, moved, missed), or "" for all predictions."""
        if verdict and self.verdicts is None:
            return np.zeros(len(self.sides.assets), dtype=np.int64)
        side = self.sides.truth if verdict == "missed" else self.sides.predicted
        chosen = self._with(verdict)
        if class_code is not None:
            chosen = chosen & (side.class_code == class_code)
        return np.bincount(side.image[chosen], minlength=len(self.sides.assets))

    def _with(self, verdict: str) -> Bools:
        if self.verdicts is None or not verdict:
            return self.shown
        if verdict == "missed":
            return np.asarray(self.verdicts.truth == TruthVerdict.MISSED)
        kinds = {"true": (PredictionVerdict.TRUE,), "false": FALSE, "moved": (PredictionVerdict.WRONG_PLACE,)}
        return np.isin(self.verdicts.predicted, kinds[verdict])


def of(prediction: Prediction) -> Sides:
    """Return both sides of a prediction; without ground truth of the model's classes, all that the model found."""
    model, version = prediction.checkpoint.model_version, prediction.dataset_version
    try:
        names, is_judged = evaluation.classes_to_judge(model, version), True
    except evaluation.NoGroundTruth:
        names, is_judged = list(model.class_names), False
    layout = Layout(inputs.data_root())
    return _sides(layout.version(version.content_id), layout.prediction(prediction.content_id), tuple(names), is_judged)


def at(sides: Sides, confidence: float) -> Judgement:
    """Judge at one confidence."""
    found = None
    if sides.matches is not None:
        found = verdicts.judge(sides.truth, sides.predicted, sides.matches, iou=IOU, confidence=confidence)
    return Judgement(sides, confidence, found, sides.predicted.score >= confidence)


def difference(before: Evaluation, after: Evaluation) -> dict[str, Difference]:
    """Return by how much `after` is better; both judge predictions on one dataset version."""
    version = after.prediction.dataset_version
    names = [each for each in _judged(after) if each in set(_judged(before))]
    layout, few = Layout(inputs.data_root()), version.asset_count <= evaluation.MOST_RESAMPLED
    folders = [layout.prediction(each.prediction.content_id) for each in (before, after)]
    return _difference(layout.version(version.content_id), *folders, tuple(names), DRAWS if few else 0)


def _judged(found: Evaluation) -> list[str]:
    return evaluation.classes_to_judge(found.prediction.checkpoint.model_version, found.prediction.dataset_version)


@lru_cache(maxsize=KEPT)
def _sides(truth_folder: Path, prediction_folder: Path, names: tuple[str, ...], is_judged: bool) -> Sides:
    """Read and match; the folders are named by their content, so what is kept stays true."""
    truth_tables = reader.load(truth_folder)
    assets = truth_tables.assets["asset"]
    truth, _ = boxes.from_tables(truth_tables, assets, names)
    predicted, _ = boxes.from_tables(reader.load(prediction_folder), assets, names)
    matches = CocoRun(truth, predicted, len(assets), names).matches(IOU) if is_judged else None
    return Sides(truth_tables.hex(), names, truth, predicted, matches)


@lru_cache(maxsize=64)
def _difference(truth: Path, before: Path, after: Path, names: tuple[str, ...], draws: int) -> dict[str, Difference]:
    first, second = reader.load(before), reader.load(after)
    return comparison.compare_tables(reader.load(truth), first, second, class_names=names, resamples=draws, seed=1)
