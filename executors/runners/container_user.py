"""Who a program is in its container, where it may write there, and how the worker gets at what it wrote."""

import logging
import os
import posixpath
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import requests
from docker.errors import APIError, DockerException
from docker.models.containers import Container
from docker.types import LogConfig

from executors.runners import container_files
from executors.runners.base import ROOT
from executors.runners.container_options import JOB, OWNER, UNSEEN, WORK, bind, variables

logger = logging.getLogger(__name__)
NOBODY = "65534:65534"
CACHES = (".cache", ".config")
OPENING_SECONDS = 30.0
"""How long a program's user may take to open what it wrote."""
_NOT_ITS_OWN = {("in",), ("out",), ("dev",), ("proc",), ("sys",)}
# Not `chmod -R /out`: busybox's goes no further when /out itself is another's. A link that is named would be followed;
# those met on the way down are left alone.
_OPEN = """
open() { chmod -R a+rwX,a-t "$@"; }
cd /out && set -- || exit
for each in * .[!.]* ..?*; do
  [ -L "$each" ] || set -- "$@" "./$each"
  [ $# -lt 100 ] || { open "$@"; set --; }
done
[ $# = 0 ] || open "$@"
"""


@dataclass(frozen=True)
class User:
    """A user of an image: `uid:gid`, and its home, where it has one."""

    ids: str
    home: str = ""


def unprivileged() -> str:
    """Return `uid:gid` for containers: the worker's own, so that it can delete what they wrote; never root's."""
    return f"{os.getuid()}:{os.getgid()}" if os.getuid() else NOBODY


def named_by(container: Container, settings: Mapping[str, Any]) -> User | None:
    """Return the user that a container's image names; None where it names none, or root."""
    name, _, group = str(settings.get("User") or "").partition(":")
    known = container_files.account(container, name) if name else None
    uid = known.uid if known else name
    if not uid.isdecimal() or not int(uid):
        return None
    gid = group if group.isdecimal() else known.gid if known else uid
    return User(f"{uid}:{gid}", known.home if known and _may_be_opened(known.home) else "")


def make_at_home(container: Container) -> None:
    """Let a program write where it stands and where it lives: most were made by people who ran them as root."""
    settings = container.attrs["Config"]
    if settings["User"] == ROOT:
        return
    home = variables(settings).get("HOME", "")
    for path in dict.fromkeys((settings["WorkingDir"], home, *(f"{home}/{name}" for name in CACHES if home))):
        if _may_be_opened(path):
            with suppress(APIError):  # a convenience, and no reason not to start
                container_files.open_folder(container, posixpath.normpath(path), settings["User"])


def open_output(container: Container) -> None:
    """Let the worker read and delete what a program wrote as another user.

    That user does it, in another container of the same image: whose files they are needs no rights to open them. What
    it does not open, say because the image has no shell, stays shut.
    """
    user = container.attrs["Config"]["User"]
    if not os.getuid() or user == unprivileged():
        return
    helper = None
    try:
        helper = _opener(container, user)
        helper.start()
        helper.wait(timeout=OPENING_SECONDS)
    except (DockerException, requests.RequestException) as error:
        logger.warning("%s: what it wrote as user %s may stay shut (%s)", container.name, user, error)
    finally:
        if helper is not None:
            with suppress(DockerException, requests.RequestException):
                helper.remove(force=True, v=True)


def _opener(container: Container, user: str) -> Container:
    # The shell is the image's, and no more to be trusted than its program.
    return container.client.containers.create(  # type: ignore[union-attr]
        container.attrs["Image"],
        ["-c", _OPEN],
        entrypoint="/bin/sh",
        user=user,
        working_dir="/",
        environment=UNSEEN,
        mounts=[bind(Path(container.labels[WORK]) / "out", "/out", True)],
        labels={OWNER: container.labels[OWNER], JOB: container.labels[JOB]},
        network_mode="none",
        read_only=True,
        cap_drop=["ALL"],
        # A program that may be root may have left files of others; root's rights over them are a part of what it had.
        cap_add=["DAC_OVERRIDE", "FOWNER"] if user == ROOT else [],
        security_opt=["no-new-privileges"],
        pids_limit=64,
        mem_limit="256m",
        memswap_limit="256m",
        log_config=LogConfig(type="none"),
    )


def _may_be_opened(path: str) -> bool:
    """Whether a path is a place inside the container that is its own."""
    parts = PurePosixPath(posixpath.normpath(path)).parts if posixpath.isabs(path) else ()
    return len(parts) > 1 and parts[1:2] not in _NOT_ITS_OWN
