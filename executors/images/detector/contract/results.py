"""Writes what a task hands back. Every file appears whole or not at all."""

import json
import os
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml


@dataclass(frozen=True)
class Stage:
    """One checkpoint of a training: its files lie in the models folder under `name`."""

    name: str
    files: Sequence[str]
    metrics: Mapping[str, float]


@dataclass(frozen=True)
class Detection:
    """One found object; corners in pixels of the original image."""

    class_name: str
    score: float
    left: float
    top: float
    right: float
    bottom: float


def write_training(path: Path, stages: Sequence[Stage], best: str, evaluate_config: Mapping[str, float]) -> None:
    """Write result.yaml in the form of protocol 1.0.0 and later."""
    now = int(time.time())
    entries = {
        stage.name: {"stage_name": stage.name, "files": list(stage.files), "timestamp": now, **stage.metrics}
        for stage in stages
    }
    document = {
        "best_stage_name": best,
        "mAP": entries[best]["mAP"],
        "model_stages": entries,
        "evaluate_config": dict(evaluate_config),
    }
    write_whole(path, yaml.safe_dump(document, sort_keys=False))


def write_mining(path: Path, scored: Iterable[tuple[Path, float]]) -> None:
    """Write result.tsv; `scored` must come best first."""
    write_whole(path, "".join(f"{image}\t{score:.6f}\n" for image, score in scored))


def write_infer(path: Path, found: Mapping[str, Sequence[Detection]]) -> None:
    """Write infer-result.json; keys are the base names of the images, boxes come best first."""
    detection = {name: {"boxes": [_box(item) for item in items]} for name, items in found.items()}
    write_whole(path, json.dumps({"detection": detection}, ensure_ascii=False))


def write_whole(path: Path, text: str) -> None:
    """Write a text file so that no reader ever sees half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".partial")
    partial.write_text(text, encoding="utf-8")
    os.replace(partial, path)  # noqa: PTH105 -- keeps the name of the atomic call in sight


def _box(item: Detection) -> dict[str, Any]:
    left, top = round(item.left), round(item.top)
    box = {"x": left, "y": top, "w": max(1, round(item.right) - left), "h": max(1, round(item.bottom) - top)}
    return {"class_name": item.class_name, "score": round(item.score, 5), "box": box}
