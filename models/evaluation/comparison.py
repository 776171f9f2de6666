"""Two models on the same images: how much better one is, and how sure that is (paired bootstrap over images)."""

from collections.abc import Sequence

from datasets.store.schema import Tables
from models.evaluation import boxes
from models.evaluation.coco import CocoRun
from models.evaluation.report import Difference


def compare_tables(
    truth: Tables, first: Tables, second: Tables, *, class_names: Sequence[str], resamples: int, seed: int = 0
) -> dict[str, Difference]:
    """Return by how much `second` exceeds `first` in mAP50, mAP50_95 and mAR; empty without ground truth.

    The images are drawn with replacement, the same for both (Efron and Tibshirani 1993, chapter 13).

    Args:
        class_names: the classes to compare by.
        resamples: how often to draw; 0 gives the differences alone.
    """
    assets = truth.assets["asset"]
    ground, _ = boxes.from_tables(truth, assets, class_names)
    runs = [
        CocoRun(ground, boxes.from_tables(tables, assets, class_names)[0], len(assets), class_names)
        for tables in (first, second)
    ]
    return runs[0].difference(runs[1], resamples, seed)
