"""Turns config.yaml into typed options. Values may come as strings: web forms send "True" and "16"."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, TypeVar

from contract.errors import ErrorCode, ExecutorError

Options = TypeVar("Options")

TRUE_WORDS = {"true", "yes", "on", "1"}
FALSE_WORDS = {"false", "no", "off", "0", ""}


def read_options(kind: type[Options], config: Mapping[str, Any]) -> Options:
    """Build the dataclass `kind` from the keys of `config` that it knows; absent or empty keys keep their default."""
    values = {}
    for field in fields(kind):  # type: ignore[arg-type]
        value = config.get(field.name)
        if value is not None and (value != "" or field.type in (str, bool)):
            values[field.name] = convert(field.name, value, field.type)
    return kind(**values)


def convert(key: str, value: Any, wanted: Any) -> Any:
    """`value` as bool, int, float or str; raises ExecutorError naming the key when it cannot be."""
    try:
        if wanted is bool:
            return _to_bool(value)
        if wanted is int:
            return _to_int(value)
        return wanted(value)
    except (TypeError, ValueError) as error:
        raise ExecutorError(ErrorCode.CONFIG, f"{key} must be {_NAMES[wanted]}, not {value!r}") from error


def class_names(config: Mapping[str, Any]) -> list[str]:
    """The ordered class names of the task; a comma-separated string is accepted for the list."""
    names = config.get("class_names") or []
    if isinstance(names, str):
        names = [name.strip() for name in names.split(",") if name.strip()]
    if not isinstance(names, list):
        raise ExecutorError(ErrorCode.CONFIG, f"class_names must be a list of names, not {names!r}")
    names = [str(name) for name in names]
    if len(set(names)) != len(names):
        raise ExecutorError(ErrorCode.CONFIG, f"class_names holds a name twice: {', '.join(names)}")
    return names


def require(fine: bool, message: str) -> None:
    """Refuse an option with a message for the person who set it."""
    if not fine:
        raise ExecutorError(ErrorCode.CONFIG, message)


_NAMES = {bool: "true or false", int: "a whole number", float: "a number", str: "a text"}


def _to_bool(value: Any) -> bool:
    word = str(value).strip().lower()
    if word in TRUE_WORDS:
        return True
    if word in FALSE_WORDS:
        return False
    raise ValueError(word)


def _to_int(value: Any) -> int:
    number = float(value)
    if number != int(number):
        raise ValueError(value)
    return int(number)
