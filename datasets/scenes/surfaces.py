"""What the parts lie on: wood, brushed steel, a cutting mat, felt, squared paper, cardboard, concrete."""

from collections.abc import Callable

import numpy as np
from PIL import Image

from datasets.scenes.shapes import Field

Surface = Callable[[np.random.Generator, int, int], Field]
"""Draws `height` × `width` pixels of linear RGB, (rows, columns, 3)."""


def wood(rng: np.random.Generator, height: int, width: int) -> Field:
    """Planks with grain along the picture's width."""
    rows = np.arange(height, dtype=np.float32)[:, None]
    plank_rows = height / rng.uniform(2.2, 4.0)
    shifted = rows + rng.uniform(0, plank_rows)
    plank = np.floor(shifted / plank_rows).astype(int)
    wave = noise(rng, height, width, (6, 3)) * 26
    rings = 0.5 + 0.5 * np.sin((rows + wave) * rng.uniform(0.16, 0.30) + plank * 2.1)
    fibre = noise(rng, height, width, (height // 2, 10)) * 0.6 + noise(rng, height, width, (height // 3, 24)) * 0.4
    shade_of_plank = rng.uniform(0.82, 1.12, size=plank.max() + 1)[plank]
    dark, light = _tones(rng, (0.20, 0.105, 0.045), (0.46, 0.285, 0.14))
    mixed = dark + (light - dark) * np.clip(0.25 + 0.45 * rings + 0.45 * (fibre - 0.5), 0, 1)[..., None]
    gap = np.clip(np.abs((shifted % plank_rows) - 1.5) / 2.2, 0.25, 1)
    return np.asarray(mixed * (shade_of_plank * gap)[..., None], dtype=np.float32)


def brushed_steel(rng: np.random.Generator, height: int, width: int) -> Field:
    """A bench plate brushed in one direction, with a few scratches of use."""
    brushed = noise(rng, height, width, (height, 5)) * 0.6 + noise(rng, height, width, (height // 2, 14)) * 0.4
    cloud = noise(rng, height, width, (4, 5))
    value = rng.uniform(0.24, 0.34) * (0.78 + 0.28 * brushed + 0.25 * cloud)
    return np.asarray(value[..., None] * np.array([0.97, 1.0, 1.04]), dtype=np.float32)


def cutting_mat(rng: np.random.Generator, height: int, width: int) -> Field:
    """A self-healing mat with its printed grid."""
    base = [(0.025, 0.13, 0.085), (0.03, 0.075, 0.16), (0.045, 0.05, 0.055)][rng.integers(3)]
    speckle = (
        0.9 + 0.2 * noise(rng, height, width, (height // 2, width // 2)) + 0.15 * noise(rng, height, width, (5, 6))
    )
    painted = speckle[..., None] * np.asarray(base)
    return np.asarray(painted + 0.16 * _grid(rng, height, width, spacing=rng.uniform(38, 60))[..., None])


def felt(rng: np.random.Generator, height: int, width: int) -> Field:
    """Dark cloth with short fibres."""
    colour = np.asarray([(0.045, 0.055, 0.085), (0.09, 0.03, 0.035), (0.05, 0.06, 0.045)][rng.integers(3)])
    fibre = noise(rng, height, width, (height // 2, width // 2)) + noise(rng, height, width, (height // 5, width // 3))
    return np.asarray((0.65 + 0.4 * fibre)[..., None] * colour, dtype=np.float32)


def squared_paper(rng: np.random.Generator, height: int, width: int) -> Field:
    """A sheet from the drawing pad, blue or grey lines."""
    sheet = (
        0.60 + 0.05 * noise(rng, height, width, (6, 8)) + 0.03 * noise(rng, height, width, (height // 2, width // 2))
    )
    lines = _grid(rng, height, width, spacing=rng.uniform(20, 30))
    ink = np.asarray([(0.45, 0.26, 0.10), (0.25, 0.25, 0.25)][rng.integers(2)])
    return np.asarray(sheet[..., None] * np.array([1.0, 0.985, 0.93]) - lines[..., None] * ink * 0.55, dtype=np.float32)


def cardboard(rng: np.random.Generator, height: int, width: int) -> Field:
    """The lid of a box; the flutes show."""
    rows = np.arange(height, dtype=np.float32)[:, None]
    flutes = 0.035 * np.sin(rows * 2 * np.pi / rng.uniform(11, 16) + rng.uniform(0, 6))
    value = 0.92 + flutes + 0.16 * (noise(rng, height, width, (height // 2, width // 4)) - 0.5)
    value = value + 0.14 * (noise(rng, height, width, (4, 5)) - 0.5)
    return np.asarray(value[..., None] * np.array([0.40, 0.255, 0.135]), dtype=np.float32)


def concrete(rng: np.random.Generator, height: int, width: int) -> Field:
    """The workshop floor, with pores and a stain."""
    cloud = noise(rng, height, width, (5, 7)) * 0.5 + noise(rng, height, width, (30, 40)) * 0.3
    grain = noise(rng, height, width, (height // 2, width // 2))
    pores = (grain > 0.83) * 0.07
    value = 0.16 + 0.14 * cloud + 0.07 * grain - pores
    return np.asarray(value[..., None] * np.array([1.02, 1.0, 0.95]), dtype=np.float32)


SURFACES: dict[str, Surface] = {
    "wood": wood,
    "brushed steel": brushed_steel,
    "cutting mat": cutting_mat,
    "felt": felt,
    "squared paper": squared_paper,
    "cardboard": cardboard,
    "concrete": concrete,
}


def noise(rng: np.random.Generator, height: int, width: int, cells: tuple[int, int]) -> Field:
    """Smooth value noise in [0, 1] with `cells` (rows, columns) random knots across the picture."""
    knots = rng.integers(0, 256, size=(max(cells[0], 2), max(cells[1], 2)), dtype=np.uint8)
    smooth = Image.fromarray(knots).resize((width, height), Image.Resampling.BICUBIC)
    return np.asarray(smooth, dtype=np.float32) / 255


def _grid(rng: np.random.Generator, height: int, width: int, spacing: float) -> Field:
    """Thin ruled lines, turned by a small angle; every fifth is stronger."""
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
    angle = rng.normal(0, 0.08)
    along = (columns * np.cos(angle) + rows * np.sin(angle)) / spacing + rng.uniform(0, 5)
    across = (rows * np.cos(angle) - columns * np.sin(angle)) / spacing + rng.uniform(0, 5)
    return np.maximum(_ruled(along, spacing), _ruled(across, spacing))


def _ruled(position: Field, spacing: float) -> Field:
    nearest = np.round(position)
    line = np.clip(1.4 - np.abs(position - nearest) * spacing, 0, 1)
    return np.asarray(line * np.where(nearest % 5 == 0, 1.0, 0.45), dtype=np.float32)


def _tones(
    rng: np.random.Generator, dark: tuple[float, float, float], light: tuple[float, float, float]
) -> tuple[Field, Field]:
    lift = rng.uniform(0.75, 1.25)
    redness = np.array([rng.uniform(0.94, 1.08), 1.0, rng.uniform(0.9, 1.1)])
    return np.asarray(dark) * redness * lift, np.asarray(light) * redness * lift
