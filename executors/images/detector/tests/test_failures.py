from collections.abc import Callable
from pathlib import Path

import pytest
import scenes
import yaml

from tools import voc_folder

Run = Callable[[Path], int]


def failure(work: Path) -> tuple[str, str]:
    """Error code and text of the monitor file."""
    first, *rest = (work / "out" / "monitor.txt").read_text().splitlines()
    columns = first.split("\t")
    assert columns[3] == "4"
    return columns[4], "\n".join(rest)


@pytest.mark.parametrize(
    ("config", "code", "words"),
    [
        ({"epochs": "many"}, "300001", "epochs must be a whole number"),
        ({"input_size": 100}, "300001", "multiple of 32"),
        ({"flip_vertical": "perhaps"}, "300001", "flip_vertical must be true or false"),
        ({"class_names": []}, "300001", "class_names is empty"),
        ({"class_names": ["a", "a"]}, "300001", "twice"),
        ({"class_names": "square"}, None, ""),
        ({"object_type": 3}, "300005", "object_type"),
        ({"gpu_id": "0", "gpu_count": "1"}, "300102", "GPU"),
        ({"pretrained_model_params": ["/in/models/other.weights"]}, "300004", "other.weights"),
    ],
)
def test_settings_are_refused_with_their_name(
    tmp_path: Path, run: Run, config: dict, code: str | None, words: str
) -> None:
    env = scenes.training_env(tmp_path, count=2, **{"epochs": 1, "min_batches": 1, "export_onnx": "no", **config})
    if code is None:
        assert run(env) == 0
    else:
        assert run(env) == 1
        assert failure(tmp_path)[0] == code
        assert words in failure(tmp_path)[1]


def test_empty_training_set(tmp_path: Path, run: Run) -> None:
    env = scenes.training_env(tmp_path, count=2)
    (tmp_path / "in" / "train-index.tsv").write_text("")
    assert run(env) == 1
    assert failure(tmp_path)[0] == "300002"
    assert "training set has no images" in failure(tmp_path)[1]


def test_training_set_without_objects(tmp_path: Path, run: Run) -> None:
    env = scenes.training_env(tmp_path, count=2)
    for path in (tmp_path / "in" / "annotations").glob("scene000*.txt"):
        path.write_text("")
    assert run(env) == 1
    assert failure(tmp_path) == ("300002", "No training image has an object of the classes square, disc")


def test_training_set_without_readable_images(tmp_path: Path, run: Run) -> None:
    env = scenes.training_env(tmp_path, count=2)
    for path in (tmp_path / "in" / "assets").glob("scene000*.png"):
        path.write_bytes(path.read_bytes()[:100])
    assert run(env) == 1
    assert failure(tmp_path)[0] == "300003"


def test_inference_without_a_model(tmp_path: Path, run: Run) -> None:
    images = scenes.make_images(tmp_path / "in" / "assets", range(2))
    assert run(voc_folder.write_candidate_input(tmp_path, images, {}, mining=False, infer=True)) == 1
    assert failure(tmp_path)[0] == "300004"


def test_missing_config(tmp_path: Path, run: Run) -> None:
    env = scenes.training_env(tmp_path, count=2)
    (tmp_path / "in" / "config.yaml").unlink()
    assert run(env) == 1
    assert failure(tmp_path)[0] == "300001"


def test_no_task_asked_for(tmp_path: Path, run: Run) -> None:
    env = voc_folder.write_env(tmp_path, {"task_id": "t1"})
    assert run(env) == 1
    assert "none of training, mining and infer" in failure(tmp_path)[1]


def test_missing_env_file(tmp_path: Path, run: Run) -> None:
    assert run(tmp_path / "env.yaml") == 1


def test_voc_annotations_are_understood(tmp_path: Path, run: Run) -> None:
    env = scenes.training_env(tmp_path, count=2, epochs=1, min_batches=1, export_onnx=False)
    for path in list((tmp_path / "in" / "annotations").glob("*.txt")):
        rows = [line.split(",") for line in path.read_text().splitlines()]
        items = "".join(
            f"<object><name>{scenes.CLASSES[int(row[0])]}</name><bndbox><xmin>{row[1]}</xmin><ymin>{row[2]}</ymin>"
            f"<xmax>{row[3]}</xmax><ymax>{row[4]}</ymax></bndbox></object>"
            for row in rows
        )
        path.with_suffix(".xml").write_text(f"<annotation>{items}</annotation>")
        path.unlink()
    for index in ("train", "val"):
        path = tmp_path / "in" / f"{index}-index.tsv"
        path.write_text(path.read_text().replace(".txt", ".xml"))
    assert run(env) == 0
    stages = yaml.safe_load((tmp_path / "out" / "models" / "result.yaml").read_text())["model_stages"]
    assert stages["best"]["tp"] + stages["best"]["fn"] == sum(len(scenes.draw(seed)[1]) for seed in range(1000, 1012))
