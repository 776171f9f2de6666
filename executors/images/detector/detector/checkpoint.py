"""The weights file handed on from task to task: network, class names and how it was trained."""

import logging
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from contract.errors import ErrorCode, ExecutorError
from detector.model import Detector, ModelConfig

FORMAT = "ymir-detector/1"
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Checkpoint:
    """Everything needed to run the network on new images.

    class_counts are the objects of each class that it was trained on, features [n, D] the pooled network features of
    training images: mining looks for what is not among them.
    """

    config: ModelConfig
    class_names: list[str]
    input_size: int
    flip_vertical: bool
    metrics: dict[str, float]
    class_counts: list[int]
    features: list[list[float]]
    weights: Mapping[str, Tensor]

    def build(self) -> Detector:
        """The network with its weights, ready for inference."""
        model = Detector(self.config)
        model.load_state_dict(dict(self.weights))
        return model.eval()


def save(path: Path, checkpoint: Checkpoint) -> None:
    """Write the checkpoint; no reader ever sees half a file."""
    document = {
        "format": FORMAT,
        "config": checkpoint.config.as_dict(),
        "class_names": checkpoint.class_names,
        "input_size": checkpoint.input_size,
        "flip_vertical": checkpoint.flip_vertical,
        "metrics": checkpoint.metrics,
        "class_counts": checkpoint.class_counts,
        "features": torch.tensor(checkpoint.features, dtype=torch.float16),
        "weights": {key: value.detach().cpu().contiguous() for key, value in checkpoint.weights.items()},
    }
    save_whole(path, document)


def save_whole(path: Path, document: Mapping[str, Any]) -> None:
    """torch.save through a partial file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".partial")
    torch.save(dict(document), partial)
    os.replace(partial, path)  # noqa: PTH105 -- keeps the name of the atomic call in sight


def load(path: Path) -> Checkpoint | None:
    """Read a checkpoint; None when the file is something else."""
    try:
        # weights_only: a checkpoint may come from anywhere, and unpickling must not run code.
        document = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # noqa: BLE001 -- torch raises many kinds for a file that is no checkpoint
        log.info("%s holds no weights that can be read: %s", path, str(error).splitlines()[0])
        return None
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        log.info("%s was not made by this image", path)
        return None
    return Checkpoint(
        config=ModelConfig(**document["config"]),
        class_names=list(document["class_names"]),
        input_size=int(document["input_size"]),
        flip_vertical=bool(document["flip_vertical"]),
        metrics=dict(document["metrics"]),
        class_counts=list(document["class_counts"]),
        features=document["features"].float().tolist(),
        weights=document["weights"],
    )


def find(names: Any, models_dir: Path) -> Checkpoint | None:
    """The first usable checkpoint among the files of a model; None when no model is given at all.

    A model's file list also holds configurations, ONNX files and the like: they are passed over. A given model
    without any usable file is an error.
    """
    listed: Sequence[str] = [names] if isinstance(names, str) else list(names or [])
    paths = [path for path in (models_dir / name for name in listed if name) if path.is_file()]
    for path in sorted(paths, key=lambda path: path.suffix not in {".pt", ".pth"}):
        checkpoint = load(path) if path.suffix in {".pt", ".pth", ".weights"} else None
        if checkpoint:
            log.info("Using the weights %s", path)
            return checkpoint
    if any(listed):
        raise ExecutorError(
            ErrorCode.MODEL_MISSING,
            f"None of the model's files holds weights of this image: {', '.join(map(str, listed))}",
        )
    return None


def adopt(model: Detector, checkpoint: Checkpoint, class_names: Sequence[str]) -> None:
    """Start a network from a checkpoint; score weights are carried over class by class, by name."""
    own = model.state_dict()
    places = [
        (new, checkpoint.class_names.index(name))
        for new, name in enumerate(class_names)
        if name in checkpoint.class_names
    ]
    for key, value in checkpoint.weights.items():
        if ".classes." in key:
            for new, old in places:
                own[key][new] = value[old]
        else:
            own[key].copy_(value)
    log.info("Started from given weights; %d of %d classes were known", len(places), len(class_names))
