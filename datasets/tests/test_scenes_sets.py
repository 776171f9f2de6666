"""The sample data set: what is in its folders, and that it can be drawn again."""

import hashlib
from collections import Counter
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from datasets.scenes import composition, rendering
from datasets.scenes.composition import CLASS_NAMES, COMMON, HEIGHT, RARE, WIDTH, Thing
from datasets.scenes.sets import FOLDERS, SceneCounts, write_scenes

COUNTS = SceneCounts(initial=8, pool=40, validation=6, test=6)


@pytest.fixture(scope="module")
def scenes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("scenes")
    assert write_scenes(folder, seed=3, counts=COUNTS) == CLASS_NAMES
    return folder


def class_counts(folder: Path) -> Counter[str]:
    names = (ElementTree.parse(path).iterfind("object/name") for path in sorted(folder.glob("annotations/*.xml")))  # noqa: S314
    return Counter(str(name.text) for found in names for name in found)


def test_every_folder_has_its_number_of_pictures(scenes: Path) -> None:
    counts = {name: len(list((scenes / name / "images").glob("*.jpg"))) for name in FOLDERS}
    assert counts == {"initial": 8, "pool": 40, "pool_truth": 40, "validation": 6, "test": 6}


def test_the_pool_has_no_annotations_and_its_truth_has_all(scenes: Path) -> None:
    assert not (scenes / "pool" / "annotations").exists()
    pictures = {path.stem for path in (scenes / "pool" / "images").iterdir()}
    assert {path.stem for path in (scenes / "pool_truth" / "annotations").iterdir()} == pictures


def test_boxes_lie_inside_their_pictures(scenes: Path) -> None:
    for path in scenes.glob("*/annotations/*.xml"):
        for box in ElementTree.parse(path).iterfind("object/bndbox"):  # noqa: S314
            left, top, right, bottom = (int(str(box.findtext(key))) for key in ("xmin", "ymin", "xmax", "ymax"))
            assert 0 <= left <= right < WIDTH
            assert 0 <= top <= bottom < HEIGHT


def test_rare_classes_are_rare_in_the_pool_and_known_from_the_start(scenes: Path) -> None:
    pool, initial = class_counts(scenes / "pool_truth"), class_counts(scenes / "initial")
    assert sum(pool[name] for name in RARE) < 0.2 * sum(pool[name] for name in COMMON)
    assert set(initial) == set(CLASS_NAMES)


def test_the_same_seed_draws_the_same_pictures(scenes: Path, tmp_path: Path) -> None:
    write_scenes(tmp_path, seed=3, counts=SceneCounts(initial=2, pool=0, validation=0, test=1))
    for name in ("initial/images/initial_0001.jpg", "test/images/test_0000.jpg"):
        digests = {hashlib.sha256((root / name).read_bytes()).hexdigest() for root in (scenes, tmp_path)}
        assert len(digests) == 1


def test_frames_of_a_burst_are_near_duplicates_and_not_equal() -> None:
    burst = composition.draw_burst(np.random.default_rng(1), frames=3)
    first, *others = (rendering.render(scene).pixels for scene in burst)
    stranger = rendering.render(composition.draw_scene(np.random.default_rng(2))).pixels
    for other in others:
        assert (first != other).any()
        assert shrunk_difference(first, other) < 0.4 * shrunk_difference(first, stranger)


def shrunk_difference(first: np.ndarray, second: np.ndarray) -> float:
    small = [np.asarray(Image.fromarray(pixels).convert("L").resize((16, 12)), float) for pixels in (first, second)]
    return float(np.abs(small[0] - small[1]).mean())


def test_a_box_holds_what_can_be_seen_and_hidden_parts_have_none() -> None:
    scene = composition.draw_scene(np.random.default_rng(5))
    below = Thing("nut", "nut", x=100, y=100, size=12, angle=0.0, variant=0.5, finish="steel")
    above = Thing("paper", None, x=100, y=100, size=60, angle=0.0, variant=0.5, finish="paper")
    seen = rendering.render(replace(scene, things=(below,)))
    hidden = rendering.render(replace(scene, things=(below, above)))
    (box,) = seen.boxes
    assert box.label == "nut"
    assert abs(box.x + box.width / 2 - 100) <= 1
    assert abs(box.width - 24 * 0.86 / np.cos(np.pi / 6)) <= 3
    assert hidden.boxes == ()


def test_progress_is_told_after_each_picture(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    counts = SceneCounts(initial=1, pool=1, validation=0, test=0)
    write_scenes(tmp_path, counts=counts, on_written=lambda done, total: told.append((done, total)))
    assert told == [(1, 2), (2, 2)]
