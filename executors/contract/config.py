"""Makes /in/config.yaml: the image's template, what a person changed in it, and what the platform injects."""

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

from common.phrases import Phrase, gettext_noop
from executors.contract import documents
from executors.contract.env import Tasks
from executors.contract.errors import ConfigError
from executors.contract.layout import WorkDir, is_task_id

INJECTED = frozenset(
    {
        "task_id",
        "class_names",
        "gpu_count",
        "gpu_id",
        "object_type",
        "pretrained_model_params",
        "model_params_path",
        "run_infer",
        "run_mining",
    }
)
"""Keys that the platform sets; whatever a template or a person says about them does not count."""

TRUE_WORDS = {"true", "yes", "on", "1"}
FALSE_WORDS = {"false", "no", "off", "0"}
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([bkmgt]?)(?:i?b)?", re.IGNORECASE)
_UNITS = {"": 1, "b": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40}
DEFAULT_SHM_BYTES = 16 << 30
"""For each GPU, where the configuration has no `shm_size`: what images written for the contract expect."""


@dataclass(frozen=True)
class Injected:
    """What the platform knows about one run."""

    task_id: str
    tasks: Tasks
    class_names: tuple[str, ...]
    object_type: int = 2
    gpu_count: int = 0
    weights: tuple[str, ...] = field(default=())
    """Paths of the weights to start from, as the program sees them."""

    def keys(self) -> dict[str, Any]:
        """Return the keys to set. Inside, GPUs are always numbered from 0."""
        keys: dict[str, Any] = {
            "task_id": self.task_id,
            "class_names": list(self.class_names),
            "object_type": self.object_type,
            "gpu_count": self.gpu_count,
            "gpu_id": ",".join(str(index) for index in range(self.gpu_count)),
        }
        if self.tasks.training:
            return keys | ({"pretrained_model_params": list(self.weights)} if self.weights else {})
        runs = {"run_infer": self.tasks.infer, "run_mining": self.tasks.mining}
        return keys | {"model_params_path": list(self.weights)} | runs


def merge(templates: Iterable[Mapping[str, Any]], overrides: Mapping[str, Any], injected: Injected) -> dict[str, Any]:
    """Return the configuration of a run: templates (later ones win), then overrides, then injected keys.

    An override takes the type of the template's value. An empty one removes a key whose value is not text, as an
    empty form field does. Keys of `INJECTED` come from `injected` alone: without weights to start from, a training
    has no `pretrained_model_params` at all.

    Raises:
        ConfigError: naming the key, when a value does not fit the template's type.
    """
    merged: dict[str, Any] = {}
    for template in templates:
        merged.update(template)
    for key, value in overrides.items():
        fitted = fit(key, value, merged.get(key))
        if fitted is None and merged.get(key) is not None:
            merged.pop(key)
        else:
            merged[key] = fitted
    return {key: value for key, value in merged.items() if key not in INJECTED} | injected.keys()


def fit(key: str, value: Any, like: Any) -> Any:
    """Return `value` in the type of `like`, the template's value; None when it is empty and `like` is not text.

    Raises:
        ConfigError: naming the key, when it cannot be.
    """
    if isinstance(value, str):
        return _fit_text(key, value.strip(), like)
    if isinstance(like, float) and type(value) is int:
        return float(value)
    if isinstance(like, int) and not isinstance(like, bool) and isinstance(value, float) and value.is_integer():
        return int(value)
    if like is None or value is None or type(value) is type(like):
        return value
    if isinstance(like, str) and isinstance(value, int | float):
        return str(value)
    raise ConfigError(key, _misfit(repr(value), like))


def dump(config: Mapping[str, Any]) -> str:
    """Return the configuration as YAML in block style.

    Raises:
        ConfigError: when the task id is not one plain word, or `task_id:` stands elsewhere too: images find it by grep.
    """
    if not is_task_id(str(config.get("task_id", ""))):
        raise ConfigError("task_id", f"{config.get('task_id')!r} is not a plain task id")
    text = _block(config, allow_unicode=True)
    if any(character in text for character in "\x85\u2028\u2029"):  # YAML's own line breaks: only escaped they survive
        text = _block(config, allow_unicode=False)
    if sum("task_id:" in line for line in text.splitlines()) != 1:
        raise ConfigError("task_id", "no other key or value may contain `task_id:`")
    return text


def _block(config: Mapping[str, Any], *, allow_unicode: bool) -> str:
    text: str = yaml.safe_dump(
        dict(config), default_flow_style=False, sort_keys=False, allow_unicode=allow_unicode, width=1 << 20
    )
    return text


def write(work: WorkDir, config: Mapping[str, Any]) -> None:
    """Write config.yaml into the work folder (errors as in `dump`)."""
    work.config_file.write_text(dump(config), encoding="utf-8")


def load(template: str) -> dict[str, Any]:
    """Return the values of a template's text.

    Raises:
        ConfigError: when it is not a YAML mapping.
    """
    try:
        return documents.parse_mapping(template)
    except documents.DocumentError as error:
        raise ConfigError("template", str(error)) from error


def shm_bytes(config: Mapping[str, Any], *, gpu_count: int, cap: int) -> int:
    """Return the size of /dev/shm: the key `shm_size` (`128G`, `512m`, or bytes), never more than `cap`.

    Raises:
        ConfigError: when `shm_size` is not a size.
    """
    wanted = config.get("shm_size")
    if wanted is None or wanted == "":
        return min(DEFAULT_SHM_BYTES * max(1, gpu_count), cap)
    match = _SIZE.fullmatch(str(wanted).strip())
    if match is None or isinstance(wanted, bool):
        raise ConfigError("shm_size", f"{wanted!r} is not a size such as 16G")
    size = int(float(match[1]) * _UNITS[match[2].lower()])
    if size <= 0:
        raise ConfigError("shm_size", "must be more than 0")
    return min(size, cap)


def _fit_text(key: str, text: str, like: Any) -> Any:
    """A form or a command line sends every value as text."""
    if isinstance(like, str):
        return text
    if not text:
        return None
    try:
        return _read(text, like)
    except (ValueError, documents.DocumentError) as error:
        raise ConfigError(key, _misfit(repr(text), like)) from error


def _misfit(value: str, like: Any) -> Phrase:
    """Say what a value is not, by the type of the template's."""
    kinds = {
        bool: gettext_noop("{value} is neither true nor false"),
        int: gettext_noop("{value} is no whole number"),
        float: gettext_noop("{value} is no number"),
        list: gettext_noop("{value} is no list; write its items with commas between"),
        dict: gettext_noop("{value} is no YAML mapping"),
    }
    return Phrase(
        kinds.get(type(like), gettext_noop("{value} does not fit {default}")), value=value, default=repr(like)
    )


def _read(text: str, like: Any) -> Any:
    if isinstance(like, bool):
        return _read_bool(text)
    if isinstance(like, int):
        return _read_int(text)
    if isinstance(like, float):
        return _read_float(text)
    if isinstance(like, list):
        return _read_list(text)
    return documents.parse_mapping(text) if isinstance(like, dict) else documents.parse(text)


def _read_bool(text: str) -> bool:
    if text.lower() in TRUE_WORDS:
        return True
    if text.lower() in FALSE_WORDS:
        return False
    raise ValueError(text)


def _read_int(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        number = _read_float(text)  # 1e3 and 16.0 are whole numbers too
        if not number.is_integer():
            raise
        return int(number)


def _read_float(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(text)
    return number


def _read_list(text: str) -> list[Any]:
    if not text.startswith("["):
        return [documents.parse(part) for part in text.split(",")]
    return list(documents.parse(text))
