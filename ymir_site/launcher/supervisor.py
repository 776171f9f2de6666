"""Keeps processes running: starts them in order, restarts what ends, stops all in the opposite order."""

import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ymir_site.launcher import processes
from ymir_site.launcher.processes import Process

FIRST_PAUSE = 1.0
LONGEST_PAUSE = 30.0
LINES_SHOWN = 10
SETTLED_AFTER = 60.0  # seconds of life after which a process counts as well again


class NotReadyError(Exception):
    """A process did not become ready in time; carries its name and the end of its log."""

    def __init__(self, process: Process) -> None:
        self.process = process
        lines = process.log.read_text(errors="replace").splitlines() if process.log.exists() else []
        end = "\n".join(lines[-LINES_SHOWN:])
        super().__init__(f"{process.name} did not become ready; the end of {process.log}:\n{end}")


@dataclass
class Watched:
    """A process under watch; `failures` counts its quick ends in a row, `due` is when it may start again."""

    process: Process
    running: subprocess.Popen[bytes]
    since: float
    failures: int = 0
    restarts: int = 0
    due: float | None = None


class Supervisor:
    """Watches processes. Single-threaded: the owner calls `tick()` a few times a second."""

    def __init__(self, pid_folder: Path, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.watched: list[Watched] = []
        self._pid_folder = pid_folder
        self._clock = clock

    def start(self, process: Process) -> None:
        """Start a process and watch it from now on."""
        watched = Watched(process, processes.spawn(process), self._clock())
        self.watched.append(watched)
        self._write_pid(watched)

    def tick(self) -> bool:
        """Look at every process once; return whether anything was started or found ended."""
        changed = [self._look_at(watched) for watched in self.watched]  # each of them, so a list
        return any(changed)

    def _look_at(self, watched: Watched) -> bool:
        if watched.due is None:
            return watched.running.poll() is not None and self._plan_restart(watched)
        return self._clock() >= watched.due and self._restart(watched)

    def _plan_restart(self, watched: Watched) -> bool:
        now = self._clock()
        watched.failures = 1 if now - watched.since > SETTLED_AFTER else watched.failures + 1
        watched.due = now + min(FIRST_PAUSE * 2 ** (watched.failures - 1), LONGEST_PAUSE)
        processes.stop(watched.running, watched.process)  # what is left of its group
        self._pid_file(watched).unlink(missing_ok=True)
        return True

    def _restart(self, watched: Watched) -> bool:
        watched.running = processes.spawn(watched.process)
        watched.since, watched.due, watched.restarts = self._clock(), None, watched.restarts + 1
        self._write_pid(watched)
        return True

    def wait(self, ready: Callable[[], bool], process: Process, *, timeout: float) -> None:
        """Watch on until `ready()` says yes. Raises NotReadyError after `timeout` seconds."""
        deadline = self._clock() + timeout
        while not ready():
            if self._clock() > deadline:
                raise NotReadyError(process)
            self.tick()
            time.sleep(0.05)

    def stop(self) -> None:
        """Ask everything to end, newest first, each within its grace."""
        while self.watched:
            watched = self.watched.pop()
            with suppress(ProcessLookupError):
                processes.stop(watched.running, watched.process)
            self._pid_file(watched).unlink(missing_ok=True)

    def _pid_file(self, watched: Watched) -> Path:
        return self._pid_folder / f"{watched.process.name}.pid"

    def _write_pid(self, watched: Watched) -> None:
        self._pid_file(watched).write_text(f"{watched.running.pid}\n")
