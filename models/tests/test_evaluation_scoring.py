"""Evaluation: equal to pycocotools, right in the corners, and a verdict for every box."""

import contextlib
import io

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from datasets.store import schema
from models.evaluation import boxes, scoring
from models.evaluation.boxes import Boxes, UnalignedBoxesError
from models.evaluation.report import Report
from models.evaluation.scoring import Options
from models.evaluation.verdicts import PredictionVerdict, TruthVerdict

NAMES = ("bolt", "nut", "gear")
NOTHING = boxes.from_arrays([], [], [], score=[])


def random_sides(seed: int, images: int = 12, *, crowds: bool = False) -> tuple[Boxes, Boxes]:
    """Ground truth, and predictions that are near it, doubled, of the wrong class, or nowhere."""
    rng = np.random.default_rng(seed)
    count = int(rng.integers(1, 60))
    image, code = rng.integers(0, images, count), rng.integers(0, 2, count)
    xywh = np.c_[rng.uniform(0, 200, (count, 2)), rng.uniform(5, 150, (count, 2))]
    crowd = rng.random(count) < 0.2 if crowds else None
    truth = boxes.from_arrays(image, code, xywh, crowd=crowd)
    pick = rng.integers(0, count, 3 * count)
    near = xywh[pick] + rng.normal(0, 6, (len(pick), 4)) * rng.random((len(pick), 1))
    near[:, 2:] = np.maximum(near[:, 2:], 1)
    wrong = rng.random(len(pick)) < 0.15
    found = np.where(wrong, rng.integers(0, 3, len(pick)), code[pick])
    return truth, boxes.from_arrays(image[pick], found, near, score=np.round(rng.random(len(pick)), 2))


def reference(truth: Boxes, predicted: Boxes, images: int) -> dict[str, float]:
    """The same figures from pycocotools."""
    columns = zip(truth.image, truth.class_code, truth.xywh, truth.crowd, strict=True)
    ground = COCO()
    ground.dataset = {
        "images": [{"id": number + 1} for number in range(images)],
        "categories": [{"id": code + 1, "name": name} for code, name in enumerate(NAMES)],
        "annotations": [
            {"id": number, "image_id": int(image) + 1, "category_id": int(code) + 1, "bbox": list(map(float, box))}
            | {"area": float(box[2] * box[3]), "iscrowd": int(crowd)}
            for number, (image, code, box, crowd) in enumerate(columns, start=1)
        ],
    }
    with contextlib.redirect_stdout(io.StringIO()):
        ground.createIndex()
        rows = np.c_[predicted.image + 1, predicted.xywh, predicted.score, predicted.class_code + 1]
        run = COCOeval(ground, ground.loadRes(rows), "bbox")
        run.evaluate()
        run.accumulate()
        run.summarize()
    keys = ("mAP50_95", "mAP50", "mAP75", "mAP_small", "mAP_medium", "mAP_large")
    figures = dict(zip(keys, run.stats[:6], strict=True)) | {"mAR": run.stats[8]}
    for code, name in enumerate(NAMES):
        precision = run.eval["precision"][..., code, 0, -1]
        figures[f"{name} AP50_95"] = precision.mean() if (precision > -1).any() else -1
        figures[f"{name} AP50"] = precision[0].mean() if (precision > -1).any() else -1
        figures[f"{name} AR"] = run.eval["recall"][:, code, 0, -1].mean()
    return figures


def figures(report: Report) -> dict[str, float]:
    keys = ("mAP50_95", "mAP50", "mAP75", "mAP_small", "mAP_medium", "mAP_large", "mAR")
    found = {key: getattr(report, key) for key in keys}
    for of_class in report.per_class:
        found |= {f"{of_class.name} {key}": getattr(of_class, key) for key in ("AP50_95", "AP50", "AR")}
    return {key: -1 if value is None else value for key, value in found.items()}


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), crowds=st.booleans())
def test_figures_equal_pycocotools(seed: int, crowds: bool) -> None:
    truth, predicted = random_sides(seed, crowds=crowds)
    report = scoring.evaluate(truth, predicted, images=12, class_names=NAMES).report
    assert figures(report) == pytest.approx(reference(truth, predicted, 12), abs=1e-4)


def test_a_class_without_ground_truth_has_no_figures_and_does_not_lower_the_mean() -> None:
    truth = boxes.from_arrays([0], [0], [[10, 10, 20, 20]])
    predicted = boxes.from_arrays([0, 0], [0, 2], [[10, 10, 20, 20], [50, 50, 9, 9]], score=[0.9, 0.8])
    report = scoring.evaluate(truth, predicted, images=1, class_names=NAMES).report
    assert report.mAP50 == 1.0
    gear = report.per_class[2]
    assert (gear.AP50, gear.AR, gear.curve, gear.predictions, gear.fp) == (None, None, None, 1, 1)


def test_no_predictions_score_zero() -> None:
    truth = boxes.from_arrays([0, 1], [0, 1], [[10, 10, 20, 20], [1, 1, 9, 9]])
    result = scoring.evaluate(truth, NOTHING, images=2, class_names=NAMES, options=Options(resamples=10))
    assert (result.report.mAP50, result.report.mAP50_95, result.report.mAR) == (0.0, 0.0, 0.0)
    assert result.report.intervals == {}
    assert [of_class.fn for of_class in result.report.per_class] == [1, 1, 0]
    assert result.verdicts.truth.tolist() == [TruthVerdict.MISSED] * 2


def test_no_ground_truth_measures_nothing() -> None:
    predicted = boxes.from_arrays([0], [0], [[10, 10, 20, 20]], score=[0.9])
    report = scoring.evaluate(NOTHING, predicted, images=1, class_names=NAMES).report
    assert (report.mAP50, report.mAP50_95, report.mAR) == (None, None, None)
    assert report.per_class[0].fp == 1


@pytest.mark.parametrize("images", [0, 3])
def test_nothing_at_all_is_reported_as_such(images: int) -> None:
    report = scoring.evaluate(NOTHING, NOTHING, images=images, class_names=NAMES).report
    assert (report.images, report.ground_truth, report.predictions, report.mAP50) == (images, 0, 0, None)
    assert np.sum(report.confusion.counts) == 0


def test_boxes_beyond_the_images_or_classes_are_refused() -> None:
    stray = boxes.from_arrays([5], [0], [[0, 0, 1, 1]])
    with pytest.raises(UnalignedBoxesError, match="5 images"):
        scoring.evaluate(stray, NOTHING, images=5, class_names=NAMES)
    with pytest.raises(UnalignedBoxesError, match="rows"):
        boxes.from_arrays([0, 1], [0], [[0, 0, 1, 1]])


def one_image(code: list[int], xywh: list[list[float]], score: list[float] | None = None, **more: list[bool]) -> Boxes:
    return boxes.from_arrays([0] * len(code), code, xywh, score=score, **more)


def test_every_box_gets_its_verdict() -> None:
    truth = one_image([0, 0, 1], [[0, 0, 40, 40], [100, 0, 40, 40], [0, 100, 60, 60]], crowd=[False, False, True])
    cases = [
        (0, [0, 0, 40, 38], 0.9, PredictionVerdict.TRUE),
        (0, [1, 0, 40, 40], 0.8, PredictionVerdict.DUPLICATE),
        (0, [125, 0, 40, 40], 0.8, PredictionVerdict.WRONG_PLACE),
        (1, [100, 0, 40, 40], 0.8, PredictionVerdict.WRONG_CLASS),
        (0, [250, 250, 9, 9], 0.8, PredictionVerdict.NOTHING_THERE),
        (1, [5, 105, 20, 20], 0.8, PredictionVerdict.IGNORED),
        (0, [100, 0, 40, 40], 0.1, PredictionVerdict.TOO_UNSURE),
    ]
    codes, places, scores, expected = (list(column) for column in zip(*cases, strict=True))
    predicted = one_image(codes, places, scores)
    result = scoring.evaluate(truth, predicted, images=1, class_names=NAMES, options=Options(confidence=0.5))
    assert result.verdicts.predicted.tolist() == expected
    assert result.verdicts.truth.tolist() == [TruthVerdict.FOUND, TruthVerdict.MISSED, TruthVerdict.IGNORED]
    assert result.verdicts.partner.tolist() == [0, -1, -1, -1, -1, -1, -1]


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_verdicts_add_up_to_the_counts(seed: int) -> None:
    truth, predicted = random_sides(seed, crowds=True)
    result = scoring.evaluate(truth, predicted, images=12, class_names=NAMES)
    found, given_ = result.verdicts.truth, result.verdicts.predicted
    for code, of_class in enumerate(result.report.per_class):
        mine = predicted.class_code == code
        assert of_class.tp == np.sum(mine & (given_ == PredictionVerdict.TRUE))
        assert of_class.tp + of_class.fp == np.sum(mine & (given_ < PredictionVerdict.TOO_UNSURE))
        assert of_class.fn == np.sum((truth.class_code == code) & (found == TruthVerdict.MISSED))


def test_the_best_confidence_is_where_f1_peaks() -> None:
    truth = one_image([0, 0], [[0, 0, 20, 20], [50, 0, 20, 20]])
    places = [[0, 0, 20, 20], [50, 0, 20, 20], [99, 99, 9, 9], [120, 99, 9, 9]]
    report = scoring.evaluate(
        truth, one_image([0] * 4, places, [0.9, 0.6, 0.4, 0.3]), images=1, class_names=NAMES
    ).report
    assert (report.per_class[0].best_f1, report.per_class[0].best_confidence) == (1.0, 0.6)
    assert 0.4 < report.confidence <= 0.6
    assert (report.per_class[0].tp, report.per_class[0].fp) == (2, 0)


def test_the_confusion_matrix_tells_which_class_is_taken_for_which() -> None:
    truth = one_image([0, 1], [[0, 0, 20, 20], [50, 0, 20, 20]])
    predicted = one_image([0, 2, 1], [[0, 0, 20, 20], [50, 0, 20, 20], [200, 0, 5, 5]], [0.9, 0.9, 0.9])
    confusion = scoring.evaluate(truth, predicted, images=1, class_names=NAMES).report.confusion
    assert confusion.names == [*NAMES, scoring.NO_BOX]
    assert confusion.counts == [[1, 0, 0, 0], [0, 0, 1, 0], [0, 0, 0, 0], [0, 1, 0, 0]]


def test_the_interval_holds_the_figure_and_the_seed_repeats_it() -> None:
    truth, predicted = random_sides(4, images=12)
    run = [
        scoring.evaluate(truth, predicted, images=12, class_names=NAMES, options=Options(resamples=200, seed=1)).report
        for _ in range(2)
    ]
    interval = run[0].intervals["mAP50_95"]
    assert run[0].mAP50_95 is not None
    assert 0 <= interval.low < run[0].mAP50_95 < interval.high <= 1
    assert run[0] == run[1]


def test_a_report_survives_json() -> None:
    truth, predicted = random_sides(1)
    report = scoring.evaluate(truth, predicted, images=12, class_names=NAMES, options=Options(resamples=5)).report
    assert Report.from_json(report.to_json()) == report


def tables(assets: list[str], rows: list[tuple[str, str, float]], kind: str = "box") -> schema.Tables:
    frame = pl.DataFrame(rows, schema=["asset", "class_name", "score"], orient="row")
    places = frame.with_columns(*(pl.lit(10.0).alias(axis) for axis in "xywh"), pl.lit(kind).alias("kind"))
    listed = pl.DataFrame({"asset": assets, "format": ["jpeg"] * len(assets)})
    return schema.from_rows(listed, places)


def test_tables_are_joined_by_asset_and_class_name() -> None:
    first, second, third = (letter * 64 for letter in "abc")
    truth = tables([first, second], [(first, "bolt", 1.0), (second, "nut", 1.0)])
    predicted = tables([third, second], [(second, "nut", 0.9), (third, "bolt", 0.9), (second, "cat", 0.9)])
    result = scoring.evaluate_tables(truth, predicted, class_names=["nut", "bolt"])
    assert [of_class.AP50 for of_class in result.report.per_class] == [1.0, 0.0]
    assert (result.report.images, result.report.predictions, result.report.left_out) == (2, 1, 2)
    assert predicted.annotations["score"][int(result.predicted.row[0])] == pytest.approx(0.9)


def test_tags_are_no_boxes() -> None:
    tagged = tables(["a" * 64], [("a" * 64, "bolt", 1.0)], kind="tag")
    assert scoring.evaluate_tables(tagged, tagged).report.ground_truth == 0
