"""ONNX export of a trained network, checked against the network itself."""

import copy
import json
import logging
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from detector.checkpoint import Checkpoint
from detector.model import Detector
from detector.predict import decoded

try:
    import onnx
    import onnxruntime
except ImportError:  # the ONNX copy is an extra; training does not depend on it
    onnxruntime = None

log = logging.getLogger(__name__)
TOLERANCE = 1e-2  # pixels, and a hundredth of that for scores


class Exported(nn.Module):
    """images [B, 3, H, W] RGB in 0..1 -> boxes [B, A, 4] in pixels, scores [B, A, classes]."""

    def __init__(self, model: Detector, height: int, width: int) -> None:
        super().__init__()
        self.model, self.size = model, (height, width)

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        scores, boxes = decoded(self.model(images), *self.size)
        return boxes, scores


def export_onnx(checkpoint: Checkpoint, canvas: tuple[int, int], path: Path) -> bool:
    """Write the network for inputs of `canvas` size, any batch; True when the file exists and agrees with torch."""
    if onnxruntime is None:
        log.warning("onnx and onnxruntime are not installed: no ONNX file is written")
        return False
    network = Exported(copy.deepcopy(checkpoint.build()).fuse(), *canvas).eval()
    images = torch.rand(2, 3, *canvas, generator=torch.Generator().manual_seed(0))
    path.parent.mkdir(parents=True, exist_ok=True)
    torch.onnx.export(
        network,
        (images,),
        str(path),
        dynamo=False,
        input_names=["images"],
        output_names=["boxes", "scores"],
        dynamic_axes={"images": {0: "batch"}, "boxes": {0: "batch"}, "scores": {0: "batch"}},
        opset_version=17,
    )
    _describe(path, checkpoint, canvas)
    difference = parity(network, images, path)
    log.info("ONNX agrees with torch to %.2g pixels and %.2g of score", *difference)
    if difference[0] > TOLERANCE or difference[1] > TOLERANCE / 100:
        log.error("The ONNX file disagrees with the network and is left out")
        path.unlink()
        return False
    return True


def _describe(path: Path, checkpoint: Checkpoint, canvas: tuple[int, int]) -> None:
    """Note in the file what a program needs to use it."""
    model = onnx.load(str(path))
    notes = {"class_names": checkpoint.class_names, "canvas": canvas, "input": "RGB, 0 to 1, padded right and below"}
    onnx.helper.set_model_props(model, {key: json.dumps(value) for key, value in notes.items()})
    onnx.save(model, str(path))


def parity(network: Exported, images: Tensor, path: Path) -> tuple[float, float]:
    """Largest differences of boxes (pixels) and scores between ONNX Runtime and torch."""
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    boxes, scores = session.run(None, {"images": images.numpy()})
    with torch.inference_mode():
        wanted_boxes, wanted_scores = network(images)
    return float(np.abs(boxes - wanted_boxes.numpy()).max()), float(np.abs(scores - wanted_scores.numpy()).max())
