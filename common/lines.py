"""Lines of versions: what they may be called, and how people name a version: `NAME@3`, or `NAME` for the newest."""

import re
from typing import Any, TypeVar

from django.db.models import Model, QuerySet

V = TypeVar("V", bound=Model)

NAME = re.compile(r"[^@/\\;,\s\x00-\x1f][^@/\\;,\x00-\x1f]{0,78}[^@/\\;,\s\x00-\x1f]|[^@/\\;,\s\x00-\x1f]")
MOST_DIGITS = 9  # of a number that fits the column


def is_name(name: str) -> bool:
    """Tell whether commands and addresses can carry a name."""
    return NAME.fullmatch(name) is not None


def find(versions: QuerySet[V], *, line: str, ref: str) -> V | None:
    """Return the version named `NAME@3`, or the newest of `NAME`; `line` is the relation that has the name."""
    name, _at, number = ref.partition("@")
    wanted: dict[str, Any] = {f"{line}__name": name}
    if number:
        if not number.isdecimal() or len(number) > MOST_DIGITS:
            return None
        wanted["number"] = int(number)
    return versions.filter(**wanted).order_by("-number").first()
