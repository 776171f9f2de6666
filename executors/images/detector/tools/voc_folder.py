"""Lays a Pascal VOC folder with splits out as an executor's input folder."""

from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import yaml

Box = tuple[str, float, float, float, float]


def read_split(folder: Path, split: str) -> list[str]:
    """Image names of splits/<split>.txt."""
    return (folder / "splits" / f"{split}.txt").read_text(encoding="utf-8").split()


def read_boxes(folder: Path, name: str) -> list[Box]:
    """Objects of an image as (class, x, y, width, height); boxes without area are left out."""
    boxes = []
    root = ElementTree.parse(folder / "annotations" / f"{name}.xml").getroot()  # noqa: S314 -- the user's own files
    for item in root.iter("object"):
        left, top, right, bottom = (
            float(item.findtext(f"bndbox/{side}") or 0) for side in ("xmin", "ymin", "xmax", "ymax")
        )
        if right > left and bottom > top:
            boxes.append((str(item.findtext("name")), left, top, right - left, bottom - top))
    return boxes


def image_of(folder: Path, name: str) -> Path:
    return (folder / "images" / f"{name}.jpg").resolve()


def class_names(folder: Path) -> list[str]:
    """All class names of the folder, sorted."""
    names = (path.stem for path in (folder / "annotations").glob("*.xml"))
    return sorted({box[0] for name in names for box in read_boxes(folder, name)})


def write_training_input(folder: Path, work: Path, config: dict[str, Any]) -> Path:
    """Make work/in for a training on the splits train and val; returns env.yaml."""
    config = {"class_names": class_names(folder), "task_id": "t01", **config}
    target = work / "in" / "annotations"
    target.mkdir(parents=True, exist_ok=True)
    for split in ("train", "val"):
        rows = []
        for name in read_split(folder, split):
            lines = [
                f"{config['class_names'].index(label)}, {x:.0f}, {y:.0f}, {x + w - 1:.0f}, {y + h - 1:.0f}, -1.0, 0.0\n"
                for label, x, y, w, h in read_boxes(folder, name)
            ]
            (target / f"{name}.txt").write_text("".join(lines), encoding="utf-8")
            rows.append(f"{image_of(folder, name)}\t{target / name}.txt\n")
        (work / "in" / f"{split}-index.tsv").write_text("".join(rows), encoding="utf-8")
    return write_env(work, config, training=True)


def write_candidate_input(work: Path, images: list[Path], config: dict[str, Any], *, mining: bool, infer: bool) -> Path:
    """Make work/in for mining or infer over images; returns env.yaml."""
    (work / "in").mkdir(parents=True, exist_ok=True)
    (work / "in" / "candidate-index.tsv").write_text("".join(f"{path}\n" for path in images), encoding="utf-8")
    return write_env(work, {"task_id": "t02", **config}, mining=mining, infer=infer)


def write_env(
    work: Path, config: dict[str, Any], *, training: bool = False, mining: bool = False, infer: bool = False
) -> Path:
    """Write config.yaml and env.yaml over work/in and work/out."""
    given, made = work / "in", work / "out"
    (made / "models").mkdir(parents=True, exist_ok=True)
    (given / "models").mkdir(parents=True, exist_ok=True)
    (given / "config.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    index = {name: f"{given}/{name}.tsv" for name in ("train-index", "val-index", "candidate-index")}
    env = {
        "protocol_version": "1.1.0",
        "task_id": config["task_id"],
        "run_training": training,
        "run_mining": mining,
        "run_infer": infer,
        "input": {
            "root_dir": str(given),
            "assets_dir": f"{given}/assets",
            "annotations_dir": f"{given}/annotations",
            "models_dir": f"{given}/models",
            "config_file": f"{given}/config.yaml",
            "training_index_file": index["train-index"] if training else "",
            "val_index_file": index["val-index"] if training else "",
            "candidate_index_file": "" if training else index["candidate-index"],
        },
        "output": {
            "root_dir": str(made),
            "models_dir": f"{made}/models",
            "tensorboard_dir": f"{made}/tensorboard",
            "training_result_file": f"{made}/models/result.yaml",
            "mining_result_file": f"{made}/result.tsv",
            "infer_result_file": f"{made}/infer-result.json",
            "monitor_file": f"{made}/monitor.txt",
            "executor_log_file": f"{made}/ymir-executor-out.log",
        },
    }
    path = given / "env.yaml"
    path.write_text(yaml.safe_dump(env, sort_keys=False), encoding="utf-8")
    return path
