"""Reads what an image says about itself in /img-man: its object types and a template of options for each task."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import yaml

from executors.contract import documents
from executors.contract.config import INJECTED
from executors.contract.errors import ConfigError, ManualError

MANIFEST = "manifest.yaml"
TASKS = ("training", "mining", "infer")
FOLDERS = {2: "det", 3: "semantic-seg", 4: "instance-seg", 50: "multi-modal"}
"""Sub-folder of the templates of each object type, where an image serves several."""
DETECTION = 2

_CHOICES = re.compile(r"(?<![\w|])([\w.+-]+(?:\s*\|\s*[\w.+-]+)+)(?![\w|])")
_LISTED = re.compile(r"((?:[\w.+-]+,\s*)+[\w.+-]+,?\s+or\s+[\w.+-]+)")
_PAIR = re.compile(r"(?:^|;\s*)([A-Za-z][\w.+-]*\s+or\s+[A-Za-z][\w.+-]*)\s*$")
_ONE_OF = re.compile(r"one of:?\s+([\w.+-]+(?:\s*(?:,|\bor\b)\s*[\w.+-]+)+)", re.IGNORECASE)

_ASIDE = re.compile(r"\s*\([^()]*\)")
_SEPARATOR = re.compile(r"\s*\|\s*|\s*,\s*(?:or\s+)?|\s+or\s+")
MAX_NOTE = 500
"""Characters of a comment that are searched for choices."""


class FieldType(StrEnum):
    BOOL = "bool"
    INT = "int"
    FLOAT = "float"
    TEXT = "text"
    CHOICE = "choice"


@dataclass(frozen=True)
class TemplateField:
    """One option of a template, as a form shows it."""

    key: str
    default: Any
    type: FieldType
    help: str = ""
    choices: tuple[str, ...] = ()


@dataclass(frozen=True)
class ImageManual:
    """What /img-man holds."""

    object_types: tuple[int, ...]
    templates: dict[tuple[int, str], str]
    """(object type, task) -> text of the template."""
    manifest: dict[str, Any] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()


def read(files: Mapping[str, bytes]) -> ImageManual:
    """Understand the files of /img-man, given by path (`manifest.yaml` or `/img-man/manifest.yaml`).

    An image without a manifest, or with one that is no mapping, finds boxes. A task whose template is missing, or not a
    mapping, is not offered.

    Raises:
        ManualError: when the object type is unknown, or no task is offered at all.
    """
    named = {path.removeprefix("/").removeprefix("img-man/"): data for path, data in files.items()}
    manifest, warnings = _manifest(named.get(MANIFEST))
    stated = manifest.get("object_type", DETECTION)
    types = _object_types(stated)
    if not types:
        raise ManualError(MANIFEST, f"object_type {stated!r} is not known")
    templates: dict[tuple[int, str], str] = {}
    for object_type in types:
        prefix = f"{FOLDERS[object_type]}/" if isinstance(stated, list) else ""
        for task in TASKS:
            name = f"{prefix}{task}-template.yaml"
            try:
                templates[object_type, task] = _template(named[name])
            except KeyError:
                continue
            except documents.DocumentError as error:
                warnings.append(f"{name}: {error}")
    if not templates:
        raise ManualError("/img-man", "; ".join(warnings) or "no template for any task")
    return ImageManual(types, templates, manifest, tuple(warnings))


def fields(template: str) -> list[TemplateField]:
    """Return the options of a template in its order, without those that the platform sets.

    A comment behind the value, or right above the key, is the help text. One that lists words among which the default
    stands (`a|b|c`, `one of a, b`, `a, b or c`, `; a or b` at its end) makes the field a choice.

    Raises:
        ConfigError: when the text is not a YAML mapping.
    """
    try:
        values = documents.parse_mapping(template)
    except documents.DocumentError as error:
        raise ConfigError("template", str(error)) from error
    notes = _comments(template)
    return [_field(key, value, notes.get(key, "")) for key, value in values.items() if key not in INJECTED]


def _manifest(data: bytes | None) -> tuple[dict[str, Any], list[str]]:
    """Return the manifest and what is wrong with it; one that cannot be read counts as none, as it always has."""
    if data is None:
        return {}, []
    try:
        return documents.parse_mapping(data.decode("utf-8-sig")), []
    except (documents.DocumentError, UnicodeDecodeError) as error:
        return {}, [f"{MANIFEST}: {error}"]


def _object_types(stated: Any) -> tuple[int, ...]:
    """The known types among those stated; a number may be written as text."""
    listed = stated if isinstance(stated, list) else [stated]
    words = [str(item) for item in listed if isinstance(item, int | str) and not isinstance(item, bool)]
    return tuple(dict.fromkeys(int(word) for word in words if word.isdecimal() and int(word) in FOLDERS))


def _template(data: bytes) -> str:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise documents.DocumentError("not UTF-8 text") from error
    documents.parse_mapping(text)
    return text


def _field(key: str, default: Any, note: str) -> TemplateField:
    choices = _choices(note, default)
    if choices:
        return TemplateField(key, default, FieldType.CHOICE, note, choices)
    return TemplateField(key, default, _type(default), note)


def _type(default: Any) -> FieldType:
    if isinstance(default, bool):
        return FieldType.BOOL
    if isinstance(default, int):
        return FieldType.INT
    return FieldType.FLOAT if isinstance(default, float) else FieldType.TEXT


def _choices(note: str, default: Any) -> tuple[str, ...]:
    """A list of words counts only when the default is one of them."""
    if isinstance(default, bool) or not isinstance(default, str | int | float):
        return ()
    text = _ASIDE.sub("", note[:MAX_NOTE])
    for pattern in (_CHOICES, _ONE_OF, _LISTED, _PAIR):
        for found in pattern.findall(text):
            words = tuple(dict.fromkeys(word for word in _SEPARATOR.split(found) if word))
            if str(default) in words and len(words) > 1:
                return words
    return ()


def _comments(template: str) -> dict[str, str]:
    """Return the comment of each top-level key: behind its value, else the lines right above it."""
    lines = template.splitlines()
    root = yaml.compose(template, Loader=yaml.SafeLoader)
    notes: dict[str, str] = {}
    for key, value in root.value if isinstance(root, yaml.MappingNode) else ():
        behind = _behind(lines, value.end_mark) if isinstance(value, yaml.ScalarNode) else ""
        notes[str(key.value)] = behind or _above(lines, key.start_mark.line)
    return notes


def _behind(lines: list[str], mark: yaml.Mark) -> str:
    rest = lines[mark.line][mark.column :].strip() if mark.line < len(lines) else ""
    return rest.lstrip("#").strip() if rest.startswith("#") else ""


def _above(lines: list[str], line: int) -> str:
    block: list[str] = []
    while line > 0 and lines[line - 1].startswith("#"):
        line -= 1
        block.insert(0, lines[line].lstrip("#").strip())
    return " ".join(part for part in block if part)
