"""Settings from files: `.env` beside the sources, and the addresses of the private servers that run now."""

import os
from collections.abc import MutableMapping
from pathlib import Path

from ymir_site.launcher.places import Places

ADDRESSES = "addresses.env"


class BadLineError(ValueError):
    """A line of a settings file is not NAME=VALUE."""

    def __init__(self, path: Path, number: int, line: str) -> None:
        super().__init__(f"{path}, line {number}: {line!r} is not NAME=VALUE")


def read(path: Path) -> dict[str, str]:
    """Return the NAME=VALUE lines of a file; {} where there is none. Raises BadLineError.

    Quotes around a whole value are taken off; nothing is expanded, as in compose's own `.env`.
    """
    if not path.exists():
        return {}
    found: dict[str, str] = {}
    for number, raw in enumerate(path.read_text().splitlines(), start=1):
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        name, equals, value = line.partition("=")
        if not equals or not name.strip().isidentifier():
            raise BadLineError(path, number, line)
        found[name.strip()] = _unquoted(value.strip())
    return found


def _unquoted(value: str) -> str:
    quoted = len(value) > 1 and value[0] == value[-1] and value[0] in "'\""
    return value[1:-1] if quoted else value


def write_addresses(places: Places, addresses: dict[str, str]) -> None:
    """Leave the addresses of the private servers where commands find them; they hold a password."""
    target = places.run / ADDRESSES
    staging = target.with_suffix(".part")
    staging.unlink(missing_ok=True)
    with os.fdopen(os.open(staging, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as stream:
        stream.writelines(f"{name}={value}\n" for name, value in addresses.items())
    staging.rename(target)


def remove_addresses(places: Places) -> None:
    """Forget the private servers: they are stopped."""
    (places.run / ADDRESSES).unlink(missing_ok=True)


def adopt(environ: MutableMapping[str, str], places: Places | None = None) -> None:
    """Fill unset variables from `.env`, then from the private servers; what is set already stays."""
    root = places or Places.of_checkout()
    for path in (root.root / ".env", root.run / ADDRESSES):
        for name, value in read(path).items():
            environ.setdefault(name, value)
