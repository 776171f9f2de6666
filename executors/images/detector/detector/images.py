"""Decodes images at the size the network sees, and lays them on canvases that it takes."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFile, UnidentifiedImageError

Pixels = NDArray[np.uint8]
GREY = 114

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


def _up(length: float) -> int:
    return max(32, int(np.ceil(round(length) / 32)) * 32)
