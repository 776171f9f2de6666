"""The sample data set: folders of pictures and boxes made so that it matters which pictures are labelled.

The pool is what a camera over a workbench really collects: bursts of near-duplicates of common parts, some other
scenes of common parts, and few scenes with the rare parts, partly on surfaces the first pictures never show.
Validation and test weigh every class about equally, as the user does.
"""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import escape

import numpy as np
from PIL import Image

from datasets.scenes import composition
from datasets.scenes.composition import CLASS_NAMES, HEIGHT, RARE, WIDTH, Scene
from datasets.scenes.rendering import Box, Picture, render

FOLDERS = ("initial", "pool", "pool_truth", "validation", "test")
"""`pool` has pictures only; `pool_truth` has the same pictures with the boxes held back from the loop."""

_SHARE_IN_BURSTS, _SHARE_WITH_RARE, _BURST = 0.60, 0.14, 16


@dataclass(frozen=True)
class SceneCounts:
    """How many pictures each folder gets."""

    initial: int = 40
    pool: int = 400
    validation: int = 60
    test: int = 120

    @property
    def total(self) -> int:
        """Pictures to draw altogether."""
        return self.initial + self.pool + self.validation + self.test


def write_scenes(
    folder: Path,
    *,
    seed: int = 0,
    counts: SceneCounts | None = None,
    on_written: Callable[[int, int], None] | None = None,
) -> tuple[str, ...]:
    """Draw the sample data set into `folder`: FOLDERS, each with images/*.jpg and (but pool) annotations/*.xml (VOC).

    Args:
        folder: made when absent; files of the same name are replaced, so an interrupted call can be repeated.
        seed: the same seed and counts give the same scenes.
        on_written: called after each picture with (pictures written, pictures in all).

    Returns:
        The class names, common ones first.
    """
    counts = counts or SceneCounts()
    for name in FOLDERS:
        (folder / name / "images").mkdir(parents=True, exist_ok=True)
        if name != "pool":
            (folder / name / "annotations").mkdir(exist_ok=True)
    for written, (name, stem, scene) in enumerate(_scenes(seed, counts), start=1):
        _write(folder, name, stem, render(scene))
        if on_written is not None:
            on_written(written, counts.total)
    return CLASS_NAMES


def _scenes(seed: int, counts: SceneCounts) -> Iterator[tuple[str, str, Scene]]:
    """Every scene with its folder and its file's stem. Each folder has its own stream of random numbers."""
    initial, pool, validation, test = (np.random.default_rng([seed, stream]) for stream in range(4))
    drawn = {
        "initial": _initial(initial, counts.initial),
        "pool": _pool(pool, counts.pool),
        "validation": _even(validation, counts.validation),
        "test": _even(test, counts.test),
    }
    for name, scenes in drawn.items():
        for number, scene in enumerate(scenes):
            yield name, f"{name}_{number:04d}", scene


def _initial(rng: np.random.Generator, count: int) -> Iterator[Scene]:
    """Common parts on familiar surfaces; each rare part is shown only twice."""
    for number in range(count):
        rare = (RARE[number // 2],) if number < 2 * len(RARE) else ()
        yield composition.draw_scene(rng, rare=rare, surfaces=composition.FAMILIAR_SURFACES)


def _pool(rng: np.random.Generator, count: int) -> list[Scene]:
    """Bursts, single scenes of common parts, and few scenes with rare parts, mixed but for the bursts' order."""
    in_bursts, with_rare = round(count * _SHARE_IN_BURSTS), round(count * _SHARE_WITH_RARE)
    groups: list[list[Scene]] = []
    while in_bursts > 0:
        frames = min(_BURST, in_bursts)
        groups.append(composition.draw_burst(rng, frames=frames, surfaces=composition.FAMILIAR_SURFACES))
        in_bursts -= frames
    groups += [[composition.draw_scene(rng, rare=_some_rare(rng))] for _ in range(with_rare)]
    alone = count - round(count * _SHARE_IN_BURSTS) - with_rare
    groups += [[composition.draw_scene(rng, surfaces=composition.FAMILIAR_SURFACES)] for _ in range(alone)]
    return [scene for index in rng.permutation(len(groups)) for scene in groups[index]]


def _even(rng: np.random.Generator, count: int) -> Iterator[Scene]:
    """Scenes on all surfaces, most of them with rare parts."""
    for number in range(count):
        yield composition.draw_scene(rng, rare=_some_rare(rng) if number % 3 else ())


def _some_rare(rng: np.random.Generator) -> tuple[str, ...]:
    return tuple(str(label) for label in rng.choice(RARE, size=int(rng.integers(1, 4))))


def _write(folder: Path, name: str, stem: str, picture: Picture) -> None:
    path = folder / name / "images" / f"{stem}.jpg"
    Image.fromarray(picture.pixels).save(path, quality=90)
    truth = "pool_truth" if name == "pool" else name
    if truth != name:
        twin = folder / truth / "images" / path.name
        twin.unlink(missing_ok=True)
        os.link(path, twin)
    (folder / truth / "annotations" / f"{stem}.xml").write_text(_voc(path.name, picture.boxes), encoding="utf-8")


def _voc(file_name: str, boxes: tuple[Box, ...]) -> str:
    """One picture's boxes as Pascal VOC; the last pixel belongs to the box, as in that format."""
    objects = "".join(
        f"<object><name>{escape(box.label)}</name><pose>Unspecified</pose><truncated>0</truncated>"
        f"<difficult>0</difficult><bndbox><xmin>{box.x}</xmin><ymin>{box.y}</ymin>"
        f"<xmax>{box.x + box.width - 1}</xmax><ymax>{box.y + box.height - 1}</ymax></bndbox></object>\n"
        for box in boxes
    )
    return (
        f"<annotation><folder>images</folder><filename>{file_name}</filename>\n"
        f"<size><width>{WIDTH}</width><height>{HEIGHT}</height><depth>3</depth></size><segmented>0</segmented>\n"
        f"{objects}</annotation>\n"
    )
