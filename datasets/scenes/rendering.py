"""From a scene to a photograph and its boxes.

Everything is drawn at twice the size in linear light and averaged down, so edges are smooth; an id for each part is
kept beside the colours, so the boxes hold what can really be seen.
"""

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageFilter

from datasets.scenes import shapes
from datasets.scenes.composition import HEIGHT, WIDTH, Scene, Thing
from datasets.scenes.materials import FINISHES, Light, shade
from datasets.scenes.shapes import Field
from datasets.scenes.surfaces import SURFACES

VISIBLE_SHARE = 0.30
"""A part of which less than this can be seen is not annotated."""

_OVERSAMPLING = 2
_MARGIN = 8
_BEYOND = 40
_NOTHING = -1
_GAMMA = (255 * np.linspace(0, 1, 1 << 14) ** (1 / 2.2)).astype(np.float32)
_SHAPES = shapes.PARTS | shapes.CLUTTER


@dataclass(frozen=True)
class Box:
    """The visible extent of one part, in pixels: left, top, width, height."""

    label: str
    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True)
class Picture:
    """Pixels, sRGB (rows, columns, 3) uint8, and the boxes of the annotated parts."""

    pixels: npt.NDArray[np.uint8]
    boxes: tuple[Box, ...]


def render(scene: Scene) -> Picture:
    """Draw a scene (about 30 ms). The same scene always gives the same picture."""
    canvas = _bench(scene)
    owner = np.full(canvas.shape[:2], _NOTHING, dtype=np.int16)
    for number, thing in enumerate(scene.things):
        _place(canvas, owner, thing, number, scene)
    boxes = [_visible_box(owner, thing, number) for number, thing in enumerate(scene.things)]
    return Picture(_photograph(canvas, scene), tuple(box for box in boxes if box is not None))


def _bench(scene: Scene) -> Field:
    """The surface under its lamp, shifted as the camera trembles."""
    height, width = HEIGHT * _OVERSAMPLING, WIDTH * _OVERSAMPLING
    surface = _surface(scene.surface, scene.surface_seed)
    right, down = (round(_MARGIN + np.clip(offset * _OVERSAMPLING, -_MARGIN, _MARGIN)) for offset in scene.shift)
    visible = surface[down : down + height, right : right + width]
    return np.asarray(visible * _spot(scene.light)[..., None] * scene.light.colour, dtype=np.float32)


@lru_cache(maxsize=2)
def _surface(name: str, seed: int) -> Field:
    """One surface, remembered because the frames of a burst share it."""
    height, width = HEIGHT * _OVERSAMPLING + 2 * _MARGIN, WIDTH * _OVERSAMPLING + 2 * _MARGIN
    return SURFACES[name](np.random.default_rng(seed), height, width).astype(np.float32)


def _spot(light: Light) -> Field:
    """Brighter near the lamp, darker in the far corner."""
    rows = np.linspace(0, 1, HEIGHT * _OVERSAMPLING, dtype=np.float32)[:, None]
    columns = np.linspace(0, 1, WIDTH * _OVERSAMPLING, dtype=np.float32)[None, :]
    distance = (columns - light.spot[0]) ** 2 + (rows - light.spot[1]) ** 2
    return np.asarray(1.12 - light.falloff * distance, dtype=np.float32)


def _place(canvas: Field, owner: npt.NDArray[np.int16], thing: Thing, number: int, scene: Scene) -> None:
    """Draw one thing and its shadow into `canvas`, and its number into `owner`."""
    size = thing.size * _OVERSAMPLING
    patch = _patch(thing, size, scene.shift)
    if patch is None:
        return
    left, top, u, v = patch
    relief = _SHAPES[thing.shape](u, v, thing.variant)
    cover = np.clip(0.5 - relief.distance * size, 0, 1).astype(np.float32)
    part = shade(relief.height, size, FINISHES[thing.finish], relief.tint, scene.light)
    part *= (1 - 0.35 * np.clip(1 + relief.distance * size / 3, 0, 1))[..., None]
    shadow = _shadow(cover, relief.height, size, scene.light)
    rows = slice(max(top, 0), min(top + cover.shape[0], canvas.shape[0]))
    columns = slice(max(left, 0), min(left + cover.shape[1], canvas.shape[1]))
    cut = (slice(rows.start - top, rows.stop - top), slice(columns.start - left, columns.stop - left))
    window, alpha = canvas[rows, columns], cover[cut][..., None]
    window *= shadow[cut][..., None] * (1 - alpha)
    window += alpha * part[cut]
    owner[rows, columns][cover[cut] > 0.5] = number


def _patch(thing: Thing, size: float, shift: tuple[float, float]) -> tuple[int, int, Field, Field] | None:
    """Where the thing's patch lies on the canvas, and the thing's own coordinates over it; None when out of sight."""
    x, y = (thing.x - shift[0]) * _OVERSAMPLING, (thing.y - shift[1]) * _OVERSAMPLING
    cosine, sine = math.cos(thing.angle), math.sin(thing.angle)
    breadth, around = shapes.REACH.get(thing.shape, 1.05), 0.7 * min(size, 36) + 6
    reach_x = min(abs(cosine) * 1.05 + abs(sine) * breadth, 1.05) * size + around
    reach_y = min(abs(sine) * 1.05 + abs(cosine) * breadth, 1.05) * size + around
    # A little beyond the canvas is drawn too, for the shadows that fall into the picture.
    left, right = _clipped(x - reach_x, x + reach_x, WIDTH * _OVERSAMPLING)
    top, bottom = _clipped(y - reach_y, y + reach_y, HEIGHT * _OVERSAMPLING)
    if left + 1 >= right or top + 1 >= bottom or right <= 0 or bottom <= 0:
        return None
    across = (np.arange(left, right, dtype=np.float32) + 0.5 - x) / size
    down = (np.arange(top, bottom, dtype=np.float32) + 0.5 - y) / size
    u = across[None, :] * cosine + down[:, None] * sine
    v = down[:, None] * cosine - across[None, :] * sine
    return left, top, u, v


def _clipped(low: float, high: float, length: int) -> tuple[int, int]:
    return max(int(low), -_BEYOND), min(int(high) + 1, length + _BEYOND)


def _area(thing: Thing) -> float:
    """The whole thing's area in canvas pixels, also what is hidden or outside the picture."""
    steps = np.linspace(-1.05, 1.05, 64, dtype=np.float32)
    u, v = np.meshgrid(steps, steps)
    share = float((_SHAPES[thing.shape](u, v, thing.variant).distance < 0).mean())
    return share * (2.1 * thing.size * _OVERSAMPLING) ** 2


def _shadow(cover: Field, height: Field, size: float, light: Light) -> Field:
    """What is left of the light around a thing: a soft cast shadow, and a dark seam where it touches the bench."""
    tall = min(float(np.max(height, where=cover > 0.5, initial=0.02)), 0.6) * min(size, 60)
    away_x, away_y, up = light.direction
    flat = math.hypot(away_x, away_y)
    step = 0.9 * tall * flat / up + 1.5
    cast = _blurred(cover, 1.5 + 0.22 * tall)
    cast = _moved(cast, round(-away_y / flat * step), round(-away_x / flat * step))
    seam = _blurred(cover, 2.2)
    return np.asarray((1 - 0.66 * cast) * (1 - 0.36 * seam), dtype=np.float32)


def _moved(field: Field, down: int, right: int) -> Field:
    """The field displaced; what comes in from outside is 0."""
    moved = np.zeros_like(field)
    height, width = field.shape
    moved[max(down, 0) : height + min(down, 0), max(right, 0) : width + min(right, 0)] = field[
        max(-down, 0) : height + min(-down, 0), max(-right, 0) : width + min(-right, 0)
    ]
    return moved


def _blurred(cover: Field, radius: float) -> Field:
    grey = Image.fromarray((cover * 255).astype(np.uint8))
    # At half the size: what is blurred has no detail to lose.
    small = grey.reduce(2).filter(ImageFilter.GaussianBlur(radius / 2))
    return np.asarray(small.resize(grey.size, Image.Resampling.BILINEAR), dtype=np.float32) / 255


def _visible_box(owner: npt.NDArray[np.int16], thing: Thing, number: int) -> Box | None:
    if thing.label is None:
        return None
    seen = owner == number
    if not seen.any() or seen.sum() < VISIBLE_SHARE * _area(thing):
        return None
    rows, columns = np.flatnonzero(seen.any(axis=1)), np.flatnonzero(seen.any(axis=0))
    top, bottom = int(rows[0]) // _OVERSAMPLING, int(rows[-1]) // _OVERSAMPLING
    left, right = int(columns[0]) // _OVERSAMPLING, int(columns[-1]) // _OVERSAMPLING
    return Box(thing.label, left, top, right - left + 1, bottom - top + 1)


def _photograph(canvas: Field, scene: Scene) -> npt.NDArray[np.uint8]:
    """Average down, expose, develop to sRGB, add the sensor's grain and the lens's softness."""
    rng = np.random.default_rng(scene.camera_seed)
    rows = canvas[0::2] + canvas[1::2]
    linear = np.clip((rows[:, 0::2] + rows[:, 1::2]) * (scene.exposure / _OVERSAMPLING**2), 0, None)
    # The filmic curve of Narkowicz 2015 ("ACES filmic tone mapping curve"): highlights on metal do not burn out.
    toned = linear * (2.51 * linear + 0.03) / (linear * (2.43 * linear + 0.59) + 0.14)
    shown = _GAMMA[(np.clip(toned, 0, 1) * (len(_GAMMA) - 1)).astype(np.uint16)]
    shown += scene.grain * rng.standard_normal((HEIGHT, WIDTH, 1), dtype=np.float32)
    shown += 0.5 * scene.grain * rng.standard_normal(shown.shape, dtype=np.float32)
    picture = Image.fromarray(np.clip(shown, 0, 255).astype(np.uint8))
    if scene.softness:
        picture = picture.filter(ImageFilter.GaussianBlur(scene.softness))
    return np.asarray(picture)
