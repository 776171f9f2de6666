"""Which user the database servers run as: Postgres refuses to be root."""

import os
import pwd
import shutil
import stat
from dataclasses import dataclass
from pathlib import Path

# Debian's own user for Postgres where the package is installed; `nobody` exists everywhere.
SERVICE_USERS = ("postgres", "nobody")


@dataclass(frozen=True)
class Account:
    """A user that a server process is given up to."""

    name: str
    uid: int
    gid: int


class FolderTakenError(Exception):
    """A folder that must be private belongs to somebody else."""

    def __init__(self, folder: Path) -> None:
        super().__init__(f"{folder} belongs to another user; remove it or set YMIR_STATE_DIR to another folder")


def service_account() -> Account | None:
    """Return the user for the servers when we are root, None when they may run as ourselves."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name: entry for entry in pwd.getpwall()}
    entry = next(known[name] for name in SERVICE_USERS if name in known)
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)


def can_reach(account: Account | None, path: Path) -> bool:
    """Say whether every folder on the way to `path` lets the account through."""
    if account is None:
        return True
    return all(_lets_through(folder, account) for folder in path.parents if folder.exists())


def _lets_through(folder: Path, account: Account) -> bool:
    status = folder.stat()
    if status.st_uid == account.uid:
        return bool(status.st_mode & stat.S_IXUSR)
    if status.st_gid == account.gid:
        return bool(status.st_mode & stat.S_IXGRP)
    return bool(status.st_mode & stat.S_IXOTH)


def private_folder(folder: Path, account: Account | None) -> Path:
    """Make a folder only the account may enter (0700) and return it.

    Raises FolderTakenError when something else lies there: the name in /tmp can be guessed.
    """
    owner = account.uid if account else os.geteuid()
    folder.parent.mkdir(parents=True, exist_ok=True)
    try:
        folder.mkdir(mode=0o700)
    except FileExistsError:
        status = folder.lstat()
        if not stat.S_ISDIR(status.st_mode) or status.st_uid not in {owner, os.geteuid()}:
            raise FolderTakenError(folder) from None
    folder.chmod(0o700)
    if account:
        os.chown(folder, account.uid, account.gid)
    return folder


def give_tree(source: Path, target: Path) -> Path:
    """Copy a folder of programs to a place every user can read, once; return the copy."""
    if not target.exists():
        staging = target.with_name(target.name + ".part")
        shutil.rmtree(staging, ignore_errors=True)
        shutil.copytree(source, staging, symlinks=True)
        staging.rename(target)
    return target
