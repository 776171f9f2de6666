"""Starting and stopping one process so that nothing is left behind."""

import ctypes
import os
import signal
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from ymir_site.launcher.account import Account

PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None)


@dataclass(frozen=True)
class Process:
    """How to run one process: in `grace` seconds after `stop_signal` it must have ended."""

    name: str
    command: tuple[str, ...]
    log: Path
    folder: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    account: Account | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    grace: float = 20.0


def spawn(process: Process) -> subprocess.Popen[bytes]:
    """Start the process in a session of its own (^C does not reach it) that ends when we do, even by kill -9."""
    account = process.account
    with process.log.open("ab") as log:
        return subprocess.Popen(
            process.command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd=process.folder,
            env={**os.environ, **process.environment},
            user=account.uid if account else None,
            group=account.gid if account else None,
            extra_groups=[] if account else None,
            start_new_session=True,
            preexec_fn=lambda: _end_with_parent(process.stop_signal),  # noqa: PLW1509  one thread here
        )


def _end_with_parent(stop_signal: signal.Signals) -> None:
    # Runs after the change of user, which would clear the setting (prctl(2)).
    LIBC.prctl(PR_SET_PDEATHSIG, int(stop_signal), 0, 0, 0)


def stop(running: subprocess.Popen[bytes], process: Process) -> None:
    """Ask the process to end; kill its whole group when it does not within its grace."""
    if running.poll() is None:
        running.send_signal(process.stop_signal)
        with suppress(subprocess.TimeoutExpired):
            running.wait(process.grace)
    with suppress(ProcessLookupError):
        os.killpg(running.pid, signal.SIGKILL)
    running.wait()
