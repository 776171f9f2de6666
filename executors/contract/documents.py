"""Reads YAML that others wrote: bounded, without aliases that explode, and with one kind of error."""

import math
from typing import Any

import yaml

MAX_DEPTH = 32
MAX_ALIASES = 200
MAX_TEXT = 64 * 1024


class DocumentError(ValueError):
    """The text is not YAML that we accept."""


class _CarefulLoader(yaml.SafeLoader):
    """Plain data only; refuses merge keys, deep nesting and masses of aliases, which can expand without end."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.depth = 0
        self.aliases = 0

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            self.aliases += 1
        self.depth += 1
        if self.depth > MAX_DEPTH or self.aliases > MAX_ALIASES:
            raise DocumentError("nested too deeply, or too many aliases")
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node

    def flatten_mapping(self, node: yaml.MappingNode) -> None:
        if any(key.tag == "tag:yaml.org,2002:merge" for key, _ in node.value):
            raise DocumentError("merge keys (<<) are not supported")


def parse(text: str) -> Any:
    """Return the data of a YAML text.

    Raises:
        DocumentError: for anything that is not one plain YAML document.
    """
    loader = None
    try:
        loader = _CarefulLoader(text)
        return loader.get_single_data()
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        raise DocumentError(f"line {line}: {error.problem}") from error
    except DocumentError:
        raise
    except (yaml.YAMLError, ValueError, LookupError, TypeError, AttributeError, RecursionError, OverflowError) as error:
        # PyYAML's constructors leak these for scalars such as `!!int ""` or `!!timestamp x`.
        raise DocumentError(f"not valid YAML ({type(error).__name__})") from error
    finally:
        if loader is not None:
            loader.dispose()


def parse_mapping(text: str) -> dict[str, Any]:
    """Return a YAML mapping; its keys become text.

    Raises:
        DocumentError: when the text is not YAML, or not a mapping.
    """
    data = parse(text)
    if not isinstance(data, dict):
        raise DocumentError("a mapping of keys to values is needed")
    return {str(key): value for key, value in data.items()}


def as_json(value: Any) -> Any:
    """Return YAML data as data that JSON and a database can hold: dates and numbers without end become text."""
    if isinstance(value, dict):
        return {plain(str(key)): as_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [as_json(item) for item in value]
    if isinstance(value, bool | int) or value is None or (isinstance(value, float) and math.isfinite(value)):
        return value
    return plain(str(value), MAX_TEXT)


def plain(value: Any, limit: int = 200) -> str:
    """Return foreign words as text that can be stored and shown: valid UTF-8, no NUL, never the whole of a huge one."""
    if not isinstance(value, str | int | float):
        return type(value).__name__
    return str(value)[:limit].replace("\0", "").encode("utf-8", errors="replace").decode()
