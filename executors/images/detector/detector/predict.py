"""From pixels to boxes: batches of equal shape, optional averaging over flips, suppression of doubles."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from detector import images as pictures
from detector.boxes import suppress
from detector.device import Compute
from detector.evaluate import Found
from detector.images import Pixels
from detector.model import STRIDES, Detector, Output, cells, corner_boxes, expected_sides

Seen = tuple[int, Found, Tensor]  # position of the image, its boxes, its deep features
CANDIDATES = 1000  # boxes of an image that suppression looks at


@dataclass(frozen=True)
class PredictOptions:
    """Which boxes are kept. `flips`: axes to mirror for averaging, of "h", "v" and "hv"."""

    confidence: float = 0.01
    overlap: float = 0.65
    limit: int = 300
    flips: tuple[str, ...] = ()


@dataclass
class Dense:
    """Predictions for every cell of a batch: scores [B, A, classes], boxes [B, A, 4] in input pixels, deep [B, C]."""

    scores: Tensor
    boxes: Tensor
    deep: Tensor


@dataclass
class Predictor:
    """Runs a network in eval mode."""

    model: Detector
    compute: Compute
    options: PredictOptions = field(default_factory=PredictOptions)

    def images(self, pixels: Sequence[Pixels], batch_size: int) -> Iterator[Seen]:
        """Yield (position, detections in pixels of the given image, deep features [C]), shape by shape."""
        groups = defaultdict(list)
        for position, image in enumerate(pixels):
            groups[pictures.tight_canvas(image)].append(position)
        for canvas, positions in groups.items():
            chunks = [positions[start : start + batch_size] for start in range(0, len(positions), batch_size)]
            with ThreadPoolExecutor(max_workers=self.compute.lanes) as pool:
                for rows in pool.map(lambda chunk, canvas=canvas: self._chunk(pixels, chunk, canvas), chunks):
                    yield from rows

    def _chunk(self, pixels: Sequence[Pixels], chunk: list[int], canvas: tuple[int, int]) -> list[Seen]:
        dense = self.dense(to_batch([pixels[position] for position in chunk], canvas))
        return [
            (position, self._select(dense, row, pixels[position].shape), dense.deep[row])
            for row, position in enumerate(chunk)
        ]

    @torch.no_grad()
    def dense(self, batch: Tensor) -> Dense:
        """Average predictions of uint8 images [B, 3, H, W] over the asked flips.

        The canvas is a whole number of cells, so a mirrored image has mirrored cells and predictions average cell
        by cell.
        """
        height, width = batch.shape[2:]
        batch = batch.to(self.compute.device).to(memory_format=torch.channels_last)
        total: list[Tensor] = []
        for flip in ("", *self.options.flips):
            axes = [axis for axis, name in ((3, "h"), (2, "v")) if name in flip]
            with self.compute.precision():
                output = self.model((batch.flip(axes) if axes else batch).float() / 255)
            parts = [output.logits.sigmoid(), expected_sides(output.sides), output.deep]
            parts[:2] = [_unflip(part, flip, height, width) for part in parts[:2]]
            parts[1] = _swap_sides(parts[1], flip)
            total = [a + b for a, b in zip(total, parts, strict=True)] if total else parts
        scores, sides, deep = (part / (1 + len(self.options.flips)) for part in total)
        return Dense(scores, corner_boxes(sides, *cells(height, width, self.compute.device)), deep)

    def _select(self, dense: Dense, row: int, shape: tuple[int, ...]) -> Found:
        options = self.options
        scores = dense.scores[row].flatten()
        values, order = scores.topk(min(CANDIDATES, len(scores)))
        order, values = order[values > options.confidence], values[values > options.confidence]
        class_count = dense.scores.shape[2]
        boxes, classes = dense.boxes[row][order // class_count], order % class_count
        limit = torch.tensor([shape[1], shape[0]] * 2, device=boxes.device)
        boxes = torch.minimum(boxes.clamp(min=0), limit)
        kept = suppress(boxes, values, classes, options.overlap)[: options.limit]
        return Found(
            boxes=boxes[kept].cpu().numpy().astype(np.float64),
            scores=values[kept].cpu().numpy().astype(np.float64),
            classes=classes[kept].cpu().numpy(),
        )


def to_batch(pixels: Sequence[Pixels], canvas: tuple[int, int]) -> Tensor:
    """uint8 [B, 3, H, W] of images padded to the canvas."""
    return torch.from_numpy(np.stack([pictures.padded(image, *canvas) for image in pixels])).permute(0, 3, 1, 2)


def _unflip(values: Tensor, flip: str, height: int, width: int) -> Tensor:
    """Move the predictions [B, A, C] of a mirrored image to the cells of the image itself."""
    axes = [axis for axis, name in ((2, "h"), (1, "v")) if name in flip]
    if not axes:
        return values
    parts, start = [], 0
    for stride in STRIDES:
        rows, columns = height // stride, width // stride
        level = values[:, start : start + rows * columns].unflatten(1, (rows, columns))
        parts.append(level.flip(axes).flatten(1, 2))
        start += rows * columns
    return torch.cat(parts, dim=1)


def _swap_sides(sides: Tensor, flip: str) -> Tensor:
    """Left and right, or top and bottom, change places in a mirrored image."""
    order = [0, 1, 2, 3]
    if "h" in flip:
        order[0], order[2] = order[2], order[0]
    if "v" in flip:
        order[1], order[3] = order[3], order[1]
    return sides[..., order]


def decoded(output: Output, height: int, width: int) -> tuple[Tensor, Tensor]:
    """Scores [B, A, classes] and boxes [B, A, 4] in input pixels."""
    device = output.logits.device
    return output.logits.sigmoid(), corner_boxes(expected_sides(output.sides), *cells(height, width, device))
