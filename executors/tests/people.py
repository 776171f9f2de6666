"""Tests as root may do something as another user."""

import multiprocessing
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

SOMEONE = 4321


def open_way(folder: Path) -> None:
    """Let everybody reach a folder of the test's own."""
    for each in (folder, *folder.parents):
        if each == Path(tempfile.gettempdir()):
            return
        each.chmod(each.stat().st_mode | 0o055)


def give(folder: Path, uid: int = SOMEONE) -> None:
    """Make everything below a folder someone's."""
    for each in (folder, *folder.rglob("*")):
        os.chown(each, uid, uid, follow_symlinks=False)


@contextmanager
def someone_else(uid: int = SOMEONE) -> Iterator[None]:
    """Open files as another user, with none of root's rights, for a while."""
    os.setegid(uid)
    os.seteuid(uid)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)


def work_as(uid: int, work: Callable[[], None]) -> None:
    """Do something in a process of another user who may use the Docker engine, as a worker may that is not root."""
    child = multiprocessing.get_context("fork").Process(target=lambda: (become(uid), work()))
    child.start()
    child.join(120)
    assert child.exitcode == 0


def become(uid: int) -> None:
    """Give up root's rights for those of a user who may use the Docker engine."""
    os.setgroups([Path("/var/run/docker.sock").stat().st_gid])
    os.setgid(uid)
    os.setuid(uid)
