"""What a training leaves behind while it runs: metrics of every epoch, event files, stages, result.yaml."""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from contract import results
from contract.environment import Environment
from detector.evaluate import Scores
from detector.events import EventWriter

EVALUATE_CONFIG = {"iou_thr": 0.5, "conf_thr": 0.25}


@dataclass
class Record:
    """Files of one training run; a resumed run appends to those of the first."""

    env: Environment
    class_names: Sequence[str]
    stages: dict[str, results.Stage] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.metrics_file = self.env.out_dir / "metrics.jsonl"
        self.events = EventWriter(self.env.tensorboard_dir)

    def start(self, epochs_done: int) -> None:
        """Forget what a killed run wrote about epochs that are now repeated."""
        lines = self.metrics_file.read_text(encoding="utf-8").splitlines() if self.metrics_file.exists() else []
        kept = [line for line in lines if _epoch_of(line) <= epochs_done]
        results.write_whole(self.metrics_file, "".join(f"{line}\n" for line in kept))

    def epoch(self, row: dict[str, Any]) -> None:
        """Append one epoch: to metrics.jsonl for the live curves, and as TensorBoard scalars."""
        with self.metrics_file.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")
        numbers = {key: float(value) for key, value in row.items() if isinstance(value, int | float) and key != "epoch"}
        self.events.scalars(row["epoch"], numbers)

    def stage(self, name: str, files: Sequence[str], metrics: dict[str, float]) -> None:
        """List a checkpoint in result.yaml; the file is valid from the first stage on."""
        self.stages[name] = results.Stage(name, files, metrics)
        best = "best" if "best" in self.stages else name
        results.write_training(self.env.training_result_file, list(self.stages.values()), best, EVALUATE_CONFIG)

    def close(self) -> None:
        self.events.close()


def stage_metrics(scores: Scores) -> dict[str, float]:
    """The figures of a stage as result.yaml names them."""
    return {
        "mAP": round(scores.map50, 6),
        "mAP50_95": round(scores.map50_95, 6),
        "mAR": round(scores.mean_recall, 6),
        "tp": scores.true_positives,
        "fp": scores.false_positives,
        "fn": scores.false_negatives,
    }


def class_figures(scores: Scores, class_names: Sequence[str]) -> dict[str, float | None]:
    """Average precision at .5 for each class; None for a class without objects in the validation set."""
    pairs = zip(class_names, scores.precision[0], strict=True)
    return {name: None if math.isnan(value) else round(float(value), 5) for name, value in pairs}


def _epoch_of(line: str) -> float:
    try:
        return float(json.loads(line)["epoch"])
    except (ValueError, KeyError, TypeError):
        return math.inf  # a line cut off by a kill
