"""How light falls on a relief: finishes of metal, rubber, paint and paper, and one lamp over the bench."""

import math
from dataclasses import dataclass

import numpy as np

from datasets.scenes.shapes import Field


@dataclass(frozen=True)
class Finish:
    """`colour` is linear RGB; `mirror` is how much of the room a surface reflects, `gloss` how sharp its highlight."""

    colour: tuple[float, float, float]
    mirror: float = 0.7
    gloss: float = 40.0
    shine: float = 0.55


@dataclass(frozen=True)
class Light:
    """One lamp: `azimuth` and `elevation` in radians, `warmth` from −1 (blue) to 1 (yellow), `level` around 1."""

    azimuth: float
    elevation: float
    warmth: float
    level: float
    spot: tuple[float, float]
    falloff: float

    @property
    def direction(self) -> tuple[float, float, float]:
        """The unit vector towards the lamp; x to the right, y down the picture, z towards the camera."""
        flat = np.cos(self.elevation)
        return float(np.cos(self.azimuth) * flat), float(np.sin(self.azimuth) * flat), float(np.sin(self.elevation))

    @property
    def colour(self) -> Field:
        """The lamp's linear RGB."""
        tint = [1 + 0.13 * self.warmth, 1.0, 1 - 0.20 * self.warmth]
        return np.asarray(tint, dtype=np.float32) * np.float32(self.level)


METALS = {
    "steel": Finish((0.46, 0.47, 0.49)),
    "zinc": Finish((0.50, 0.54, 0.60), mirror=0.85),
    "passivated": Finish((0.56, 0.49, 0.27), mirror=0.65),
    "brass": Finish((0.60, 0.40, 0.12), mirror=0.75),
    "copper": Finish((0.55, 0.25, 0.14), mirror=0.7),
    "black oxide": Finish((0.060, 0.062, 0.070), mirror=0.35, gloss=25, shine=0.35),
}
OTHERS = {
    "rubber": Finish((0.018, 0.018, 0.020), mirror=0.04, gloss=12, shine=0.18),
    "red rubber": Finish((0.32, 0.035, 0.03), mirror=0.05, gloss=14, shine=0.2),
    "paint": Finish((0.55, 0.30, 0.02), mirror=0.10, gloss=30, shine=0.35),
    "blue plastic": Finish((0.03, 0.10, 0.34), mirror=0.08, gloss=30, shine=0.4),
    "paper": Finish((0.66, 0.64, 0.57), mirror=0.0, gloss=4, shine=0.0),
}
FINISHES = METALS | OTHERS


def shade(height: Field, pixels_per_unit: float, finish: Finish, tint: Field | float, light: Light) -> Field:
    """Light a relief from its slopes: diffuse, a highlight (Blinn 1977) and a made-up room mirrored in metal.

    Args:
        height: relief in the part's units, (rows, columns).
        pixels_per_unit: pixels in one such unit, so that slopes come out right.

    Returns:
        Linear RGB, (rows, columns, 3).
    """
    down, right = np.gradient(height * pixels_per_unit)
    length = 1 / np.sqrt(right**2 + down**2 + 1)
    x, y, z = -right * length, -down * length, length
    lamp_x, lamp_y, lamp_z = light.direction
    diffuse = np.clip(x * lamp_x + y * lamp_y + z * lamp_z, 0, 1)
    between = 1 / float(np.sqrt(lamp_x**2 + lamp_y**2 + (lamp_z + 1) ** 2))
    highlight = np.clip((x * lamp_x + y * lamp_y + z * (lamp_z + 1)) * between, 0, 1) ** finish.gloss
    room = _room(2 * z * x, 2 * z * y, light.azimuth)
    base = np.asarray(finish.colour, dtype=np.float32)
    body = (0.30 + 0.85 * diffuse) * (1 - finish.mirror) + finish.mirror * room
    lit = (body * tint)[..., None] * base + (finish.shine * highlight)[..., None]
    return np.asarray(lit * light.colour, dtype=np.float32)


def _room(x: Field, y: Field, azimuth: float) -> Field:
    """What a mirror leaning to (x, y) shows: a bright window by the lamp, a strip light, dark floor opposite."""
    cosine, sine = math.cos(azimuth), math.sin(azimuth)
    towards, aside = x * cosine + y * sine, y * cosine - x * sine
    window = np.clip(towards * 2.2 - 0.05, 0, 1)
    window *= window * (3 - 2 * window)
    strip = 0.45 * np.clip(1 - ((aside - 0.45) / 0.24) ** 2, 0, 1) ** 2
    return np.asarray(0.42 + 1.35 * window + strip + 0.30 * towards, dtype=np.float32)
