"""A labelled set: images decoded once and kept in memory as bytes, as far as memory is allowed; and their objects."""

import logging
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from contract import annotations
from contract.errors import ErrorCode, ExecutorError
from detector.images import Pixels, Scaled, UnreadableImageError, read_scaled

log = logging.getLogger(__name__)
BYTES_OF_PIXEL = 4  # how Pillow keeps RGB


@dataclass
class ImageStore:
    """Scaled images by position; those that no longer fit into `room` bytes are decoded whenever they are asked for."""

    input_size: int
    room: int
    shapes: list[tuple[int, int]] = field(default_factory=list)
    kept: list[Image.Image | Path] = field(default_factory=list)

    def add(self, path: Path, pixels: Pixels) -> None:
        """Append an image that was just decoded."""
        height, width = pixels.shape[:2]
        self.shapes.append((height, width))
        self.room -= height * width * BYTES_OF_PIXEL
        self.kept.append(Image.fromarray(pixels) if self.room >= 0 else path)

    def __len__(self) -> int:
        return len(self.kept)

    def __getitem__(self, position: int) -> Image.Image:
        item = self.kept[position]
        return Image.fromarray(read_scaled(item, self.input_size).pixels) if isinstance(item, Path) else item


@dataclass
class LabelledImages:
    """Scaled images, and for each its objects [n, 5] (class, x1, y1, x2, y2) in scaled pixels."""

    images: ImageStore | list[Image.Image]
    objects: list[NDArray[np.float32]]

    def __len__(self) -> int:
        return len(self.objects)

    def chunks(self, size: int, most: int | None = None) -> Iterator[tuple[int, list[Pixels]]]:
        """The images as arrays, `size` at a time with the position of the first; only the first `most` of all."""
        end = min(len(self), most or len(self))
        for start in range(0, end, size):
            yield start, [np.asarray(self.images[place]) for place in range(start, min(start + size, end))]

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


def load(
    rows: Sequence[tuple[Path, Path | None]],
    class_names: Sequence[str],
    store: ImageStore,
    *,
    role: str,
    workers: int,
) -> LabelledImages:
    """Read a whole set into `store`. Unreadable images are left out with a warning; none left is an error."""

    def read(row: tuple[Path, Path | None]) -> tuple[Scaled, list[annotations.Box]] | UnreadableImageError:
        try:
            return read_scaled(row[0], store.input_size), annotations.read(row[1], class_names)
        except UnreadableImageError as error:
            return error

    objects = []
    with ThreadPoolExecutor(max_workers=max(1, workers)) as pool:
        for (path, _), item in zip(rows, pool.map(read, rows), strict=True):
            if isinstance(item, UnreadableImageError):
                log.warning("Left out an unreadable image: %s", item)
                continue
            scaled, boxes = item
            store.add(path, scaled.pixels)
            objects.append(_to_scaled(boxes, scaled))
    if not objects:
        raise ExecutorError(ErrorCode.IMAGE_FORMAT, f"None of the {len(rows)} images of the {role} set can be read")
    return LabelledImages(store, objects)


def _to_scaled(boxes: Sequence[annotations.Box], image: Scaled) -> NDArray[np.float32]:
    objects = np.array(boxes, dtype=np.float32).reshape(-1, 5)
    height, width = image.pixels.shape[:2]
    objects[:, 1::2] = (objects[:, 1::2] / image.factor[0]).clip(0, width)
    objects[:, 2::2] = (objects[:, 2::2] / image.factor[1]).clip(0, height)
    size = objects[:, 3:] - objects[:, 1:3]
    return objects[(size > 0.5).all(axis=1)]
