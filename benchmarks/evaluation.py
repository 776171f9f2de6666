"""COCO evaluation of 5 000 images and 500 000 detections: ours against pycocotools, times side by side, figures equal.

python -m benchmarks.evaluation [--images 5000] [--detections 500000] [--runs 3]
"""

import argparse
import contextlib
import io
import statistics
import sys
import time

import numpy as np
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from models.evaluation import boxes, scoring
from models.evaluation.boxes import Boxes

CLASSES = 80
TOLERANCE = 1e-4
GOAL_SECONDS = 3.0


def main() -> int:
    """Print the table; the exit code tells whether the figures are equal."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=5000)
    parser.add_argument("--detections", type=int, default=500_000)
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()

    names = [f"class {code}" for code in range(CLASSES)]
    truth, predicted = make_boxes(options.images, options.detections)
    ours, theirs = [], []
    for _ in range(options.runs):
        started = time.perf_counter()
        report = scoring.evaluate(truth, predicted, images=options.images, class_names=names).report
        ours.append(time.perf_counter() - started)
    started = time.perf_counter()
    reference = run_pycocotools(truth, predicted, options.images)
    theirs.append(time.perf_counter() - started)

    figures = {"mAP50_95": report.mAP50_95, "mAP50": report.mAP50, "mAP75": report.mAP75, "mAR": report.mAR}
    print(f"{options.images} images, {len(truth)} boxes, {options.detections} detections, {CLASSES} classes")
    print(f"{'':24}{'ours':>12}{'pycocotools':>14}")
    print(f"{'seconds (median)':24}{statistics.median(ours):>12.2f}{statistics.median(theirs):>14.2f}")
    for name, figure in figures.items():
        print(f"{name:24}{figure:>12.6f}{reference[name]:>14.6f}")
    largest = max(abs(figure - reference[name]) for name, figure in figures.items())
    classes = max(abs((of.AP50_95 or 0) - reference[of.name]) for of in report.per_class)
    print(f"largest difference {max(largest, classes):.1e} (allowed {TOLERANCE:.0e}); goal {GOAL_SECONDS:.0f} s")
    print("ours also holds verdicts for every box, F1 curves and the confusion matrix")
    return 0 if max(largest, classes) <= TOLERANCE else 1


def make_boxes(images: int, detections: int, seed: int = 0) -> tuple[Boxes, Boxes]:
    """Seven boxes an image, as in COCO; detections lie near them, of their class or not, or anywhere."""
    rng = np.random.default_rng(seed)
    count = images * 7
    image, code = rng.integers(0, images, count), rng.integers(0, CLASSES, count)
    xywh = np.c_[rng.uniform(0, 500, (count, 2)), rng.uniform(8, 200, (count, 2))]
    pick = rng.integers(0, count, detections)
    spread = rng.exponential(1, (detections, 1)) * xywh[pick, 2:].min(axis=1, keepdims=True) * 0.12
    near = xywh[pick] + rng.normal(0, 1, (detections, 4)) * spread
    near[:, 2:] = np.maximum(near[:, 2:], 2)
    found = np.where(rng.random(detections) < 0.3, rng.integers(0, CLASSES, detections), code[pick])
    score = np.clip(np.exp(-spread[:, 0] / 20) * rng.random(detections), 0.001, 1)
    return boxes.from_arrays(image, code, xywh), boxes.from_arrays(image[pick], found, near, score=score)


def run_pycocotools(truth: Boxes, predicted: Boxes, images: int) -> dict[str, float]:
    """The same figures from the reference, fed from arrays too."""
    ground = COCO()
    ground.dataset = {
        "images": [{"id": number + 1} for number in range(images)],
        "categories": [{"id": code + 1, "name": str(code)} for code in range(CLASSES)],
        "annotations": [
            {"id": number, "image_id": image, "category_id": code, "bbox": box, "area": box[2] * box[3], "iscrowd": 0}
            for number, (image, code, box) in enumerate(
                zip((truth.image + 1).tolist(), (truth.class_code + 1).tolist(), truth.xywh.tolist(), strict=True), 1
            )
        ],
    }
    with contextlib.redirect_stdout(io.StringIO()):
        ground.createIndex()
        rows = np.c_[predicted.image + 1, predicted.xywh, predicted.score, predicted.class_code + 1]
        run = COCOeval(ground, ground.loadRes(rows), "bbox")
        run.evaluate()
        run.accumulate()
        run.summarize()
    stats = dict(zip(("mAP50_95", "mAP50", "mAP75"), run.stats[:3], strict=True)) | {"mAR": run.stats[8]}
    precision = run.eval["precision"][..., 0, -1]
    return stats | {f"class {code}": float(precision[..., code].mean()) for code in range(CLASSES)}


if __name__ == "__main__":
    sys.exit(main())
