"""The training loop: schedule by epochs or by time, evaluation on the way, resumption after a kill."""

import copy
import hashlib
import json
import logging
import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from contract.errors import ErrorCode, ExecutorError, StoppedError
from contract.monitor import Monitor
from detector import checkpoint, export, record
from detector.checkpoint import Checkpoint
from detector.dataset import LabelledImages
from detector.device import Compute
from detector.evaluate import Found, Scores, evaluate
from detector.learner import Learner
from detector.loader import Loader
from detector.model import Detector, ModelConfig
from detector.options import TrainingOptions
from detector.predict import PredictOptions, Predictor

log = logging.getLogger(__name__)
EVALUATION_SHARE = 0.15  # of the time, at most, goes into evaluation
CHUNK = 256  # images predicted at a time
STATE_FILE = "training-state.pt"
REMEMBERED = 5000  # training images whose features a model keeps


@dataclass
class Position:
    """Where a run stands; saved after every epoch."""

    epoch: int = 0
    seconds: float = 0.0
    best_fitness: float = -1.0
    best_epoch: int = 0
    evaluated_at: float = -1.0
    evaluation_seconds: float = 0.0


@dataclass(frozen=True)
class Data:
    """The two sets of a training, and the canvas (height, width) that fits them."""

    training: LabelledImages
    validation: LabelledImages
    class_names: list[str]
    canvas: tuple[int, int]


class Trainer:
    """One training run, from scratch or from a checkpoint, to the stages `best` and `last`."""

    def __init__(
        self,
        options: TrainingOptions,
        data: Data,
        compute: Compute,
        writer: record.Record,
        monitor: Monitor,
        *,
        start_from: Checkpoint | None,
        workers: int,
        stopped: Callable[[], bool],
    ) -> None:
        torch.manual_seed(options.seed)
        if start_from:
            options = replace(options, prior_share=0.0)  # these weights know already where objects are
        self.options, self.data, self.compute = options, data, compute
        self.record, self.monitor, self.stopped = writer, monitor, stopped
        config = _model_config(options, data.class_names, start_from)
        model = Detector(config)
        if start_from:
            checkpoint.adopt(model, start_from, data.class_names)
        self.learner = Learner(model, options, compute)
        self.loader = Loader(
            data.training,
            data.canvas,
            batch_size=options.batch_size,
            min_batches=options.min_batches,
            seed=options.seed,
            workers=workers,
            rare_below=options.rare_below,
        )
        self.position = Position()
        self.scores: Scores | None = None

    def run(self) -> None:
        """Train to the end of the schedule; leaves stages, result.yaml and metrics behind."""
        self._resume()
        while self.progress() < 1 and not self._out_of_patience():
            self._epoch()
        self._finish()

    def progress(self, batch: int = 0, seconds: float = 0.0) -> float:
        """Share of the run that is done: of epochs or of the time allowed, whichever is further."""
        epochs = (self.position.epoch + batch / self.loader.batches) / self.options.epochs
        limit = self.options.max_minutes * 60
        return max(epochs, (self.position.seconds + seconds) / limit if limit else 0.0)

    def _epoch(self) -> None:
        begin = time.monotonic()
        number = self.position.epoch + 1
        losses = []
        self.learner.begin_epoch(number)
        recipe = self.options.recipe(self.progress())
        for index, batch in enumerate(self.loader.epoch(number, recipe)):
            progress = self.progress(index, time.monotonic() - begin)
            if progress >= 1 and losses:
                break
            if self.stopped():
                raise StoppedError
            losses.append(self.learner.step(batch, recipe, progress))
            self.monitor.report(0.02 + 0.93 * progress)
        self.position.epoch = number
        self.scores = self._evaluate(time.monotonic() - begin)
        seconds = time.monotonic() - begin
        self.position.seconds += seconds
        self._write_epoch(losses, self.scores, seconds)
        self._save_state()

    def _evaluate(self, seconds: float) -> Scores | None:
        """Score the averaged weights when it is time; keeps them as `best` when they are."""
        done = self.progress(0, seconds)
        spent = self.position.evaluation_seconds / (self.position.seconds + seconds)
        due = done - self.position.evaluated_at >= 1 / max(1, self.options.evaluations)
        if done < 1 and not (due and spent <= EVALUATION_SHARE):
            return None
        begin = time.monotonic()
        scores = self.score(self.learner.average.model)
        self.position.evaluated_at = done
        self.position.evaluation_seconds += time.monotonic() - begin
        fitness = (scores.map50 + scores.map50_95) / 2
        if fitness > self.position.best_fitness:
            self.position.best_fitness, self.position.best_epoch = fitness, self.position.epoch
            self._save_stage("best", scores)
        return scores

    def score(self, model: Detector) -> Scores:
        """Evaluate weights on the validation set."""
        predictor = self._predictor(model)
        found: list[Found | None] = [None] * len(self.data.validation)
        for start, pixels in self.data.validation.chunks(CHUNK):
            for position, detections, _ in predictor.images(pixels, 2 * self.options.batch_size):
                found[start + position] = detections
                if self.stopped():
                    raise StoppedError
        truth = [objects.astype(np.float64) for objects in self.data.validation.objects]
        return evaluate([item for item in found if item], truth, len(self.data.class_names))

    def _save_stage(self, name: str, scores: Scores) -> None:
        metrics = record.stage_metrics(scores)
        checkpoint.save(self.record.env.models_dir / name / "model.pt", self._checkpoint(metrics))
        self.record.stage(name, ["model.pt"], metrics)

    def _checkpoint(self, metrics: dict[str, float]) -> Checkpoint:
        return Checkpoint(
            config=self.learner.model.config,
            class_names=list(self.data.class_names),
            input_size=self.options.input_size,
            flip_vertical=self.options.flip_vertical,
            metrics=metrics,
            class_counts=self.data.training.class_counts(len(self.data.class_names)).tolist(),
            features=[],
            weights=self.learner.average.model.state_dict(),
        )

    def _write_epoch(self, losses: Sequence[tuple[float, float, float]], scores: Scores | None, seconds: float) -> None:
        total, box, classes = np.mean(losses, axis=0)
        place = self.position
        progress = self.progress()
        row: dict[str, Any] = {
            "epoch": place.epoch,
            "epochs": min(self.options.epochs, math.ceil(place.epoch / progress)),
            "loss": round(float(total), 5),
            "loss_box": round(float(box), 5),
            "loss_cls": round(float(classes), 5),
            "lr": self.learner.optimizer.param_groups[0]["lr"],
            "mAP50": round(scores.map50, 5) if scores else None,
            "mAP50_95": round(scores.map50_95, 5) if scores else None,
            "seconds": round(seconds, 3),
            "elapsed": round(place.seconds, 3),
        }
        if scores:
            row["class_AP50"] = record.class_figures(scores, self.data.class_names)
        self.record.epoch(row)
        log.info(
            "Epoch %d of %d: loss %.3f (boxes %.3f, classes %.3f), %.1f s%s",
            *(row[key] for key in ("epoch", "epochs", "loss", "loss_box", "loss_cls", "seconds")),
            f", mAP50 {scores.map50:.4f}, mAP50_95 {scores.map50_95:.4f}" if scores else "",
        )

    def _out_of_patience(self) -> bool:
        waited = self.position.epoch - self.position.best_epoch
        if self.options.patience and waited >= self.options.patience:
            log.info("No better weights for %d epochs: stopping early", waited)
            return True
        return False

    def _finish(self) -> None:
        """Write the last stage, add the ONNX copy of the best one, and clear the state."""
        scores = self.scores or self.score(self.learner.average.model)
        self._save_stage("last", scores)
        self.monitor.report(0.96, force=True)
        folder = self.record.env.models_dir / "best"
        best = checkpoint.load(folder / "model.pt")
        if best is None:
            raise ExecutorError(ErrorCode.MODEL_MISSING, f"{folder} lost its weights during the training")
        features = self._training_features(best.build())
        checkpoint.save(folder / "model.pt", replace(best, features=features))
        if self.options.export_onnx and export.export_onnx(best, self.data.canvas, folder / "model.onnx"):
            self.record.stage("best", ["model.pt", "model.onnx"], best.metrics)
        self._state_path().unlink(missing_ok=True)
        log.info("Best weights: epoch %d", self.position.best_epoch)

    def _training_features(self, model: Detector) -> list[list[float]]:
        """What mining needs to know about the images already labelled."""
        predictor = self._predictor(model.to(self.compute.device))
        chunks = self.data.training.chunks(CHUNK, REMEMBERED)
        return [
            deep.tolist() for _, pixels in chunks for _, _, deep in predictor.images(pixels, self.options.batch_size)
        ]

    def _predictor(self, model: Detector) -> Predictor:
        fused = copy.deepcopy(model).eval().fuse()
        return Predictor(fused, self.compute, PredictOptions())

    def _state_path(self) -> Path:
        return self.record.env.out_dir / STATE_FILE

    def _fingerprint(self) -> str:
        """Tells whether a saved state belongs to this very task."""
        shape = [self.data.class_names, len(self.data.training), len(self.data.validation), self.data.canvas]
        return hashlib.sha256(json.dumps([asdict(self.options), shape]).encode()).hexdigest()

    def _save_state(self) -> None:
        document = {
            "fingerprint": self._fingerprint(),
            "position": asdict(self.position),
            "learner": self.learner.state(),
            "stages": {name: [list(stage.files), dict(stage.metrics)] for name, stage in self.record.stages.items()},
        }
        checkpoint.save_whole(self._state_path(), document)

    def _resume(self) -> None:
        """Pick up the state of a killed run of the same task in the same folder."""
        state = self._read_state()
        if state:
            self.position = Position(**state["position"])
            self.learner.load_state(state["learner"])
            for name, (files, metrics) in state["stages"].items():
                self.record.stage(name, files, metrics)
            log.info("Resuming after epoch %d", self.position.epoch)
        self.record.start(self.position.epoch)

    def _read_state(self) -> Mapping[str, Any] | None:
        path = self._state_path()
        if not path.exists():
            return None
        state: Mapping[str, Any] = torch.load(path, map_location=self.compute.device, weights_only=True)
        if state["fingerprint"] != self._fingerprint():
            log.warning("The state found in %s belongs to another task: starting anew", path.parent)
            return None
        return state


def _model_config(options: TrainingOptions, class_names: Sequence[str], start_from: Checkpoint | None) -> ModelConfig:
    """The network asked for; a checkpoint decides its own size."""
    if start_from is None:
        return ModelConfig(len(class_names), options.width, options.depth)
    found = start_from.config
    if (found.width, found.depth) != (options.width, options.depth):
        log.warning("The given weights have width %s and depth %s: these are used", found.width, found.depth)
    return ModelConfig(len(class_names), found.width, found.depth, found.bins)
