import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import scenes

from tools import voc_folder

Run = Callable[[Path], int]


@pytest.fixture
def candidates(tmp_path: Path) -> list[Path]:
    return scenes.make_images(tmp_path / "in" / "assets", range(2000, 2012))


def env_for(work: Path, trained: Path, images: list[Path], *, mining: bool, infer: bool, **config: object) -> Path:
    weights = trained / "out" / "models" / "best"
    config = {
        "class_names": scenes.CLASSES,
        "gpu_id": "",
        "model_params_path": [str(weights / "model.onnx"), str(weights / "model.pt")],
        **config,
    }
    return voc_folder.write_candidate_input(work, images, config, mining=mining, infer=infer)


def test_inference_finds_the_objects(tmp_path: Path, trained: Path, candidates: list[Path], run: Run) -> None:
    assert run(env_for(tmp_path, trained, candidates, mining=False, infer=True)) == 0
    found = json.loads((tmp_path / "out" / "infer-result.json").read_text())["detection"]
    assert set(found) == {path.name for path in candidates}
    hits = wanted = 0
    for seed, path in zip(range(2000, 2012), candidates, strict=True):
        boxes = found[path.name]["boxes"]
        assert [box["score"] for box in boxes] == sorted((box["score"] for box in boxes), reverse=True)
        for label, x1, y1, x2, y2 in scenes.draw(seed)[1]:
            wanted += 1
            hits += any(
                box["class_name"] == scenes.CLASSES[label]
                and abs(box["box"]["x"] - x1) + abs(box["box"]["y"] - y1) < 10
                and abs(box["box"]["w"] - (x2 - x1)) + abs(box["box"]["h"] - (y2 - y1)) < 12
                for box in boxes
            )
    assert hits > 0.6 * wanted


def test_boxes_are_whole_numbers_inside_the_image(
    tmp_path: Path, trained: Path, candidates: list[Path], run: Run
) -> None:
    assert run(env_for(tmp_path, trained, candidates[:4], mining=False, infer=True, infer_flip="false")) == 0
    found = json.loads((tmp_path / "out" / "infer-result.json").read_text())["detection"]
    boxes = [item["box"] for entry in found.values() for item in entry["boxes"]]
    assert boxes
    for box in boxes:
        assert all(isinstance(value, int) for value in box.values())
        assert box["x"] >= 0
        assert box["y"] >= 0
        assert box["w"] >= 1
        assert box["h"] >= 1
        assert box["x"] + box["w"] <= scenes.SIZE[0] + 1
        assert box["y"] + box["h"] <= scenes.SIZE[1] + 1


@pytest.mark.parametrize("algorithm", ["random", "entropy", "cald", "diversity"])
def test_mining_scores_every_candidate_best_first(
    tmp_path: Path, trained: Path, candidates: list[Path], run: Run, algorithm: str
) -> None:
    broken = tmp_path / "in" / "assets" / "broken.jpg"
    broken.write_bytes(b"\xff\xd8\xff no image")
    env = env_for(
        tmp_path, trained, [broken, *candidates], mining=True, infer=False, mining_algorithm=algorithm, seed="3"
    )
    assert run(env) == 0
    rows = [line.split("\t") for line in (tmp_path / "out" / "result.tsv").read_text().splitlines()]
    assert all(len(row) == 2 for row in rows)
    assert {row[0] for row in rows} == {str(path) for path in [broken, *candidates]}
    scores = [float(row[1]) for row in rows]
    assert scores == sorted(scores, reverse=True)
    if algorithm != "random":
        assert rows[-1][0] == str(broken)
        assert len(set(scores)) > 6
    assert run(env) == 0
    assert [line.split("\t") for line in (tmp_path / "out" / "result.tsv").read_text().splitlines()] == rows


def test_mining_and_inference_in_one_run(tmp_path: Path, trained: Path, candidates: list[Path], run: Run) -> None:
    assert run(env_for(tmp_path, trained, candidates, mining=True, infer=True)) == 0
    assert len((tmp_path / "out" / "result.tsv").read_text().splitlines()) == len(candidates)
    assert len(json.loads((tmp_path / "out" / "infer-result.json").read_text())["detection"]) == len(candidates)


def test_odd_images_are_read(tmp_path: Path, trained: Path, candidates: list[Path], run: Run) -> None:
    image = scenes.draw(2000)[0]
    odd = [tmp_path / name for name in ("grey.png", "palette.png", "alpha.png", "tall.jpg", "cmyk.jpg")]
    image.convert("L").save(odd[0])
    image.convert("P").save(odd[1])
    image.convert("RGBA").save(odd[2])
    image.resize((20, 300)).save(odd[3])
    image.convert("CMYK").save(odd[4])
    assert run(env_for(tmp_path, trained, odd, mining=True, infer=True)) == 0


def test_near_duplicates_are_chosen_late(tmp_path: Path, trained: Path, candidates: list[Path], run: Run) -> None:
    twins = []
    for number in range(4):
        pixels = np.asarray(scenes.draw(2000)[0]).copy()
        pixels[number, number] = 0
        path = tmp_path / "in" / "assets" / f"twin{number}.png"
        scenes.Image.fromarray(pixels).save(path)
        twins.append(path)
    assert run(env_for(tmp_path, trained, [*candidates[1:], *twins], mining=True, infer=False)) == 0
    order = [line.split("\t")[0] for line in (tmp_path / "out" / "result.tsv").read_text().splitlines()]
    assert {str(path) for path in twins} > set(order[-3:]) or len({str(path) for path in twins} & set(order[-4:])) >= 3
