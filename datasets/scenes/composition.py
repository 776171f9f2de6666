"""What is on the bench: which parts lie where, under which light, seen by which camera. Draws scenes, not pixels."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from datasets.scenes import shapes
from datasets.scenes.materials import METALS, Light
from datasets.scenes.surfaces import SURFACES

CLASS_NAMES = ("bolt", "nut", "washer", "gear", "wing nut", "lock washer")
COMMON, RARE = CLASS_NAMES[:3], CLASS_NAMES[3:]
WIDTH, HEIGHT = 320, 240
FAMILIAR_SURFACES, UNFAMILIAR_SURFACES = tuple(SURFACES)[:4], tuple(SURFACES)[4:]

_SHARE_OF_COMMON = (0.46, 0.32, 0.22)
_SIZE = {"bolt": (25, 42), "nut": (12, 21), "washer": (12, 22), "gear": (16, 28), "wing nut": (18, 29)}
_SIZE |= {"lock washer": (13, 22), "upright bolt": (12, 20), "rubber ring": (9, 20), "coin": (12, 20), "nail": (26, 46)}
_SIZE |= {"hex key": (35, 60), "pencil": (90, 140), "paper": (30, 55), "cable": (110, 210)}
_CLUTTER_FINISHES = {
    "rubber ring": ("rubber", "rubber", "red rubber"),
    "coin": ("copper", "brass", "steel"),
    "nail": ("steel", "zinc"),
    "hex key": ("black oxide", "zinc"),
    "pencil": ("paint", "red rubber", "blue plastic"),
    "paper": ("paper",),
    "cable": ("rubber", "red rubber", "blue plastic"),
}


@dataclass(frozen=True)
class Thing:
    """One part or piece of clutter. `x`, `y`, `size` (half its length) in pixels of the picture; `label` or None."""

    shape: str
    label: str | None
    x: float
    y: float
    size: float
    angle: float
    variant: float
    finish: str


@dataclass(frozen=True)
class Scene:
    """A bench with `things` from the lowest to the topmost, and the camera over it."""

    surface: str
    surface_seed: int
    light: Light
    things: tuple[Thing, ...]
    exposure: float
    grain: float
    softness: float
    camera_seed: int
    shift: tuple[float, float] = (0.0, 0.0)


def draw_scene(
    rng: np.random.Generator, *, rare: Sequence[str] = (), surfaces: Sequence[str] = tuple(SURFACES)
) -> Scene:
    """A random scene of common parts and clutter; `rare` names the labels of further parts to place among them."""
    commons = rng.choice(COMMON, size=int(rng.integers(2, 7) if rare else rng.integers(4, 11)), p=_SHARE_OF_COMMON)
    clutter = rng.choice(list(shapes.CLUTTER), size=int(rng.integers(0, 4)), replace=False)
    scale = float(rng.uniform(0.82, 1.25))
    # Paper lies under everything, and nothing small disappears below a long pencil or cable.
    flat = [_clutter(rng, str(shape), scale) for shape in sorted(clutter, key=lambda shape: shape != "paper")]
    loose = [_part(rng, label, scale) for label in rng.permutation([*commons, *rare])]
    return Scene(
        surface=str(rng.choice(list(surfaces))),
        surface_seed=int(rng.integers(2**31)),
        light=_lamp(rng),
        things=tuple(flat + _spread(rng, loose)),
        exposure=float(rng.uniform(0.58, 0.92)),
        grain=float(rng.uniform(0.6, 2.6)),
        softness=float(rng.choice([0.0, 0.0, 0.45, 0.7])),
        camera_seed=int(rng.integers(2**31)),
    )


def draw_burst(rng: np.random.Generator, *, frames: int, surfaces: Sequence[str] = tuple(SURFACES)) -> list[Scene]:
    """Near-duplicates, as a camera on a stand takes them: the lamp flickers, the stand trembles, one part is moved."""
    first = draw_scene(rng, surfaces=surfaces)
    burst, things = [first], first.things
    for _ in range(frames - 1):
        things = _nudged(rng, things)
        flicker = first.light.level * float(rng.uniform(0.96, 1.04))
        burst.append(
            replace(
                first,
                things=things,
                light=replace(first.light, level=flicker),
                shift=(float(rng.normal(0, 0.8)), float(rng.normal(0, 0.8))),
                camera_seed=int(rng.integers(2**31)),
            )
        )
    return burst


def _part(rng: np.random.Generator, label: str, scale: float) -> Thing:
    shape = "upright bolt" if label == "bolt" and rng.random() < 0.07 else label
    finish = str(rng.choice(list(METALS), p=[0.30, 0.26, 0.14, 0.12, 0.04, 0.14]))
    return _thing(rng, shape, label, scale, finish)


def _clutter(rng: np.random.Generator, shape: str, scale: float) -> Thing:
    thing = _thing(rng, shape, None, scale, str(rng.choice(_CLUTTER_FINISHES[shape])))
    return replace(thing, x=float(rng.uniform(0, WIDTH)), y=float(rng.uniform(0, HEIGHT)))


def _thing(rng: np.random.Generator, shape: str, label: str | None, scale: float, finish: str) -> Thing:
    size = float(rng.uniform(*_SIZE[shape])) * scale
    angle = float(rng.uniform(0, 2 * np.pi))
    return Thing(shape, label, 0.0, 0.0, size, angle, float(rng.random()), finish)


def _spread(rng: np.random.Generator, things: Sequence[Thing]) -> list[Thing]:
    """Place the parts, mostly apart; now and then one lies on another or leaves the picture."""
    placed: list[Thing] = []
    for thing in things:
        closeness = 0.45 if rng.random() < 0.22 else 0.92
        for _ in range(24):
            x, y = float(rng.uniform(6, WIDTH - 6)), float(rng.uniform(6, HEIGHT - 6))
            if all(np.hypot(x - o.x, y - o.y) > closeness * (thing.size + o.size) for o in placed):
                placed.append(replace(thing, x=x, y=y))
                break
    return placed


def _nudged(rng: np.random.Generator, things: tuple[Thing, ...]) -> tuple[Thing, ...]:
    chosen = int(rng.integers(len(things)))
    moved = replace(
        things[chosen],
        x=things[chosen].x + float(rng.normal(0, 2.0)),
        y=things[chosen].y + float(rng.normal(0, 2.0)),
        angle=things[chosen].angle + float(rng.normal(0, 0.06)),
    )
    return (*things[:chosen], moved, *things[chosen + 1 :])


def _lamp(rng: np.random.Generator) -> Light:
    return Light(
        azimuth=float(rng.uniform(0, 2 * np.pi)),
        elevation=float(rng.uniform(0.65, 1.15)),
        warmth=float(np.clip(rng.normal(0.15, 0.45), -1, 1)),
        level=float(rng.uniform(0.85, 1.15)),
        spot=(float(rng.uniform(0.1, 0.9)), float(rng.uniform(0.1, 0.9))),
        falloff=float(rng.uniform(0.15, 0.6)),
    )
