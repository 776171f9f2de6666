"""weights/<id>/ in the data root: one folder for each training result, written once and named by its content.

`manifest.json` lists every file with its SHA-256, and the id is the SHA-256 of the manifest, so a folder vouches for
itself. The rest lies as in the contract's model package: <stage>/<file>, attachments/<section>/<file>, ymir-info.yaml.
"""

import hashlib
import io
import json
import os
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from common import files
from executors.contract import outbox
from executors.contract.results import TrainingResult
from models.weights.package import ATTACHMENTS, INFO_FILE, ModelPackage, Stage, checked, read_info

MANIFEST = "manifest.json"
_SCHEMA_VERSION = 1
_READ_ONLY = 0o444

Opener = Callable[[str], AbstractContextManager[BinaryIO]]
"""Opens a file of a package, given its path in the package."""


@dataclass(frozen=True)
class StoredWeights:
    """Weights that are in the store, and what they are."""

    weights_id: str
    package: ModelPackage


def folder_of(data_root: Path, weights_id: str) -> Path:
    """Where weights lie. Raises UnsafePathError when `weights_id` is no plain name."""
    return files.safe_join(data_root / "weights", weights_id)


def collect(
    data_root: Path,
    out: Path,
    result: TrainingResult,
    *,
    class_names: tuple[str, ...],
    object_type: int,
    config: Mapping[str, Any],
    context: Mapping[str, Any] | None = None,
) -> StoredWeights:
    """Store what a training left in /out. Collecting the same result again gives the same id.

    Args:
        config: the hyper-parameters it ran with.
        context: where it came from: executor, dataset versions.

    Raises:
        PackageError: when a stage or file has a name that no folder should see.
        ResultError: when a file is gone, or was replaced by a link.
    """
    places = {f"{stage.name}/{file.name}": file.path for stage in result.stages for file in stage.files}
    for section, attached in result.attachments.items():
        places |= {f"{ATTACHMENTS}/{section}/{file.name}": file.path for file in attached}
    package = ModelPackage(
        stages=tuple(
            Stage(stage.name, tuple(file.name for file in stage.files), stage.metrics, stage.timestamp)
            for stage in result.stages
        ),
        best=result.best,
        class_names=class_names,
        object_type=object_type,
        config={key: value for key, value in config.items() if key != "class_names"},
        context=context or {},
        attachments={
            section: tuple(file.name for file in attached) for section, attached in result.attachments.items()
        },
        evaluate_config=result.evaluate_config,
    )
    return publish(data_root, package, lambda path: outbox.opened(out, places[path]))


def publish(data_root: Path, package: ModelPackage, open_file: Opener) -> StoredWeights:
    """Copy a package's files into the store in one step. Raises PackageError for unsafe names."""
    checked(package)
    with files.stage(data_root) as staging:
        folder = staging / "weights"
        folder.mkdir()
        listed = {}
        for path in package.files:
            with open_file(path) as stream:
                listed[path] = _write(folder, path, stream)
        listed[INFO_FILE] = _write(folder, INFO_FILE, io.BytesIO(package.info().encode()))
        manifest = json.dumps({"schema_version": _SCHEMA_VERSION, "files": listed}, sort_keys=True, indent=1).encode()
        weights_id = hashlib.sha256(manifest).hexdigest()
        _write(folder, MANIFEST, io.BytesIO(manifest))
        files.publish_folder(folder, folder_of(data_root, weights_id))
    return StoredWeights(weights_id, package)


def read(data_root: Path, weights_id: str) -> ModelPackage:
    """What is stored under an id. Raises FileNotFoundError when nothing is."""
    return read_info((folder_of(data_root, weights_id) / INFO_FILE).read_text(encoding="utf-8"))


def stage_files(data_root: Path, weights_id: str, stage: Stage) -> tuple[Path, ...]:
    """The files of one stage."""
    folder = folder_of(data_root, weights_id) / stage.name
    return tuple(folder / name for name in stage.files)


def place(data_root: Path, weights_id: str, stage_name: str, models_dir: Path) -> tuple[Path, ...]:
    """Give a run one stage to start from, by hard link: `models_dir`/<stage>/<file> and ymir-info.yaml.

    Returns:
        The placed files in the package's order, as `pretrained_model_params` or `model_params_path` list them.

    Raises:
        KeyError: when there is no such stage.
    """
    stage = read(data_root, weights_id).stage(stage_name)
    target = models_dir / stage.name
    target.mkdir(parents=True, exist_ok=True)
    placed = []
    for source in stage_files(data_root, weights_id, stage):
        placed.append(target / source.name)
        _link(source, placed[-1])
    _link(folder_of(data_root, weights_id) / INFO_FILE, models_dir / INFO_FILE)
    return tuple(placed)


def faults(data_root: Path, weights_id: str) -> list[str]:
    """What is wrong with stored weights: paths of files that are missing or changed; empty when all is well."""
    folder = folder_of(data_root, weights_id)
    manifest = folder / MANIFEST
    if not manifest.is_file() or files.hash_file(manifest) != weights_id:
        return [MANIFEST]
    listed: dict[str, dict[str, Any]] = json.loads(manifest.read_bytes())["files"]
    return [path for path, about in listed.items() if not _sound(folder / path, about)]


def size(data_root: Path, weights_id: str) -> int:
    """Bytes of all files."""
    manifest = json.loads((folder_of(data_root, weights_id) / MANIFEST).read_bytes())
    return sum(int(about["size"]) for about in manifest["files"].values())


def _sound(path: Path, about: Mapping[str, Any]) -> bool:
    return path.is_file() and path.stat().st_size == about["size"] and files.hash_file(path) == about["sha256"]


def _write(folder: Path, path: str, stream: BinaryIO) -> dict[str, str | int]:
    """Copy a stream to a new read-only file; tells its hash and size."""
    target = files.safe_join(folder, path)
    target.parent.mkdir(parents=True, exist_ok=True)
    digest, written = hashlib.sha256(), 0
    with target.open("xb") as file:
        while block := stream.read(files.READ_SIZE):
            digest.update(block)
            written += file.write(block)
    target.chmod(_READ_ONLY)
    return {"sha256": digest.hexdigest(), "size": written}


def _link(source: Path, target: Path) -> None:
    """Link anew where an earlier attempt of the same job left a file."""
    target.unlink(missing_ok=True)
    os.link(source, target)
