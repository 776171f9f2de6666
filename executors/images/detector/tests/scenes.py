"""Toy pictures: bright squares and dark discs on noise; a small network learns them in seconds."""

from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from tools import voc_folder

CLASSES = ["square", "disc"]
SIZE = (128, 96)


def draw(seed: int) -> tuple[Image.Image, list[tuple[int, int, int, int, int]]]:
    """A picture and its objects (class, x1, y1, x2, y2)."""
    rng = np.random.default_rng(seed)
    noise = rng.integers(90, 150, (SIZE[1], SIZE[0], 3), dtype=np.uint8)
    image = Image.fromarray(noise)
    pencil = ImageDraw.Draw(image)
    objects = []
    for column in range(int(rng.integers(1, 4))):
        label, side = int(rng.integers(2)), int(rng.integers(18, 34))
        x, y = column * 42 + int(rng.integers(0, 42 - side)), int(rng.integers(0, SIZE[1] - side))
        box = (x, y, x + side - 1, y + side - 1)
        if label == 0:
            pencil.rectangle(box, fill=(240, 220, 60))
        else:
            pencil.ellipse(box, fill=(20, 40, 160))
        objects.append((label, x, y, x + side, y + side))
    return image, objects


def make_images(folder: Path, seeds: range) -> list[Path]:
    """PNG files of the scenes of these seeds."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"scene{seed:04d}.png" for seed in seeds]
    for seed, path in zip(seeds, paths, strict=True):
        draw(seed)[0].save(path)
    return paths


def training_env(work: Path, count: int = 24, **config: Any) -> Path:
    """An input folder with `count` training and 12 validation scenes; returns env.yaml."""
    for split, seeds in (("train", range(count)), ("val", range(1000, 1012))):
        rows = []
        for path, seed in zip(make_images(work / "in" / "assets", seeds), seeds, strict=True):
            annotation = work / "in" / "annotations" / f"{path.stem}.txt"
            annotation.parent.mkdir(parents=True, exist_ok=True)
            lines = [f"{c}, {x1}, {y1}, {x2 - 1}, {y2 - 1}, -1.0, 0.0\n" for c, x1, y1, x2, y2 in draw(seed)[1]]
            annotation.write_text("".join(lines))
            rows.append(f"{path}\t{annotation}\n")
        (work / "in" / f"{split}-index.tsv").write_text("".join(rows))
    return voc_folder.write_env(work, {**SMALL, "class_names": CLASSES, "task_id": "t07", **config}, training=True)


# Values as strings too: that is how a web form sends them.
SMALL: dict[str, Any] = {
    "input_size": "128",
    "width": "0.5",
    "epochs": 8,
    "batch_size": 8,
    "min_batches": 8,
    "evaluations": 4,
    "learning_rate": "0.005",
    "workers": 1,
    "mixed_precision": "off",
}
