"""Opens files that an executor left in /out. The executor is not trusted: links are never followed."""

import errno
import os
import shutil
import stat
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from executors.contract.errors import ResultError, ResultMissingError

MAX_TEXT = 1 << 20
MAX_TABLE = 1 << 30
MAX_ENTRIES = 10_000
MAX_KEPT = 64 << 20
"""Bytes of a file that is kept when a run filled the disk: what it keeps must not be what filled it."""
_BLOCK = 512
"""Bytes of what stat calls a block, whatever the file system's are."""

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
# Not blocking: opening a named pipe must not hang.
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


@contextmanager
def opened(out: Path, name: str) -> Iterator[BinaryIO]:
    """Open the regular file `name` below the folder `out`, refusing links, pipes and devices on the way.

    Raises:
        ResultMissingError: when there is no such file.
        ResultError: when it is not a plain file below `out`.
    """
    descriptor = _descend(out, name)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise ResultError(name, "not a regular file")
    with os.fdopen(descriptor, "rb") as stream:
        yield stream


def exists(out: Path, name: str) -> bool:
    """Tell whether `name` is a regular file below `out`, reached without any link."""
    try:
        with opened(out, name):
            return True
    except ResultError:
        return False


def begin(out: Path, name: str, text: str, *, anew: bool = False) -> None:
    """Write a file right in `out` that everybody may write, unless something of this name is there already.

    With `anew` that is replaced, unless it is a folder.
    """
    if anew:
        with suppress(OSError):
            (out / name).unlink()
    try:
        descriptor = os.open(out / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileExistsError:
        return
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        os.fchmod(descriptor, 0o666)
        stream.write(text)


def folders(out: Path, name: str) -> tuple[str, ...]:
    """Return the names of the folders in the folder `name` below `out`, links not among them; none where it is none."""
    try:
        descriptor = os.open(out / name, _FOLDER)
    except OSError:
        return ()
    try:
        with os.scandir(descriptor) as entries:
            found = [entry.name for entry in islice(entries, MAX_ENTRIES) if entry.is_dir(follow_symlinks=False)]
    finally:
        os.close(descriptor)
    return tuple(sorted(found))


def read(out: Path, name: str, limit: int = MAX_TEXT) -> bytes:
    """Return the bytes of the file `name` below `out` (errors as in `opened`; ResultError beyond `limit` bytes)."""
    with opened(out, name) as stream:
        data = stream.read(limit + 1)
    if len(data) > limit:
        raise ResultError(name, f"larger than {limit} bytes")
    return data


def read_text(out: Path, name: str, limit: int = MAX_TEXT) -> str:
    """Return the text of the file `name` below `out` (errors as in `read`; ResultError when it is not UTF-8)."""
    try:
        return read(out, name, limit).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ResultError(name, f"not UTF-8 text (byte {error.start})") from error


@dataclass(frozen=True)
class Usage:
    """What lies below a folder."""

    size: int
    """Bytes on disk."""
    shut: int
    """Folders that another user has shut: nothing in them is counted."""


def disk_usage(out: Path) -> Usage:
    """Return how much everything below `out` takes; links are not followed, what vanishes counts as 0."""
    size, shut, folders = 0, 0, [out]
    while folders:
        try:
            with os.scandir(folders.pop()) as entries:
                for entry in entries:
                    with suppress(FileNotFoundError):
                        size += entry.stat(follow_symlinks=False).st_blocks * _BLOCK
                        if entry.is_dir(follow_symlinks=False):
                            folders.append(Path(entry.path))
        except PermissionError:
            shut += 1
        except OSError:
            continue
    return Usage(size, shut)


def clear(out: Path, *, keep: Collection[str]) -> None:
    """Delete everything below `out` but plain files of these names, up to `MAX_KEPT` each; what cannot be stays."""
    with suppress(OSError), os.scandir(out) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                shutil.rmtree(entry.path, ignore_errors=True)
            elif entry.name not in keep or not _may_be_kept(entry):
                with suppress(OSError):
                    Path(entry.path).unlink()


def _may_be_kept(entry: os.DirEntry[str]) -> bool:
    try:
        facts = entry.stat(follow_symlinks=False)
    except OSError:
        return False
    return stat.S_ISREG(facts.st_mode) and facts.st_blocks * _BLOCK <= MAX_KEPT


def _descend(out: Path, name: str) -> int:
    """Walk to the file one folder at a time, so that no part of the path can be a link."""
    parts = PurePosixPath(name).parts
    if not parts or PurePosixPath(name).is_absolute() or ".." in parts or "\0" in name:
        raise ResultError(name, "not a path below the output folder")
    folder = -1
    try:
        folder = os.open(out, _FOLDER)
        for part in parts[:-1]:
            below = os.open(part, _FOLDER, dir_fd=folder)
            os.close(folder)
            folder = below
        return os.open(parts[-1], _FILE, dir_fd=folder)
    except OSError as error:
        raise _refusal(name, error) from error
    except UnicodeEncodeError as error:
        raise ResultError(name, "not a file name") from error
    finally:
        if folder >= 0:
            os.close(folder)


def _refusal(name: str, error: OSError) -> ResultError:
    if error.errno == errno.ENOENT:
        return ResultMissingError(name, "missing")
    if error.errno in {errno.ELOOP, errno.ENOTDIR}:
        return ResultError(name, "a link, or not a folder where one is needed")
    return ResultError(name, os.strerror(error.errno or 0).lower())
