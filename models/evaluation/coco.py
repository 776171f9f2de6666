"""The one place that talks to hotcoco: columns in, arrays out."""

from collections.abc import Sequence
from dataclasses import dataclass

import hotcoco
import numpy as np

from models.evaluation.boxes import Bools, Boxes, Floats, Ints
from models.evaluation.report import Difference, Interval

_FIGURES = {"mAP50": "AP50", "mAP50_95": "AP", "mAR": "AR100"}


@dataclass(frozen=True)
class Scores:
    """COCO's arrays at 100 detections an image; −1 marks what cannot be measured.

    `precision`, `confidence`: (10 IoUs .5 to .95, 101 recalls, classes, areas); `recall`: (IoUs, classes, areas).
    Areas are all, small, medium, large.
    """

    precision: Floats
    confidence: Floats
    recall: Floats


@dataclass(frozen=True)
class Matches:
    """At one IoU: the truth each prediction found (−1: none), and the predictions that count neither way.

    Those lie on a crowd, or beyond the hundred best of their class in an image.
    """

    partner: Ints
    ignored: Bools


class CocoRun:
    """One finished run of the COCO protocol over two sets of boxes."""

    def __init__(self, truth: Boxes, predicted: Boxes, images: int, class_names: Sequence[str]) -> None:
        # COCO's ids start at 1: to tools of that family an id of 0 reads as "no match".
        ground = hotcoco.COCO.from_arrays(
            [{"id": number} for number in range(1, images + 1)],
            [{"id": code, "name": name} for code, name in enumerate(class_names, start=1)],
            truth.image + 1,
            truth.class_code + 1,
            truth.xywh,
            iscrowd=truth.crowd,
        )
        rows = np.column_stack([predicted.image + 1, predicted.xywh, predicted.score, predicted.class_code + 1])
        self._truth, self._predicted, self._ground = truth, predicted, ground
        self._run = hotcoco.COCOeval(ground, ground.load_res(rows), "bbox")
        self._run.evaluate()
        self._run.accumulate()

    def scores(self) -> Scores:
        """Precision, confidence and recall of every class."""
        found = self._run.eval or {}
        return Scores(*(found[key][..., -1] for key in ("precision", "scores", "recall")))

    def matches(self, iou: float) -> Matches:
        """Who found whom at `iou`, whatever the confidence.

        Matching is greedy from the highest confidence down, so leaving out unsure boxes changes no match above them.
        """
        found = self._run.image_diagnostics(iou_thr=iou)
        partner = np.full(len(self._predicted), -1, dtype=np.int64)
        ignored = np.ones(len(self._predicted), dtype=bool)
        judged, matched = found["dt_status"], found["dt_match"]
        ignored[np.fromiter(judged.keys(), dtype=np.int64, count=len(judged)) - 1] = False
        finders = np.fromiter(matched.keys(), dtype=np.int64, count=len(matched)) - 1
        partner[finders] = np.fromiter(matched.values(), dtype=np.int64, count=len(matched)) - 1
        partner[ignored] = -1
        return Matches(partner, ignored)

    def confusion(self, iou: float, confidence: float) -> list[list[int]]:
        """Counts, ground truth in rows and predictions in columns; the last of each is "no box"."""
        counts: list[list[int]] = (
            self._run.confusion_matrix(iou_thr=iou, min_score=confidence)["matrix"].astype(int).tolist()
        )
        return counts

    def intervals(self, resamples: int, seed: int) -> dict[str, Interval]:
        """95 % intervals of the means, by drawing images anew.

        hotcoco does this for the difference of two models; to one that predicts nothing it is the figure itself.
        """
        if not len(self._truth) or not len(self._predicted):
            return {}
        nothing = hotcoco.COCOeval(self._ground, self._ground.load_res(np.empty((0, 7))), "bbox")
        nothing.evaluate()
        found = hotcoco.compare(nothing, self._run, n_bootstrap=resamples, seed=seed)["ci"]
        return {
            ours: Interval(round(found[its]["lower"], 4), round(found[its]["upper"], 4))
            for ours, its in _FIGURES.items()
        }

    def difference(self, other: "CocoRun", resamples: int, seed: int) -> dict[str, Difference]:
        """How much better `other` is, with 95 % intervals; images are drawn anew for both at once."""
        if not len(self._truth):
            return {}
        found = hotcoco.compare(self._run, other._run, n_bootstrap=resamples, seed=seed)  # noqa: SLF001 # its own class
        drawn = {key: found["ci"][key] for key in _FIGURES.values()} if found["ci"] else {}
        return {
            ours: Difference(
                value=round(found["deltas"][its], 4),
                interval=Interval(round(drawn[its]["lower"], 4), round(drawn[its]["upper"], 4)) if drawn else None,
                better=round(drawn[its]["prob_positive"], 4) if drawn else None,
            )
            for ours, its in _FIGURES.items()
        }
