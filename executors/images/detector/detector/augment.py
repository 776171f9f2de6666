"""Training samples: one image or a mosaic of four, with random scale, place, flips and colour."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from detector.dataset import LabelledImages
from detector.images import GREY, Pixels

MIN_VISIBLE = 0.2  # an object cut to less than this share of its area is dropped
MIN_SIDE = 2.0  # and so is one narrower than this, in pixels

Objects = NDArray[np.float32]


@dataclass(frozen=True)
class Recipe:
    """How strongly to change the images; 0 switches a change off."""

    mosaic: float = 1.0
    scale: float = 0.5
    flip_horizontal: bool = True
    flip_vertical: bool = False
    transpose: bool = False
    colour: float = 0.5


def sample(
    data: LabelledImages,
    index: int,
    canvas: tuple[int, int],
    recipe: Recipe,
    rng: np.random.Generator,
    repeats: NDArray[np.float64],
) -> tuple[Pixels, Objects]:
    """A training picture [H, W, 3] around image `index`, and its objects. Companions are drawn by `repeats`."""
    height, width = canvas
    picture = np.full((height, width, 3), GREY, dtype=np.uint8)
    if rng.random() >= recipe.mosaic:
        return picture, _paste(picture, (0, 0, width, height), data, index, recipe, rng)
    # Four pictures meet at a random point (Bochkovskiy et al., YOLOv4, 2020, section 3.3).
    x, y = int(width * rng.uniform(0.3, 0.7)), int(height * rng.uniform(0.3, 0.7))
    tiles = [(0, 0, x, y), (x, 0, width, y), (0, y, x, height), (x, y, width, height)]
    members = [index, *rng.choice(len(data), size=3, p=repeats / repeats.sum())]
    rng.shuffle(members)
    parts = [_paste(picture, tile, data, int(who), recipe, rng) for tile, who in zip(tiles, members, strict=True)]
    return picture, np.concatenate(parts)


def _paste(
    picture: Pixels,
    tile: tuple[int, int, int, int],
    data: LabelledImages,
    index: int,
    recipe: Recipe,
    rng: np.random.Generator,
) -> Objects:
    """Draw a randomly placed and scaled cut of image `index` into the tile; returns its objects there."""
    image, objects = data.images[index], data.objects[index]
    left, top, right, bottom = tile
    swap, mirror_x, mirror_y = (
        asked and rng.random() < 0.5 for asked in (recipe.transpose, recipe.flip_horizontal, recipe.flip_vertical)
    )
    width, height = (bottom - top, right - left) if swap else (right - left, bottom - top)
    scale = rng.uniform(1 - recipe.scale, 1 + recipe.scale)
    # The cut (in source pixels) that fills the tile; where it is larger than the image, grey stays around.
    cut_x, span_x, into_x = _place(width / scale, image.width, scale, rng)
    cut_y, span_y, into_y = _place(height / scale, image.height, scale, rng)
    size = min(width - into_x, round(span_x * scale)), min(height - into_y, round(span_y * scale))
    if min(size) < 1:
        return np.zeros((0, 5), dtype=np.float32)
    part = image.resize(size, Image.Resampling.BILINEAR, box=(cut_x, cut_y, cut_x + span_x, cut_y + span_y))
    moved = objects.copy()
    moved[:, 1::2] = (objects[:, 1::2] - cut_x) * (size[0] / span_x)
    moved[:, 2::2] = (objects[:, 2::2] - cut_y) * (size[1] / span_y)
    moved = clip(moved, (0, 0, *size))
    pixels, moved = _turned(np.asarray(part), moved, swap=swap, mirror_x=mirror_x, mirror_y=mirror_y)
    x, y = (left + into_y, top + into_x) if swap else (left + into_x, top + into_y)
    picture[y : y + pixels.shape[0], x : x + pixels.shape[1]] = pixels
    moved[:, 1:] += np.array([x, y, x, y], dtype=np.float32)
    return moved


def _place(wanted: float, length: int, scale: float, rng: np.random.Generator) -> tuple[float, float, int]:
    """Start and span of the cut along one axis, and how far inside the tile it begins."""
    if wanted <= length:
        return rng.uniform(0, length - wanted), wanted, 0
    return 0.0, float(length), int(rng.uniform(0, (wanted - length) * scale))


def _turned(pixels: Pixels, objects: Objects, *, swap: bool, mirror_x: bool, mirror_y: bool) -> tuple[Pixels, Objects]:
    if swap:
        pixels, objects = pixels.transpose(1, 0, 2), objects[:, [0, 2, 1, 4, 3]]
    height, width = pixels.shape[:2]
    if mirror_x:
        pixels = pixels[:, ::-1]
        objects[:, [1, 3]] = width - objects[:, [3, 1]]
    if mirror_y:
        pixels = pixels[::-1]
        objects[:, [2, 4]] = height - objects[:, [4, 2]]
    return pixels, objects


def clip(objects: Objects, window: tuple[float, float, float, float]) -> Objects:
    """Objects cut to the window; those of which too little is left are dropped."""
    low, high = np.array(window[:2] * 2, dtype=np.float32), np.array(window[2:] * 2, dtype=np.float32)
    cut = objects.copy()
    cut[:, 1:] = objects[:, 1:].clip(low, high)
    before, after = objects[:, 3:] - objects[:, 1:3], cut[:, 3:] - cut[:, 1:3]
    visible = after.prod(axis=1) / (before.prod(axis=1) + 1e-6)
    return cut[(visible >= MIN_VISIBLE) & (after >= MIN_SIDE).all(axis=1)]


def colour_matrices(count: int, strength: float, generator: torch.Generator) -> Tensor:
    """Random changes of hue, saturation, contrast and brightness for `count` images, as [count, 3, 4].

    All four are one linear map of colours, so an image is changed in a single product: hue turns colours around the
    grey axis, saturation pulls them to it, contrast spreads them around middle grey, brightness shifts them.
    """

    def between(reach: float) -> Tensor:
        return (torch.rand(count, 1, 1, generator=generator) * 2 - 1) * reach * strength

    grey, identity, axis = torch.full((3, 3), 1 / 3), torch.eye(3), 3**-0.5
    cross = torch.tensor([[0, -axis, axis], [axis, 0, -axis], [-axis, axis, 0]])
    angle, saturation, contrast, shift = between(0.2), 1 + between(1.0), 1 + between(0.6), between(0.3)
    turn = angle.cos() * identity + angle.sin() * cross + (1 - angle.cos()) * grey
    matrix = contrast * (grey + saturation * (identity - grey)) @ turn
    offset = ((1 - contrast) * 0.45 + shift).expand(count, 3, 1)
    return torch.cat([matrix, offset], dim=2)


def recoloured(images: Tensor, matrices: Tensor) -> Tensor:
    """Apply colour maps [B, 3, 4] to images [B, 3, H, W] in 0..1."""
    flat = images.permute(0, 2, 3, 1).flatten(1, 2)
    changed = torch.baddbmm(matrices[:, None, :, 3], flat, matrices[:, :, :3].transpose(1, 2)).clamp_(0, 1)
    return changed.unflatten(1, images.shape[2:]).permute(0, 3, 1, 2)
