"""Decodes images once, at the size the network sees, and keeps them in memory as bytes."""

import logging
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFile, UnidentifiedImageError

from contract import annotations
from contract.errors import ErrorCode, ExecutorError

Pixels = NDArray[np.uint8]
GREY = 114

log = logging.getLogger(__name__)
Image.MAX_IMAGE_PIXELS = None
ImageFile.LOAD_TRUNCATED_IMAGES = False


class UnreadableImageError(Exception):
    """A file that is missing, truncated or no image."""


@dataclass(frozen=True)
class Scaled:
    """An image [h, w, 3] whose longer side has the input size; multiply by `factor` to return to the original."""

    pixels: Pixels
    factor: tuple[float, float]


def read_scaled(path: Path, input_size: int) -> Scaled:
    """Decode an image as RGB with its longer side scaled to `input_size`."""
    try:
        with Image.open(path) as image:
            width, height = image.size
            scale = input_size / max(width, height)
            size = max(1, round(width * scale)), max(1, round(height * scale))
            image.draft("RGB", size)  # JPEG: decode at a half, quarter or eighth where that is still large enough
            rgb = image.convert("RGB")
            pixels = np.asarray(rgb if rgb.size == size else rgb.resize(size, Image.Resampling.BILINEAR))
    except (OSError, UnidentifiedImageError, SyntaxError, ValueError) as error:
        raise UnreadableImageError(f"{path}: {error}") from error
    return Scaled(pixels, (width / size[0], height / size[1]))


def canvas_size(shapes: Iterable[tuple[int, int]], input_size: int) -> tuple[int, int]:
    """Height and width, multiples of 32, that hold an image of the median shape (height, width) without waste."""
    pairs = np.array(list(shapes), dtype=float)
    height, width = np.median(pairs / pairs.max(axis=1, keepdims=True), axis=0) * input_size
    return _up(height), _up(width)


def padded(pixels: Pixels, height: int, width: int) -> Pixels:
    """The image in the upper left corner of a grey canvas."""
    canvas = np.full((height, width, 3), GREY, dtype=np.uint8)
    canvas[: pixels.shape[0], : pixels.shape[1]] = pixels
    return canvas


def tight_canvas(pixels: Pixels) -> tuple[int, int]:
    """The smallest canvas that the network takes for this image."""
    return _up(pixels.shape[0]), _up(pixels.shape[1])


@dataclass
class LabelledImages:
    """A data set in memory: scaled images, and objects [n, 5] (class, x1, y1, x2, y2) in scaled pixels."""

    images: list[Image.Image]
    objects: list[NDArray[np.float32]]

    def __len__(self) -> int:
        return len(self.images)

    def pixels(self, most: int | None = None) -> list[Pixels]:
        """The images as arrays; only the first `most`."""
        return [np.asarray(image) for image in self.images[:most]]

    def repeat_factors(self, rare_below: float) -> NDArray[np.float64]:
        """How often an image should be seen for every sight of an ordinary one; 1 or more.

        An image of a class that fewer than the share `rare_below` of all images show counts sqrt(rare_below / share)
        (Gupta, Dollar and Girshick, LVIS, 2019, section 4.1).
        """
        shown = [np.unique(objects[:, 0]).astype(np.int64) for objects in self.objects]
        share = np.bincount(np.concatenate(shown), minlength=1) / len(self)
        by_class = np.sqrt(np.maximum(1.0, rare_below / np.maximum(share, 1e-9)))
        return np.array([by_class[classes].max(initial=1.0) for classes in shown])

    def class_counts(self, class_count: int) -> NDArray[np.int64]:
        """Objects of each class."""
        labels = np.concatenate([objects[:, 0] for objects in self.objects]).astype(np.int64)
        return np.bincount(labels, minlength=class_count)


def load_labelled(
    rows: Sequence[tuple[Path, Path | None]], class_names: Sequence[str], input_size: int, *, role: str, workers: int
) -> LabelledImages:
    """Read a whole set. Unreadable images are left out with a warning; none left is an error."""

    def load(row: tuple[Path, Path | None]) -> tuple[Scaled, list[annotations.Box]] | UnreadableImageError:
        try:
            return read_scaled(row[0], input_size), annotations.read(row[1], class_names)
        except UnreadableImageError as error:
            return error

    found = LabelledImages([], [])
    with ThreadPoolExecutor(max_workers=max(1, workers)) as pool:
        for item in pool.map(load, rows):
            if isinstance(item, UnreadableImageError):
                log.warning("Left out an unreadable image: %s", item)
                continue
            scaled, boxes = item
            found.images.append(Image.fromarray(scaled.pixels))
            found.objects.append(_to_scaled(boxes, scaled))
    if not len(found):
        raise ExecutorError(ErrorCode.IMAGE_FORMAT, f"None of the {len(rows)} images of the {role} set can be read")
    return found


def _to_scaled(boxes: Sequence[annotations.Box], image: Scaled) -> NDArray[np.float32]:
    objects = np.array(boxes, dtype=np.float32).reshape(-1, 5)
    height, width = image.pixels.shape[:2]
    objects[:, 1::2] = (objects[:, 1::2] / image.factor[0]).clip(0, width)
    objects[:, 2::2] = (objects[:, 2::2] / image.factor[1]).clip(0, height)
    size = objects[:, 3:] - objects[:, 1:3]
    return objects[(size > 0.5).all(axis=1)]


def _up(length: float) -> int:
    return max(32, int(np.ceil(round(length) / 32)) * 32)
