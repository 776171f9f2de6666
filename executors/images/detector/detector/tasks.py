"""The three tasks of the contract, each from its input files to its result files."""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from contract import index, results, settings
from contract.environment import Environment
from contract.errors import ErrorCode, ExecutorError, StoppedError
from contract.monitor import Monitor
from contract.results import Detection
from detector import checkpoint, dataset, device, images
from detector.checkpoint import Checkpoint
from detector.dataset import ImageStore, LabelledImages
from detector.device import Compute, DeviceOptions
from detector.evaluate import Found
from detector.images import Scaled, UnreadableImageError
from detector.mining import MiningOptions, Pool, choose
from detector.options import InferOptions, TrainingOptions
from detector.predict import Predictor
from detector.record import Record
from detector.train import Data, Trainer

log = logging.getLogger(__name__)
CHUNK = 64  # images decoded at a time when predicting


@dataclass
class Task:
    """What every task needs: where, with which settings, on what."""

    env: Environment
    config: Mapping[str, Any]
    monitor: Monitor
    stopped: Callable[[], bool]

    def __post_init__(self) -> None:
        self.device_options = settings.read_options(DeviceOptions, self.config)
        self.compute: Compute = device.choose(self.device_options)


def train(task: Task) -> None:
    """Train on the training index, choose by the validation index."""
    options = settings.read_options(TrainingOptions, task.config)
    class_names = settings.class_names(task.config)
    if not class_names:
        raise ExecutorError(ErrorCode.CONFIG, "class_names is empty: name at least one class to train for")
    start_from = checkpoint.find(task.config.get("pretrained_model_params"), task.env.models_dir_in)
    data = _read_data(task, options, class_names)
    task.monitor.report(0.02, force=True)
    writer = Record(task.env, class_names)
    trainer = Trainer(
        options,
        data,
        task.compute,
        writer,
        task.monitor,
        start_from=start_from,
        workers=task.device_options.workers,
        stopped=task.stopped,
    )
    try:
        trainer.run()
    finally:
        writer.close()


def _read_data(task: Task, options: TrainingOptions, class_names: list[str]) -> Data:
    rows = {
        "training": index.read_pairs(task.env.training_index_file, "training"),
        "validation": index.read_pairs(task.env.val_index_file, "validation"),
    }
    # The validation set is gone through in order and seldom: it gets what room the training set leaves.
    sets: dict[str, LabelledImages] = {}
    room = options.memory_megabytes * 2**20
    for role, found in rows.items():
        store = ImageStore(options.input_size, room)
        sets[role] = dataset.load(found, class_names, store, role=role, workers=task.device_options.workers)
        room = max(0, store.room)
    counts = sets["training"].class_counts(len(class_names))
    listed = ", ".join(f"{name} {count}" for name, count in zip(class_names, counts, strict=True))
    log.info("%d training and %d validation images; objects: %s", *(len(found) for found in sets.values()), listed)
    if not counts.sum():
        raise ExecutorError(
            ErrorCode.DATASET, f"No training image has an object of the classes {', '.join(class_names)}"
        )
    canvas = images.canvas_size(sets["training"].images.shapes, options.input_size)
    return Data(sets["training"], sets["validation"], class_names, canvas)


def infer(task: Task) -> None:
    """Find objects in every candidate image."""
    paths = index.read_candidates(task.env.candidate_index_file)
    model = _given_model(task)
    options = settings.read_options(InferOptions, task.config)
    predictor = _predictor(task, model, options)
    found: dict[str, Sequence[Detection]] = {path.name: [] for path in paths}
    done = 0
    for positions, scaled in _decoded(paths, model.input_size):
        for place, detections, _ in predictor.images([image.pixels for image in scaled], options.infer_batch_size):
            found[paths[positions[place]].name] = _named(detections, scaled[place], model.class_names)
            done += 1
            _progress(task, done / len(paths))
    results.write_infer(task.env.infer_result_file, found)
    log.info("%d objects found in %d images", sum(map(len, found.values())), len(paths))


def mine(task: Task) -> None:
    """Score every candidate image, the most useful to label first."""
    options = settings.read_options(MiningOptions, task.config)
    paths = index.read_candidates(task.env.candidate_index_file)
    model = _given_model(task)
    infer_options = settings.read_options(InferOptions, task.config)
    pool = Pool(
        paths=paths,
        model=model,
        predictor=_predictor(task, model, infer_options),
        batch_size=infer_options.infer_batch_size,
        decoded=lambda: _decoded(paths, model.input_size),
        progress=lambda share: _progress(task, share),
    )
    scores = choose(options)(pool, options)
    order = np.argsort(-scores, kind="stable")
    results.write_mining(
        task.env.mining_result_file, [(paths[position], float(scores[position])) for position in order]
    )
    log.info("%d images scored by %s", len(paths), options.mining_algorithm)


def _given_model(task: Task) -> Checkpoint:
    model = checkpoint.find(task.config.get("model_params_path"), task.env.models_dir_in)
    if model is None:
        raise ExecutorError(ErrorCode.MODEL_MISSING, "model_params_path names no model")
    return model


def _predictor(task: Task, model: Checkpoint, options: InferOptions) -> Predictor:
    network = model.build().fuse().to(task.compute.device)
    return Predictor(network, task.compute, options.predict_options(flip_vertical=model.flip_vertical))


def _progress(task: Task, share: float) -> None:
    task.monitor.report(share)
    if task.stopped():
        raise StoppedError


def _decoded(paths: Sequence[Path], input_size: int) -> Iterator[tuple[list[int], list[Scaled]]]:
    """Yield the candidates in chunks: positions of those that can be read, and their pixels."""
    readable = 0
    for start in range(0, len(paths), CHUNK):
        positions: list[int] = []
        scaled: list[Scaled] = []
        for position in range(start, min(start + CHUNK, len(paths))):
            try:
                scaled.append(images.read_scaled(paths[position], input_size))
                positions.append(position)
            except UnreadableImageError as error:
                log.warning("Passed over an unreadable image: %s", error)
        readable += len(positions)
        yield positions, scaled
    if not readable:
        raise ExecutorError(ErrorCode.IMAGE_FORMAT, f"None of the {len(paths)} candidate images can be read")


def _named(found: Found, image: Scaled, class_names: Sequence[str]) -> list[Detection]:
    factors = np.array(image.factor * 2)
    return [
        Detection(class_names[label], float(score), *map(float, box))
        for box, score, label in zip(found.boxes * factors, found.scores, found.classes, strict=True)
    ]
