"""Small parts as reliefs: for every point of a patch, how far it is from the outline and how high the part stands.

A part is drawn in its own frame: origin in its middle, about one unit from there to its rim. Outlines are signed
distances (negative inside), after the catalogue of 2D distance functions by Inigo Quilez,
https://iquilezles.org/articles/distfunctions2d/.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Field = npt.NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Relief:
    """`distance` to the outline and `height` above the bench, in the part's own units; `tint` darkens the finish."""

    distance: Field
    height: Field
    tint: Field | float = 1.0


Shape = Callable[[Field, Field, float], Relief]
"""A shape takes the coordinates `u`, `v` and a `variant` in [0, 1) that changes its proportions."""


def bolt(u: Field, v: Field, variant: float) -> Relief:
    """A hexagon bolt lying on its side, head to the left."""
    head_half, shank = 0.30 + 0.06 * variant, 0.145 + 0.035 * variant
    head = _box(u + 0.80, v, 0.19, head_half)
    flange = _box(u + 0.60, v, 0.045, head_half + 0.06 * (variant > 0.5))
    stem = _box(u - 0.22, v, 0.80, shank)
    point = (np.abs(v) + (u - 1.02) * 0.9) - shank * 0.72
    stem = np.maximum(stem, point)
    thread = 0.035 * np.sin(2 * np.pi * (u + 0.22 * v / shank * 0.1) / 0.092) * (u > -0.28 - 0.3 * variant)
    stem_height = np.sqrt(np.maximum(shank**2 - v**2, 0)) + shank + thread * (stem < -0.01)
    facet = np.where(np.abs(v) < head_half * 0.5, 1.0, 1.0 - (np.abs(v) - head_half * 0.5) / head_half * 0.95)
    head_height = head_half * (1 + facet * 0.75) - 0.25 * np.maximum(0, -(u + 0.93)) * 4
    distance = np.minimum(np.minimum(head, flange), stem)
    height = np.where(head < 0, head_height, np.where(flange < 0, head_half * 1.25, stem_height))
    return Relief(distance, height, np.where((thread < -0.018) & (stem < 0) & (head > 0), 0.62, 1.0).astype(np.float32))


def upright_bolt(u: Field, v: Field, variant: float) -> Relief:
    """The same bolt standing on its shank: a hexagon without a hole, easily taken for a nut."""
    radius = np.hypot(u, v)
    distance = _polygon(u, v, 6, 0.86)
    top = _plateau(np.maximum(distance, radius - 0.95), 0.12) * 0.45 + 0.5
    ring = np.exp(-(((radius - 0.62) / 0.05) ** 2)) * 0.05
    return Relief(distance, top - ring, (1 - 0.25 * np.exp(-((radius / 0.12) ** 2)) * variant).astype(np.float32))


def nut(u: Field, v: Field, variant: float) -> Relief:
    """A hexagon nut lying flat; thread shows at the rim of its hole."""
    radius, hole = np.hypot(u, v), 0.44 + 0.08 * variant
    hexagon = _polygon(u, v, 6, 0.86)
    distance = np.maximum(hexagon, hole - radius)
    chamfer = np.clip((radius - 0.84) / 0.16, 0, 1) * 0.16
    countersink = np.clip((hole + 0.10 - radius) / 0.10, 0, 1) * 0.26
    height = 0.5 * _plateau(hexagon, 0.05) - chamfer - countersink + 0.3
    return Relief(distance, height, np.where(radius < hole + 0.06, 0.5, 1.0).astype(np.float32))


def washer(u: Field, v: Field, variant: float) -> Relief:
    """A flat ring."""
    radius, hole = np.hypot(u, v), 0.46 + 0.12 * variant
    distance = np.maximum(radius - 0.97, hole - radius)
    turned = 0.005 * np.sin(radius * 95)
    return Relief(distance, 0.12 * _plateau(distance, 0.07) + turned)


def lock_washer(u: Field, v: Field, variant: float) -> Relief:
    """A sprung ring, cut aslant at one place; its ends stand at different heights."""
    radius, hole = np.hypot(u, v), 0.56 + 0.07 * variant
    ring = np.maximum(radius - 0.97, hole - radius)
    cut = 0.085 - np.abs(v - 0.5 * (u - 0.75))
    distance = np.where(u > 0, np.maximum(ring, cut), ring)
    rise = np.arctan2(v, u) / np.pi * 0.16
    return Relief(distance, 0.24 * _plateau(distance, 0.16) + np.where(u > 0, -rise, rise * 0.2), 0.86)


def gear(u: Field, v: Field, variant: float) -> Relief:
    """A spur gear with a hub, a sunk web and a bore."""
    radius, angle = np.hypot(u, v), np.arctan2(v, u)
    teeth = 11 + 2 * round(variant * 3)
    tooth = np.clip(np.cos(angle * teeth) * 2.4, -1, 1)
    rim = radius - (0.88 + 0.09 * tooth)
    distance = np.maximum(rim, 0.20 - radius)
    web = _band(radius, 0.38, 0.70, 0.05)
    height = 0.34 * _plateau(rim, 0.06) - 0.16 * web + 0.05 * _band(radius, 0.20, 0.38, 0.04)
    spokes = _band(np.abs(np.cos(angle * 2.5)) * radius, 0.0, 0.16, 0.04) * web * (variant > 0.4)
    return Relief(distance, height + 0.1 * spokes, (1 - 0.28 * web).astype(np.float32))


def wing_nut(u: Field, v: Field, variant: float) -> Relief:
    """A nut with two flat wings for the fingers, like a butterfly from above."""
    radius = np.hypot(u, v)
    along = np.abs(u)
    half_width = 0.13 + (0.24 + 0.10 * variant) * np.sin(np.clip((along - 0.22) / 0.76, 0, 1) * 2.2)
    wing = np.maximum(np.abs(v - 0.10 * np.sign(u) * along) - half_width, along - 0.98)
    wing = np.maximum(wing, np.hypot((along - 0.55) / 0.45, v / 0.46) * 0.45 - 0.45)
    hub = radius - 0.42
    outline = _smooth_union(wing, hub, 0.06)
    distance = np.maximum(outline, 0.20 - radius)
    rib = 0.16 * _plateau(wing, 0.10) - 0.09 * _band(-wing, 0.11, 9.0, 0.06) * (radius > 0.46)
    height = np.maximum(rib + 0.10 * along, 0.42 * _plateau(hub, 0.09))
    return Relief(distance, height, np.where(radius < 0.26, 0.5, 1.0).astype(np.float32))


def rubber_ring(u: Field, v: Field, variant: float) -> Relief:
    """An O-ring: round in section, and no washer."""
    radius, thick = np.hypot(u, v), 0.10 + 0.06 * variant
    distance = np.abs(radius - 0.97 + thick) - thick
    return Relief(distance, np.sqrt(np.clip(thick**2 - (radius - 0.97 + thick) ** 2, 0, None)) * 1.2)


def coin(u: Field, v: Field, variant: float) -> Relief:
    """A blank token with a raised rim."""
    radius, angle = np.hypot(u, v), np.arctan2(v, u)
    emblem = 0.03 * np.sin(radius * 14 + 3 * np.cos(angle * (3 + round(variant * 4)))) * (radius < 0.68)
    return Relief(radius - 0.97, 0.10 + 0.06 * _band(radius, 0.82, 0.97, 0.04) + emblem)


def nail(u: Field, v: Field, variant: float) -> Relief:
    """A wire nail lying on its side."""
    stem_half = 0.045 + 0.02 * variant
    taper = np.clip((u - 0.80) / 0.18, 0, 1) * stem_half
    stem = np.maximum(_box(u - 0.02, v, 0.96, stem_half), np.abs(v) - stem_half + taper)
    head = _box(u + 0.95, v, 0.035, 0.14)
    height = np.sqrt(np.clip(stem_half**2 - v**2, 0, None)) * 1.6 + 0.04
    return Relief(np.minimum(stem, head), np.where(head < 0, 0.15, height))


def hex_key(u: Field, v: Field, variant: float) -> Relief:
    """An L-shaped key."""
    half = 0.06 + 0.02 * variant
    bend = 0.45 - 0.15 * variant
    long_arm = _box(u - 0.02, v + bend, 0.94, half)
    short_arm = _box(u + 0.90, v - 0.06, half, bend + 0.10)
    distance = _smooth_union(long_arm, short_arm, 0.06)
    return Relief(distance, 0.16 * np.sqrt(np.clip(-distance / half, 0, 1)) + 0.03)


def pencil(u: Field, v: Field, variant: float) -> Relief:
    """A six-sided pencil; the tip shows wood and lead."""
    half = 0.045 + 0.01 * variant
    cone = np.clip((u - 0.78) / 0.2, 0, 1)
    distance = np.maximum(_box(u, v, 0.98, half), np.abs(v) - half * (1 - cone * 0.9))
    height = half * (1.4 - np.abs(np.round(v / half * 1.2)) * 0.35)
    tint = np.where(cone > 0.75, 0.25, np.where(cone > 0, 1.9, np.where(u < -0.88, 0.55, 1.0)))
    return Relief(distance, height, tint.astype(np.float32))


def paper(u: Field, v: Field, variant: float) -> Relief:
    """A torn-off note with a few written lines."""
    distance = _box(u, v, 0.82, 0.50 + 0.25 * variant) + 0.012 * np.sin(u * 19) * np.cos(v * 23)
    written = (np.abs(((v + 0.5) * 6.5) % 1 - 0.5) < 0.10) & (np.abs(u) < 0.62) & (np.sin(u * 41 + v * 60) > -0.5)
    return Relief(distance, 0.02 + 0.01 * np.sin(u * 3), np.where(written, 0.62, 1.0).astype(np.float32))


def cable(u: Field, v: Field, variant: float) -> Relief:
    """A piece of wire that winds across the bench."""
    half = 0.020 + 0.012 * variant
    middle = 0.30 * np.sin(u * (2.2 + variant * 2)) + 0.12 * np.sin(u * 5.1 + variant * 9)
    slope = 0.30 * (2.2 + variant * 2) * np.cos(u * (2.2 + variant * 2)) + 0.61 * np.cos(u * 5.1 + variant * 9)
    across = np.abs(v - middle) / np.sqrt(1 + slope**2)
    distance = np.maximum(across - half, np.abs(u) - 0.99)
    return Relief(distance, np.sqrt(np.clip(half**2 - across**2, 0, None)) * 1.4)


PARTS: dict[str, Shape] = {
    "bolt": bolt,
    "nut": nut,
    "washer": washer,
    "gear": gear,
    "wing nut": wing_nut,
    "lock washer": lock_washer,
    "upright bolt": upright_bolt,
}
CLUTTER: dict[str, Shape] = {
    "rubber ring": rubber_ring,
    "coin": coin,
    "nail": nail,
    "hex key": hex_key,
    "pencil": pencil,
    "paper": paper,
    "cable": cable,
}


REACH = {"bolt": 0.45, "nail": 0.2, "hex key": 0.62, "pencil": 0.1, "paper": 0.8, "cable": 0.55}
"""Half the breadth of a shape that is narrower than long; the others reach 1 all round."""


def _box(u: Field, v: Field, half_u: float, half_v: float) -> Field:
    return np.maximum(np.abs(u) - half_u, np.abs(v) - half_v)


def _polygon(u: Field, v: Field, sides: int, apothem: float) -> Field:
    sector = 2 * np.pi / sides
    folded = (np.arctan2(v, u) + sector / 2) % sector - sector / 2
    return np.asarray(np.hypot(u, v) * np.cos(folded) - apothem, dtype=np.float32)


def _plateau(distance: Field, bevel: float) -> Field:
    """0 on the outline, 1 from `bevel` inwards, rounded between."""
    inwards = np.clip(-distance / bevel, 0, 1)
    return np.asarray(np.sqrt(1 - (1 - inwards) ** 2), dtype=np.float32)


def _band(value: Field, low: float, high: float, soft: float) -> Field:
    return np.asarray(np.clip((value - low) / soft, 0, 1) * np.clip((high - value) / soft, 0, 1), dtype=np.float32)


def _smooth_union(first: Field, second: Field, soft: float) -> Field:
    near = np.clip(0.5 + 0.5 * (second - first) / soft, 0, 1)
    return np.asarray(second * (1 - near) + first * near - soft * near * (1 - near), dtype=np.float32)
