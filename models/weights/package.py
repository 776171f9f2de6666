"""What belongs to one model: its stages and files, as told by ymir-info.yaml of the executor contract's package."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

from executors.contract import documents
from executors.contract.results import LEGACY_STAGE, MAIN_METRICS, moment, number

INFO_FILE = "ymir-info.yaml"
ATTACHMENTS = "attachments"
PACKAGE_VERSION = "2.0.0"
DETECTION = 2

_METRICS = (*MAIN_METRICS, "mAR", "mAcc", "boxAP", "tp", "fp", "fn")
_MAX_NAME_BYTES = 200


class PackageError(ValueError):
    """A package that cannot be used.

    `name` is the file or key at fault. `reason` is one of broken, unsafe_path, unsafe_name, link, special_file,
    duplicate_name, too_many_entries, too_large, no_info, bad_info, no_classes, no_stages, missing_file.
    """

    def __init__(self, name: str, reason: str, detail: str = "") -> None:
        self.name, self.reason, self.detail = name, reason, detail
        super().__init__(f"{name}: {reason}" + (f" ({detail})" if detail else ""))


@dataclass(frozen=True)
class Stage:
    """A checkpoint: bare names of its files, and what the image measured of it."""

    name: str
    files: tuple[str, ...]
    metrics: Mapping[str, float] = field(default_factory=dict)
    timestamp: float = 0.0
    folder: str = ""
    """What the package calls the stage's folder, where that differs from its name."""


@dataclass(frozen=True)
class ModelPackage:
    """One model. `config` holds the hyper-parameters it was trained with, `context` where it came from."""

    stages: tuple[Stage, ...]
    best: str
    class_names: tuple[str, ...]
    object_type: int = DETECTION
    config: Mapping[str, Any] = field(default_factory=dict)
    context: Mapping[str, Any] = field(default_factory=dict)
    attachments: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    evaluate_config: Mapping[str, float] = field(default_factory=dict)

    @property
    def metrics(self) -> Mapping[str, float]:
        """The best stage's."""
        return self.stage(self.best).metrics

    @property
    def files(self) -> tuple[str, ...]:
        """Every file by its path in the package, stages first."""
        of_stages = [f"{stage.name}/{name}" for stage in self.stages for name in stage.files]
        attached = [f"{ATTACHMENTS}/{section}/{name}" for section, names in self.attachments.items() for name in names]
        return (*of_stages, *attached)

    def stage(self, name: str) -> Stage:
        """The stage of this name. Raises KeyError when there is none."""
        for stage in self.stages:
            if stage.name == name:
                return stage
        raise KeyError(name)

    def info(self) -> str:
        """The text of ymir-info.yaml, in the form of package version 2.0.0."""
        main = next((key for key in MAIN_METRICS if key in self.metrics), MAIN_METRICS[0])
        document = {
            "executor_config": {**self.config, "class_names": list(self.class_names)},
            "task_context": {"producer": "ymir", **self.context, main: self.metrics.get(main, 0.0)},
            "stages": {
                stage.name: {
                    "stage_name": stage.name,
                    "files": list(stage.files),
                    "timestamp": int(stage.timestamp),
                    **stage.metrics,
                }
                for stage in self.stages
            },
            "best_stage_name": self.best,
            "attachments": {section: list(names) for section, names in self.attachments.items()},
            "evaluate_config": dict(self.evaluate_config),
            "object_type": self.object_type,
            "package_version": PACKAGE_VERSION,
            "model_hash": "",
            "stage_name": "",
        }
        return yaml.safe_dump(document, sort_keys=False, allow_unicode=True)


def read_info(text: str) -> ModelPackage:
    """Understand ymir-info.yaml, of version 2.0.0 or in the flat form before it (`models: [files]`, no version).

    Raises:
        PackageError: with the reason bad_info, no_classes, no_stages or unsafe_name.
    """
    try:
        document = documents.parse_mapping(text)
    except documents.DocumentError as error:
        raise PackageError(INFO_FILE, "bad_info", str(error)) from error
    config, context = _mapping(document.get("executor_config")), _mapping(document.get("task_context"))
    class_names = _names(config.pop("class_names", None))
    if not class_names:
        raise PackageError(INFO_FILE, "no_classes")
    stages = _stages(document) or _flat_stages(document, context)
    if not stages:
        raise PackageError(INFO_FILE, "no_stages")
    attachments = _mapping(document.get("attachments"))
    return checked(
        ModelPackage(
            stages=stages,
            best=best_stage(stages, document.get("best_stage_name")),
            class_names=class_names,
            object_type=_object_type(document.get("object_type")),
            config=config,
            context=context,
            attachments={section: _names(names) for section, names in attachments.items() if _names(names)},
            evaluate_config=_numbers(document.get("evaluate_config")),
        )
    )


def best_stage(stages: tuple[Stage, ...], named: Any = None) -> str:
    """The name of the stage that is said to be best, or else of the best by metric, then by time."""
    if any(stage.name == named for stage in stages):
        return str(named)
    return max(stages, key=_rank).name


def checked(package: ModelPackage) -> ModelPackage:
    """The package itself. Raises PackageError when a stage, section or file has a name that no folder should see."""
    names = [stage.name for stage in package.stages]
    for name in names:
        if name in {ATTACHMENTS, INFO_FILE} or names.count(name) > 1:
            raise PackageError(name, "unsafe_name", "a stage cannot be called so")
    listed = [name for stage in package.stages for name in stage.files]
    attached = [name for names in package.attachments.values() for name in names]
    for name in (*names, *listed, *package.attachments, *attached):
        _check_name(name)
    return package


def _check_name(name: str) -> None:
    unsafe = name in {"", ".", ".."} or "/" in name or "\\" in name or "\0" in name
    if unsafe or len(name.encode("utf-8", errors="replace")) > _MAX_NAME_BYTES:
        raise PackageError(name, "unsafe_name")


def _stages(document: dict[str, Any]) -> tuple[Stage, ...]:
    stages = [
        Stage(
            name=key,
            files=_names(entry.get("files")),
            metrics={metric: value for metric, value in _numbers(entry).items() if metric in _METRICS},
            timestamp=moment(entry.get("timestamp")) or 0.0,
            folder=documents.plain(entry.get("stage_name") or key),
        )
        for key, entry in _mapping(document.get("stages")).items()
        if isinstance(entry, dict)
    ]
    return tuple(stage for stage in stages if stage.files)


def _flat_stages(document: dict[str, Any], context: dict[str, Any]) -> tuple[Stage, ...]:
    """Before version 2.0.0 a package was one list of files and one figure."""
    files = _names(document.get("models"))
    metrics = {metric: value for metric, value in _numbers(context).items() if metric in MAIN_METRICS}
    return (Stage(LEGACY_STAGE, files, metrics),) if files else ()


def _mapping(value: Any) -> dict[str, Any]:
    return {documents.plain(key): entry for key, entry in value.items()} if isinstance(value, dict) else {}


def _names(value: Any) -> tuple[str, ...]:
    listed = value if isinstance(value, list) else []
    return tuple(dict.fromkeys(documents.plain(name) for name in listed if isinstance(name, str | int | float)))


def _numbers(value: Any) -> dict[str, float]:
    return {key: read for key, entry in _mapping(value).items() if (read := number(entry)) is not None}


def _object_type(value: Any) -> int:
    read = number(value)
    return DETECTION if read is None else int(read)


def _rank(stage: Stage) -> tuple[float, float]:
    return (next((stage.metrics[key] for key in MAIN_METRICS if key in stage.metrics), -math.inf), stage.timestamp)
