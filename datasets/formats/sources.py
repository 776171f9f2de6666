"""Where an import reads from: a folder, or a zip that is never extracted. Names are relative and use `/`."""

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import IO, Protocol, Self

from common import archives
from common.archives import Archive, EntryError
from datasets.formats.faults import Fault, FaultLog, Reason

SKIPPED_NAMES = {"thumbs.db", "desktop.ini"}


class UnreadableError(ValueError):
    """A file's bytes cannot be had."""


class Source(Protocol):
    """Files by name. `sizes` lists them with their length in bytes, sorted by name."""

    sizes: dict[str, int]

    def read(self, name: str) -> bytes:
        """Return a file's bytes. Raises UnreadableError."""

    def open(self, name: str) -> AbstractContextManager[IO[bytes]]:
        """Open a file for reading piece by piece. Raises UnreadableError, also while it is read."""

    def close(self) -> None:
        """Let go of what is held open."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *_exc: object) -> None: ...


class SourceBase:
    """Closing, the same for all sources."""

    def close(self) -> None:
        """Let go of what is held open."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()


class FolderSource(SourceBase):
    """A folder of the server. Links inside it are left out: they could lead anywhere."""

    def __init__(self, root: Path, log: FaultLog) -> None:
        self.root = root
        self._odd_paths: dict[str, str] = {}  # of names that are not UTF-8
        sizes: dict[str, int] = {}
        for path, size in walk(str(root), "", log):
            name = os.fsencode(path).decode("utf-8", "replace")
            if name in sizes:
                log.add(Fault(name, Reason.DUPLICATE_NAME))
                continue
            sizes[name] = size
            if name != path:
                self._odd_paths[name] = path
        self.sizes = dict(sorted(sizes.items()))

    def read(self, name: str) -> bytes:
        """Return a file's bytes. Raises UnreadableError."""
        with self.open(name) as file:
            return file.read()

    @contextmanager
    def open(self, name: str) -> Iterator[IO[bytes]]:
        """Open a file for reading piece by piece. Raises UnreadableError, also while it is read."""
        try:
            with Path(self.root, self._odd_paths.get(name, name)).open("rb") as file:
                yield file
        except OSError as error:
            raise UnreadableError(error.strerror or str(error)) from error


def walk(root: str, prefix: str, log: FaultLog) -> "list[tuple[str, int]]":
    """Return the files below `root` as (path relative to it, size), without hidden ones and links."""
    found: list[tuple[str, int]] = []
    with os.scandir(os.path.join(root, prefix)) as entries:  # noqa: PTH118 - one Path for each of a million files is slow
        for entry in entries:
            path = prefix + entry.name
            if is_clutter(entry.name):
                continue
            if entry.is_symlink():
                log.add(Fault(os.fsencode(path).decode("utf-8", "replace"), Reason.LINK))
            elif entry.is_dir():
                found.extend(walk(root, path + "/", log))
            elif entry.is_file():
                found.append((path, entry.stat().st_size))
    return found


class ZipSource(SourceBase):
    """A zip archive, read in place."""

    def __init__(self, path: Path, log: FaultLog, limits: archives.Limits = archives.DEFAULT_LIMITS) -> None:
        """Look through the archive. Raises ArchiveError when it is broken or unpacks beyond the limits."""
        self._archive = Archive(path, limits)
        for refused in self._archive.refused:
            log.add(Fault(printable(refused.name), Reason(refused.reason)))
        names = ((name.replace("\\", "/"), name) for name in self._archive.sizes)
        self._names = {clean: name for clean, name in names if not any(is_clutter(part) for part in clean.split("/"))}
        self.sizes = {clean: self._archive.sizes[self._names[clean]] for clean in sorted(self._names)}

    def read(self, name: str) -> bytes:
        """Return an entry's bytes. Raises UnreadableError."""
        try:
            return self._archive.read(self._names[name])
        except EntryError as error:
            raise UnreadableError(str(error)) from error

    @contextmanager
    def open(self, name: str) -> Iterator[IO[bytes]]:
        """Open an entry for reading piece by piece. Raises UnreadableError, also while it is read."""
        try:
            with self._archive.open(self._names[name]) as file:
                yield file
        except EntryError as error:
            raise UnreadableError(str(error)) from error

    def close(self) -> None:
        """Close the file."""
        self._archive.close()


def is_clutter(name: str) -> bool:
    """Tell whether a file or folder was put there by a desktop, not by a person."""
    return name.startswith((".", "__MACOSX")) or name.lower() in SKIPPED_NAMES


def printable(name: str) -> str:
    """Return a name that can be shown and stored."""
    return "".join(letter if letter.isprintable() else "�" for letter in name)
