"""Reads and opens folders of a container that is made but not started. Nothing is run for it: the engine does it."""

import io
import posixpath
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, cast

from docker.errors import NotFound
from docker.models.containers import Container

MANUAL = "/img-man"
MAX_FILE_BYTES = 1 << 20
MAX_FILES = 200
MAX_LINKS = 8
_KEPT = (".yaml", ".yml", ".md")
_NAME, _UID, _GID, _HOME = 0, 2, 3, 5
"""Columns of /etc/passwd (passwd(5))."""


def manual(container: Container) -> dict[str, bytes]:
    """Return the texts of /img-man by path, links followed inside the container; nothing where there is none.

    What else lies there, and texts larger than any manual, are passed over.
    """
    root = _resolved(container, MANUAL)
    found: dict[str, bytes] = {}
    for member, content in _members(container, root) if root else ():
        inside = member.name.partition("/")[2]  # the first part is the folder's own name, whatever leads to it
        if not inside.endswith(_KEPT) or len(found) >= MAX_FILES:
            continue
        if member.islnk():
            linked = found.get(f"{MANUAL}/{member.linkname.partition('/')[2]}")
        else:
            linked = _text(container, f"{root}/{inside}") if member.issym() else None
        text = content if linked is None else linked
        if text is not None:
            found[f"{MANUAL}/{inside}"] = text
    return found


@dataclass(frozen=True)
class Account:
    """A user as /etc/passwd has it."""

    uid: str
    gid: str
    home: str


def account(container: Container, user: str) -> Account | None:
    """Return a user, by name or number, from the container's own /etc/passwd; None when it is not listed."""
    table = _text(container, "/etc/passwd") or b""
    rows = [line.split(":") for line in table.decode(errors="replace").splitlines()]
    for column in (_NAME, _UID):
        for row in rows:
            if len(row) > _HOME and row[column] == user:
                return Account(row[_UID], row[_GID], row[_HOME])
    return None


def open_folder(container: Container, path: str, user: str) -> None:
    """Let everybody write into a folder of the container's own file system, unless `user` (`uid:gid`) may already.

    It is made where it is missing. Only the folder itself is changed, in this container alone. What is no folder, such
    as a link, stays as it is.
    """
    parent, name = posixpath.split(path.rstrip("/"))
    if not name:  # the engine leaves the root as it is
        return
    folder = next((member for member, _ in _members(container, path)), None) or _new_folder()
    if not folder.isdir() or _may_write(folder, user):
        return
    folder.mode |= 0o777
    try:
        container.put_archive(parent, _packed(folder, name))
    except NotFound:  # the engine makes what is missing on the way
        container.put_archive("/", _packed(folder, path.strip("/")))


def _may_write(folder: tarfile.TarInfo, user: str) -> bool:
    uid, _, gid = user.partition(":")
    shift = 6 if str(folder.uid) == uid else 3 if str(folder.gid) == gid else 0
    return folder.mode >> shift & 0o3 == 0o3  # noqa: PLR2004 -- write and enter


def _new_folder() -> tarfile.TarInfo:
    folder = tarfile.TarInfo()
    folder.type = tarfile.DIRTYPE
    return folder


def _packed(folder: tarfile.TarInfo, name: str) -> bytes:
    folder.name = name
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        archive.addfile(folder)
    return buffer.getvalue()


def _resolved(container: Container, path: str) -> str:
    """Follow the links that a path ends in; empty when it leads nowhere."""
    for _hop in range(MAX_LINKS):
        try:
            stream, facts = container.get_archive(path)
        except NotFound:
            return ""
        stream.close()  # type: ignore[attr-defined]
        target = facts["linkTarget"] if facts else ""
        if not target:
            return path
        path = posixpath.normpath(posixpath.join(posixpath.dirname(path), target))
    return ""


def _text(container: Container, path: str) -> bytes | None:
    """The content of a small file, links followed."""
    target = _resolved(container, path)
    return next((data for _, data in _members(container, target) if data is not None), None) if target else None


def _members(container: Container, path: str) -> Iterator[tuple[tarfile.TarInfo, bytes | None]]:
    """Yield what lies at a path as the engine packs it, with the content of small files; nothing when it is missing."""
    try:
        stream, _ = container.get_archive(path)
    except NotFound:
        return
    try:
        with tarfile.open(fileobj=cast(IO[bytes], _Reader(stream)), mode="r|") as archive:
            for member in archive:
                file = archive.extractfile(member) if member.isreg() and member.size <= MAX_FILE_BYTES else None
                yield member, file.read() if file is not None else None
    finally:
        stream.close()  # type: ignore[attr-defined]


class _Reader:
    """A stream of blocks as the file that tarfile reads."""

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self.blocks = blocks
        self.rest = b""

    def read(self, size: int) -> bytes:
        while len(self.rest) < size:
            block = next(self.blocks, b"")
            if not block:
                break
            self.rest += block
        data, self.rest = self.rest[:size], self.rest[size:]
        return data
