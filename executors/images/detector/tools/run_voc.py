"""Trains on a Pascal VOC folder from scratch, detects on its test split and prints the accuracy reached.

    python tools/run_voc.py PATH_TO_VOC_FOLDER --work WORK_FOLDER [--set key=value …] [--train-only | --test-only]

The folder holds images/*.jpg, annotations/*.xml and splits/{train,val,test}.txt. Training, and detection on the test
split, run exactly as the platform runs them: start.sh over an input folder. Accuracy is measured by pycocotools where
it is installed, else by our own evaluation.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import voc_folder

HOME = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(HOME))

from detector import evaluate  # noqa: E402 -- lies beside this folder

try:
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval
except ImportError:
    COCO = None

SETTINGS: dict[str, Any] = {"export_format": "ark:raw", "gpu_count": 0, "gpu_id": ""}


def main() -> None:
    arguments = _arguments()
    work: Path = arguments.work.resolve()
    config = {**SETTINGS, **dict(pair.split("=", 1) for pair in arguments.set)}
    if not arguments.test_only:
        env = voc_folder.write_training_input(arguments.folder, work / "training", config)
        seconds, cpu = run_task(env)
        print(f"training: {seconds:.0f} s, {cpu:.0f} CPU seconds")
    if not arguments.train_only:
        weights = work / "training" / "out" / "models" / arguments.stage / "model.pt"
        images = [
            voc_folder.image_of(arguments.folder, name)
            for name in voc_folder.read_split(arguments.folder, arguments.split)
        ]
        config = {
            **config,
            "model_params_path": [str(weights)],
            "class_names": voc_folder.class_names(arguments.folder),
        }
        env = voc_folder.write_candidate_input(work / "infer", images, config, mining=False, infer=True)
        seconds, _ = run_task(env)
        print(f"detection on {len(images)} images: {seconds:.1f} s, start included")
        print_accuracy(arguments.folder, arguments.split, work / "infer" / "out" / "infer-result.json")


def run_task(env: Path) -> tuple[float, float]:
    """Run start.sh; returns seconds and CPU seconds."""
    before, begin = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    environment = {**os.environ, "DEFAULT_ENV_FILE_PATH": str(env), "PYTHON": sys.executable}
    subprocess.run(["bash", str(HOME / "start.sh")], env=environment, check=True)  # noqa: S603, S607
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.monotonic() - begin, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def print_accuracy(folder: Path, split: str, result: Path) -> None:
    """Average precision per class and over all."""
    names = voc_folder.class_names(folder)
    detection = json.loads(result.read_text(encoding="utf-8"))["detection"]
    measure = measure_by_coco if COCO else measure_by_ourselves
    table = measure(
        names, {name: voc_folder.read_boxes(folder, name) for name in voc_folder.read_split(folder, split)}, detection
    )
    print(f"{split} split, by {'pycocotools' if COCO else 'our own evaluation'}")
    for label, (half, full) in table.items():
        print(f"{label:12} mAP50 {half:.4f}  mAP50_95 {full:.4f}")


def measure_by_coco(
    names: list[str], truth: dict[str, list[Any]], detection: dict[str, Any]
) -> dict[str, tuple[float, float]]:
    """AP at .5 and at .5:.95 for each class and, under "all", their mean; by pycocotools."""
    files = list(truth)
    annotations, found = [], []
    for number, name in enumerate(files):
        for label, *box in truth[name]:
            annotations.append(
                {
                    "id": len(annotations) + 1,
                    "image_id": number,
                    "category_id": names.index(label),
                    "bbox": box,
                    "area": box[2] * box[3],
                    "iscrowd": 0,
                }
            )
        for item in detection[f"{name}.jpg"]["boxes"]:
            box = [item["box"][side] for side in "xywh"]
            found.append(
                {
                    "image_id": number,
                    "category_id": names.index(item["class_name"]),
                    "bbox": box,
                    "score": item["score"],
                }
            )
    coco = COCO()
    coco.dataset = {
        "info": {},
        "images": [{"id": number} for number in range(len(files))],
        "categories": [{"id": number, "name": name} for number, name in enumerate(names)],
        "annotations": annotations,
    }
    coco.createIndex()
    if not found:
        return dict.fromkeys([*names, "all"], (0.0, 0.0))
    run = COCOeval(coco, coco.loadRes(found), "bbox")
    run.evaluate()
    run.accumulate()
    precision = run.eval["precision"][:, :, :, 0, 2].mean(axis=1)
    table = {
        name: (float(precision[0, column]), float(precision[:, column].mean())) for column, name in enumerate(names)
    }
    return {**table, "all": (float(precision[0].mean()), float(precision.mean()))}


def measure_by_ourselves(
    names: list[str], truth: dict[str, list[Any]], detection: dict[str, Any]
) -> dict[str, tuple[float, float]]:
    """The same figures by the evaluation that training uses."""
    found, objects = [], []
    for name, boxes in truth.items():
        rows = [[names.index(label), x, y, x + w, y + h] for label, x, y, w, h in boxes]
        objects.append(np.array(rows, dtype=float).reshape(-1, 5))
        items = detection[f"{name}.jpg"]["boxes"]
        corners = [
            [i["box"]["x"], i["box"]["y"], i["box"]["x"] + i["box"]["w"], i["box"]["y"] + i["box"]["h"]] for i in items
        ]
        found.append(
            evaluate.Found(
                np.array(corners, dtype=float).reshape(-1, 4),
                np.array([item["score"] for item in items], dtype=float),
                np.array([names.index(item["class_name"]) for item in items], dtype=int),
            )
        )
    scores = evaluate.evaluate(found, objects, len(names))
    table = {
        name: (float(scores.precision[0, column]), float(scores.precision[:, column].mean()))
        for column, name in enumerate(names)
    }
    return {**table, "all": (scores.map50, scores.map50_95)}


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--set", nargs="*", default=[], metavar="KEY=VALUE")
    parser.add_argument("--stage", default="best")
    parser.add_argument("--split", default="test")
    parser.add_argument("--train-only", action="store_true")
    parser.add_argument("--test-only", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    main()
