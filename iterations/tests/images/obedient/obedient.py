"""Trains, mines and infers by the contract without a model: for tests of what happens around an executor."""

import json
import os
import sys
from pathlib import Path

import yaml

env = yaml.safe_load(Path(os.environ["DEFAULT_ENV_FILE_PATH"]).read_text())
given, made = env["input"], env["output"]
config = yaml.safe_load(Path(given["config_file"]).read_text())


def lines(key: str) -> list[str]:
    return Path(given[key]).read_text().splitlines()


def train() -> None:
    if config["fails"]:
        sys.exit("told to fail")
    folder = Path(made["models_dir"]) / "best"
    folder.mkdir(parents=True, exist_ok=True)
    seen = lines("training_index_file")
    (folder / "model.txt").write_text(f"{env['task_id']}: {len(seen)} images")
    stage = {"stage_name": "best", "files": ["model.txt"], "timestamp": 1700000000, "mAP": min(0.9, len(seen) / 10)}
    result = {"best_stage_name": "best", "mAP": stage["mAP"], "model_stages": {"best": stage}}
    Path(made["training_result_file"]).write_text(yaml.safe_dump(result))


def mine() -> None:
    ranked = sorted(lines("candidate_index_file"))
    rows = [f"{path}\t{1 - place / len(ranked):.4f}\n" for place, path in enumerate(ranked)]
    Path(made["mining_result_file"]).write_text("".join(rows))


def infer() -> None:
    box = {"class_name": config["class_names"][0], "score": 0.9, "box": {"x": 10, "y": 10, "w": 20, "h": 20}}
    found = {Path(path).name: {"boxes": [box]} for path in lines("candidate_index_file")}
    Path(made["infer_result_file"]).write_text(json.dumps({"detection": found}))


for flag, task in (("run_training", train), ("run_mining", mine), ("run_infer", infer)):
    if env[flag]:
        task()
