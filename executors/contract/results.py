"""Reads what a training left in /out/models: result.yaml in both of its forms, and which files belong to each stage."""

import math
import time
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Any

from executors.contract import documents, outbox
from executors.contract.errors import ResultError
from executors.contract.layout import CONTAINER_OUT

TRAINING_FILE = "models/result.yaml"
LEGACY_STAGE = "default_best_stage"
MAX_STAGES = 100
MAX_FILES = 1000
END_OF_TIME = 253_402_300_800  # the year 10 000
MAIN_METRICS = ("mAP", "maskAP", "mIoU")
"""What a stage is judged by: detection, instance and semantic segmentation."""
_METRICS = (*MAIN_METRICS, "mAR", "mAcc", "boxAP", "tp", "fp", "fn")


@dataclass(frozen=True)
class StageFile:
    """A file of a stage: its bare name, where it lies below /out, and its size."""

    name: str
    path: str
    size: int


@dataclass(frozen=True)
class Stage:
    """A checkpoint that a training saved."""

    name: str
    files: tuple[StageFile, ...]
    metrics: dict[str, float]
    timestamp: float


@dataclass(frozen=True)
class TrainingResult:
    """What a training saved; `warnings` tell what was listed but not taken."""

    stages: tuple[Stage, ...]
    best: str
    attachments: dict[str, tuple[StageFile, ...]] = field(default_factory=dict)
    evaluate_config: dict[str, float] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()


def read_training(out: Path) -> TrainingResult:
    """Read /out/models/result.yaml, of a run that ended well or of one that was cut short.

    Listed files that are missing, links, folders or outside /out are left out with a warning, and so are stages left
    without any file.

    Raises:
        ResultMissingError: when there is no result.yaml.
        ResultError: when it cannot be understood, or no stage has a file.
    """
    try:
        document = documents.parse_mapping(outbox.read_text(out, TRAINING_FILE))
    except documents.DocumentError as error:
        raise ResultError(TRAINING_FILE, str(error)) from error
    return _TrainingReader(out, time.time(), subfolders=outbox.folders(out, "models")).result(document)


@dataclass
class _TrainingReader:
    out: Path
    now: float
    warnings: list[str] = field(default_factory=list)
    subfolders: tuple[str, ...] = ()

    def result(self, document: dict[str, Any]) -> TrainingResult:
        entries = document.get("model_stages")
        listed = self._stages(entries) if isinstance(entries, dict) else []
        stages = [stage for stage in (listed or self._legacy(document)) if stage.files]
        if not stages:
            reason = "; ".join(self.warnings[:5]) or "lists no model"
            raise ResultError(TRAINING_FILE, reason)
        best = self._best(document, stages)
        return TrainingResult(
            tuple(_measured(stage, document) if stage.name == best else stage for stage in stages),
            best,
            self._attachments(document.get("attachments")),
            _numbers(document.get("evaluate_config")),
            tuple(self.warnings),
        )

    def _stages(self, entries: dict[Any, Any]) -> list[Stage]:
        stages = []
        for key, entry in list(entries.items())[:MAX_STAGES]:
            if not isinstance(entry, dict):
                self.warnings.append(f"stage {documents.plain(key)}: not a mapping")
                continue
            name = documents.plain(key)
            folders = self._folders(name, entry.get("stage_name"))
            files = self._files(entry.get("files"), [f"models/{folder}" for folder in folders])
            stages.append(Stage(name, files, _metrics(entry), moment(entry.get("timestamp")) or self.now))
        if len(entries) > MAX_STAGES:
            self.warnings.append(f"only the first {MAX_STAGES} of {len(entries)} stages were read")
        return stages

    def _legacy(self, document: dict[str, Any]) -> list[Stage]:
        """The form before protocol 1.0.0: one list of files and one figure."""
        listed = document.get("model")
        metric = number(document.get("map", document.get("mAP")))
        metrics = {} if metric is None else {"mAP": metric}
        return [Stage(LEGACY_STAGE, self._files(listed, []), metrics, self.now)] if listed else []

    def _folders(self, key: str, stage_name: Any) -> list[str]:
        """Folders a stage may use: images write `-` as `_` in its key, and its folder keeps the `-`."""
        names = [key, stage_name] if isinstance(stage_name, str) else [key]
        alike = [folder for folder in self.subfolders if folder.replace("-", "_") in names]
        return [name for name in dict.fromkeys((*names, *alike)) if name]

    def _files(self, listed: Any, folders: list[str]) -> tuple[StageFile, ...]:
        """Look for each listed file in the stage's own folder, then right in `models`."""
        names = listed if isinstance(listed, list) else [listed] if isinstance(listed, str) else []
        found: dict[str, StageFile] = {}
        for name in names[:MAX_FILES]:
            file = self._find(name, [*folders, "models"]) if isinstance(name, str) else None
            if file is None:
                self.warnings.append(f"{documents.plain(name)}: not a file of the models folder")
            else:
                found.setdefault(file.name, file)
        return tuple(found.values())

    def _find(self, name: str, folders: list[str]) -> StageFile | None:
        for path in self._places(name, folders):
            try:
                with outbox.opened(self.out, path) as stream:
                    return StageFile(PurePosixPath(name).name, path, stream.seek(0, 2))
            except ResultError:
                continue
        return None

    def _places(self, name: str, folders: list[str]) -> list[str]:
        """Where a listed file may lie below /out; some images list it with its whole path."""
        for root in (str(CONTAINER_OUT), str(self.out)):
            if name.startswith(f"{root}/"):
                return [name.removeprefix(f"{root}/")]
        return [] if name.startswith("/") else [f"{folder}/{name}" for folder in folders]

    def _attachments(self, sections: Any) -> dict[str, tuple[StageFile, ...]]:
        if not isinstance(sections, dict):
            return {}
        found = {}
        for section, listed in list(sections.items())[:MAX_STAGES]:
            files = self._files(listed, [f"models/attachments/{documents.plain(section)}"])
            if files:
                found[documents.plain(section)] = files
        return found

    def _best(self, document: dict[str, Any], stages: list[Stage]) -> str:
        """The stage that the image names, where its files are there; else the best by figure, then by time."""
        named = document.get("best_stage_name")
        if any(stage.name == documents.plain(named) for stage in stages):
            return documents.plain(named)
        if named:
            self.warnings.append(f"best stage {documents.plain(named)}: not among the stages")
        return max(stages, key=_rank).name


def number(value: Any) -> float | None:
    """Return a finite number that may have been written as text; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        read = float(value)
    except (ValueError, OverflowError):
        return None
    return read if math.isfinite(read) else None


def moment(value: Any) -> float | None:
    """Return seconds since 1970; None for what is no moment that a calendar has, such as milliseconds."""
    read = number(value)
    return read if read is not None and 0 < read < END_OF_TIME else None


def _measured(best: Stage, document: dict[str, Any]) -> Stage:
    """The best stage; one without a figure of its own takes the one at the top of the file."""
    return best if set(MAIN_METRICS) & best.metrics.keys() else replace(best, metrics=_metrics(document) | best.metrics)


def _metrics(entry: dict[Any, Any]) -> dict[str, float]:
    return {key: value for key in _METRICS if (value := number(entry.get(key))) is not None}


def _numbers(mapping: Any) -> dict[str, float]:
    items = list(mapping.items())[:MAX_STAGES] if isinstance(mapping, dict) else []
    return {documents.plain(key): value for key, raw in items if (value := number(raw)) is not None}


def _rank(stage: Stage) -> tuple[float, float]:
    values = (stage.metrics[key] for key in MAIN_METRICS if key in stage.metrics)
    return (next(values, -math.inf), stage.timestamp)
