"""Reads env.yaml: which tasks to run and where everything lies."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from contract.errors import ErrorCode, ExecutorError

DEFAULT_ENV_FILE = "/in/env.yaml"


@dataclass(frozen=True)
class Environment:
    """The parsed env.yaml. Index files that the task has no use for are None."""

    task_id: str
    run_training: bool
    run_mining: bool
    run_infer: bool
    assets_dir: Path
    models_dir_in: Path
    config_file: Path
    training_index_file: Path | None
    val_index_file: Path | None
    candidate_index_file: Path | None
    out_dir: Path
    models_dir: Path
    tensorboard_dir: Path
    training_result_file: Path
    mining_result_file: Path
    infer_result_file: Path
    monitor_file: Path


def load(path: Path | None = None) -> Environment:
    """Parse env.yaml at `path`, else where $DEFAULT_ENV_FILE_PATH points, else /in/env.yaml."""
    path = path or Path(os.environ.get("DEFAULT_ENV_FILE_PATH") or DEFAULT_ENV_FILE)
    document = read_mapping(path)
    given, made = document.get("input") or {}, document.get("output") or {}
    root_in, root_out = Path(given.get("root_dir") or "/in"), Path(made.get("root_dir") or "/out")
    models_dir = Path(made.get("models_dir") or root_out / "models")
    return Environment(
        task_id=str(document.get("task_id") or "task"),
        run_training=bool(document.get("run_training")),
        run_mining=bool(document.get("run_mining")),
        run_infer=bool(document.get("run_infer")),
        assets_dir=Path(given.get("assets_dir") or root_in / "assets"),
        models_dir_in=Path(given.get("models_dir") or root_in / "models"),
        config_file=Path(given.get("config_file") or root_in / "config.yaml"),
        training_index_file=_optional(given.get("training_index_file")),
        val_index_file=_optional(given.get("val_index_file")),
        candidate_index_file=_optional(given.get("candidate_index_file")),
        out_dir=root_out,
        models_dir=models_dir,
        tensorboard_dir=Path(made.get("tensorboard_dir") or root_out / "tensorboard"),
        training_result_file=Path(made.get("training_result_file") or models_dir / "result.yaml"),
        mining_result_file=Path(made.get("mining_result_file") or root_out / "result.tsv"),
        infer_result_file=Path(made.get("infer_result_file") or root_out / "infer-result.json"),
        monitor_file=Path(made.get("monitor_file") or root_out / "monitor.txt"),
    )


def read_mapping(path: Path) -> dict[str, Any]:
    """Parse a YAML file that must hold a mapping."""
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ExecutorError(ErrorCode.CONFIG, f"Cannot read {path}: {error.strerror}") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ExecutorError(ErrorCode.CONFIG, f"{path} is not valid YAML: {error}") from error
    if not isinstance(document, dict):
        raise ExecutorError(ErrorCode.CONFIG, f"{path} must hold a mapping of keys to values")
    return document


def _optional(value: str | None) -> Path | None:
    return Path(value) if value else None
