"""Files written once: hash, stage, publish. A reader sees a whole file or folder, or none, whatever dies meanwhile."""

import contextlib
import ctypes
import errno
import hashlib
import os
import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path

READ_SIZE = 1 << 20
_libc = ctypes.CDLL(None, use_errno=True)


class UnsafePathError(ValueError):
    """A name that leads out of the folder it should lie in."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(f"{name!r} leads out of its folder")


def hash_file(path: Path) -> str:
    """Return the SHA-256 of a file's bytes, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def safe_join(root: Path, name: str) -> Path:
    """Return the path of `name` inside `root`.

    Raises UnsafePathError for an absolute name, a drive letter, a `..` part or a NUL byte. Links are not followed.
    """
    parts = name.replace("\\", "/").split("/")
    if name.startswith(("/", "\\")) or ".." in parts or "\0" in name or parts[0].endswith(":"):
        raise UnsafePathError(name)
    return root.joinpath(*(part for part in parts if part not in {"", "."}))


@contextlib.contextmanager
def stage(data_root: Path) -> Iterator[Path]:
    """Give an empty folder in `data_root`/tmp, on the file system of what will be published; remove what is left."""
    folder = data_root / "tmp" / uuid.uuid4().hex
    folder.mkdir(parents=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def write_synced(path: Path, data: bytes) -> None:
    """Write a new file and wait until the disk has it."""
    with path.open("xb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def write_atomic(path: Path, data: bytes) -> None:
    """Replace or create a small file in one step."""
    staged = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    try:
        write_synced(staged, data)
        staged.rename(path)
    finally:
        staged.unlink(missing_ok=True)
    sync_folder(path.parent)


def publish_folder(staged: Path, target: Path) -> bool:
    """Move a finished folder to its place in one step; return False when the place was taken by an earlier writer.

    The place is named by the content, so what is there already is the same.
    """
    sync_tree(staged)
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        staged.rename(target)
    except OSError as error:
        if error.errno not in {errno.EEXIST, errno.ENOTEMPTY}:
            raise
        if not make_young(target):  # it went just now
            return publish_folder(staged, target)
        return False
    sync_folder(target.parent)
    return True


def make_young(path: Path) -> bool:
    """Tell whether there is something, and date it now: it is no garbage, though no row refers to it yet."""
    try:
        os.utime(path)
    except FileNotFoundError:
        return False
    return True


def sync_tree(folder: Path) -> None:
    """Wait until the disk has every file and folder below `folder`."""
    for parent, _folders, names in os.walk(folder):
        for name in names:
            sync_file(Path(parent, name))
        sync_folder(Path(parent))


def sync_file(path: Path) -> None:
    """Wait until the disk has a file."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_folder(path: Path) -> None:
    """Wait until the disk has a folder's list of names."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_filesystem(path: Path) -> None:
    """Wait until the disk has everything written to the file system of `path`.

    One call for a hundred thousand small files, where one fsync each would take minutes.
    """
    descriptor = os.open(path, os.O_RDONLY)
    try:
        if _libc.syncfs(descriptor) != 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number), str(path))
    finally:
        os.close(descriptor)
