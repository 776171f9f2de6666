"""Runs executor images that we ship as plain processes, on machines without Docker.

The same work folder and the same start.sh as in a container, but the host's own paths, found through
DEFAULT_ENV_FILE_PATH. There is no isolation: only images from our own folder are ever started.

Each run has a folder in the state folder: `run.json` (what was started), `stat` (identity of the process),
`exit_code`. A shell around the program writes the last two, so that they are there whatever becomes of the worker.
"""

import json
import os
import re
import shutil
import signal
import subprocess
import time
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from executors.runners.base import (
    DEFAULT_GRACE,
    KILLED_EXIT_CODE,
    MAX_LOG_BYTES,
    ImageFacts,
    ImageMissingError,
    OwnedRun,
    RunExistsError,
    RunOutcome,
    RunSpec,
    RunState,
    StartError,
    classify,
)
from executors.runners.shipped import digest, files

START_TIMEOUT = 10.0
KEPT_LOG_BYTES = MAX_LOG_BYTES // 4
CUT_BEFORE = b"[the log was too long: its beginning was cut]\n"
_POLL = 0.02
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
_ASIDE = re.compile(rf"\.{_NAME.pattern}\.[0-9a-f]{{32}}")
ASIDE_SECONDS = 86_400.0
_KEPT_ENV = ("LD_LIBRARY_PATH", "TZ")
# The shell outlives a SIGTERM to its group, so that it can record how the program took it. Like a container, the run
# ends with its main program: whatever else is left of the group is killed.
_WRAPPER = """
run=$1 memory_kb=$2; shift 2
trap : TERM
cat /proc/$$/stat > "$run/stat.new" && mv "$run/stat.new" "$run/stat"
ulimit -c 0
[ "$memory_kb" = 0 ] || ulimit -d "$memory_kb"
nice -n 10 "$@"
code=$?
echo $code > "$run/exit_code.new" && mv "$run/exit_code.new" "$run/exit_code"
kill -KILL 0
"""


class ProcessRunner:
    """Runs for one installation: all its workers on this host share `state_dir`.

    `images_dir` holds a folder for each image, `python` is the interpreter that start.sh shall find first.
    """

    def __init__(self, *, state_dir: Path, images_dir: Path, python: Path) -> None:
        self.state_dir = state_dir
        self.images_dir = images_dir
        self.python = python
        self._children: dict[str, subprocess.Popen[bytes]] = {}

    def image_folder(self, reference: str) -> Path:
        """Return the folder of a shipped image.

        Raises:
            ImageMissingError: there is none of this name.
        """
        folder = self.images_dir / reference
        if not _NAME.fullmatch(reference) or not (folder / "start.sh").is_file():
            raise ImageMissingError(reference, "no executor of this name comes along")
        return folder

    def start(self, spec: RunSpec) -> None:
        command = spec.command or ("bash", str(self.image_folder(spec.image) / "start.sh"))
        _sweep_asides(self.state_dir)
        run = _Run.create(self.state_dir / spec.name, spec)
        memory_kb = str(spec.memory_bytes // 1024)
        spec.log_file.unlink(missing_ok=True)
        spec.log_file.write_text(f"{spec.notice}\n" if spec.notice else "", encoding="utf-8")
        with spec.log_file.open("ab") as log:  # appended to, so that it can be cut while the program writes
            child = subprocess.Popen(  # noqa: S603 -- an image of our own folder, arguments never parsed by a shell
                ["/bin/sh", "-c", _WRAPPER, "sh", str(run.folder), memory_kb, *command],
                cwd=spec.out_dir,
                env=self._environment(spec, run),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._children[spec.name] = child
        if not _wait(lambda: run.started or child.poll() is not None, START_TIMEOUT) or not run.started:
            self.remove(spec.name)
            raise StartError(spec.image, "the shell around the program did not start")

    def poll(self, name: str) -> RunOutcome:
        run = self._find(name)
        with suppress(FileNotFoundError):  # it was removed by someone else just now
            if run is not None and run.started:
                return self.stop(name) if run.alive and run.overdue else run.outcome()
        return RunOutcome(RunState.MISSING)

    def adopt(self, name: str) -> RunOutcome | None:
        outcome = self.poll(name)
        if outcome.state is RunState.MISSING:
            self.remove(name)
            return None
        return outcome

    def logs(self, name: str) -> None:
        """Cut a log that has grown too long; the program writes into it itself."""
        run = self._find(name)
        log = Path(run.facts.get("log") or os.devnull) if run is not None else None
        if log is not None and log.is_file() and log.stat().st_size > MAX_LOG_BYTES:
            _cut(log)

    def stop(self, name: str, grace: float = DEFAULT_GRACE) -> RunOutcome:
        run = self._find(name)
        if run is None:
            return RunOutcome(RunState.MISSING)
        if run.alive:
            run.signal(signal.SIGTERM)
            _wait(lambda: not run.alive, grace)
        run.kill()
        return self.poll(name)

    def remove(self, name: str) -> None:
        run = self._find(name)
        if run is None:
            return
        run.kill()
        self._reap(name)
        # Moved aside first: whoever looks at the run meanwhile might write into its folder while that is emptied.
        gone = _aside(run.folder)
        with suppress(FileNotFoundError):
            run.folder.rename(gone)
        shutil.rmtree(gone, ignore_errors=True)

    def list_owned(self) -> list[OwnedRun]:
        folders = sorted(self.state_dir.iterdir()) if self.state_dir.is_dir() else []
        runs = [run for folder in folders if (run := self._find(folder.name)) is not None]
        return [OwnedRun(run.folder.name, run.facts.get("job", ""), self.poll(run.folder.name).state) for run in runs]

    def fetch_image(self, reference: str) -> None:
        """Shipped images are there already (ImageMissingError otherwise)."""
        self.image_folder(reference)

    def inspect_image(self, reference: str) -> ImageFacts:
        folder = self.image_folder(reference)
        source = digest(folder)
        manual = {f"/{path.relative_to(folder)}": path.read_bytes() for path in files(folder / "img-man")}
        return ImageFacts(reference, source, manual, source=source)

    def _environment(self, spec: RunSpec, run: "_Run") -> dict[str, str]:
        """A minimum; above all none of the site's secrets."""
        kept = {name: os.environ[name] for name in _KEPT_ENV if name in os.environ}
        threads = {"OMP_NUM_THREADS": str(max(1, round(spec.cpus)))} if spec.cpus else {}
        return {
            **kept,
            **threads,
            "PATH": f"{self.python.parent}:/usr/local/bin:/usr/bin:/bin",
            "HOME": str(run.folder),
            "USER": "executor",
            "LANG": "C.UTF-8",
            "OMP_WAIT_POLICY": "PASSIVE",  # busy waiting slows a shared machine down many times
            "CUDA_VISIBLE_DEVICES": ",".join(str(index) for index in spec.gpus),
            "DEFAULT_ENV_FILE_PATH": str(spec.in_dir / "env.yaml"),
            "DEFAULT_CONFIG_FILE_PATH": str(spec.in_dir / "config.yaml"),
            **spec.env,
        }

    def _find(self, name: str) -> "_Run | None":
        folder = self.state_dir / name
        if not _NAME.fullmatch(name) or not folder.is_dir():
            return None
        self._reap(name)
        return _Run(folder)

    def _reap(self, name: str) -> None:
        child = self._children.get(name)
        if child is not None and child.poll() is not None:
            del self._children[name]


@dataclass(frozen=True)
class _Run:
    """The folder of one run."""

    folder: Path

    @classmethod
    def create(cls, folder: Path, spec: RunSpec) -> "_Run":
        if not _NAME.fullmatch(spec.name):
            raise StartError(spec.name, "not a plain name")
        facts = {"job": spec.job, "time_limit": spec.time_limit, "log": str(spec.log_file)}
        # Made aside: a run without its facts would look like nobody's to who sweeps up meanwhile.
        staging = _aside(folder)
        staging.mkdir(mode=0o700, parents=True)
        (staging / "run.json").write_text(json.dumps(facts))
        try:
            staging.rename(folder)
        except OSError as error:
            shutil.rmtree(staging)
            raise RunExistsError(spec.name) from error
        return cls(folder)

    @property
    def facts(self) -> dict[str, Any]:
        try:
            return dict(json.loads((self.folder / "run.json").read_text()))
        except (OSError, ValueError):  # its worker died before it was written
            return {}

    @property
    def started(self) -> bool:
        return (self.folder / "stat").exists()

    @property
    def started_at(self) -> datetime:
        return _modified(self.folder / "stat")

    @property
    def overdue(self) -> bool:
        limit = float(self.facts.get("time_limit") or 0)
        return bool(limit) and (datetime.now(UTC) - self.started_at).total_seconds() >= limit

    @property
    def alive(self) -> bool:
        """Whether the very process that was started runs: its number alone may have been given away again."""
        if (self.folder / "exit_code").exists():
            return False
        try:
            pid, born, _ = _identity((self.folder / "stat").read_text())
            _, born_now, state = _identity(Path(f"/proc/{pid}/stat").read_text())
        except (OSError, ValueError):
            return False
        return born_now == born and state not in {"Z", "X"}

    def outcome(self) -> RunOutcome:
        if self.alive:
            return RunOutcome(RunState.RUNNING, started_at=self.started_at)
        path = self.folder / "exit_code"
        if not path.exists():
            self.kill()
            with suppress(FileNotFoundError):
                _write_once(path, f"{KILLED_EXIT_CODE}\n")
        exit_code, finished_at = int(path.read_text()), _modified(path)
        limit = float(self.facts.get("time_limit") or 0)
        cause = classify(
            exit_code, oom_killed=False, time_limit=limit, started_at=self.started_at, finished_at=finished_at
        )
        return RunOutcome(RunState.EXITED, exit_code, False, cause, self.started_at, finished_at)

    def signal(self, number: signal.Signals) -> None:
        """Signal the whole group, unless its number belongs to a stranger by now."""
        try:
            pid, born, _ = _identity((self.folder / "stat").read_text())
        except FileNotFoundError:  # not begun, or removed by someone else
            return
        with suppress(OSError, ValueError):
            if _identity(Path(f"/proc/{pid}/stat").read_text())[1] != born:
                return
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, number)

    def kill(self) -> None:
        self.signal(signal.SIGKILL)
        _wait(lambda: not self.alive, START_TIMEOUT)


def _identity(stat: str) -> tuple[int, str, str]:
    """Return process id, start time and state of a line of /proc/PID/stat (proc(5): fields 1, 22 and 3)."""
    head, _, rest = stat.rpartition(")")
    fields = rest.split()
    if len(fields) < 20:  # noqa: PLR2004 -- field 22 is the 20th behind the name
        raise ValueError(stat)
    return int(head.partition(" ")[0]), fields[19], fields[0]


def _aside(folder: Path) -> Path:
    """A place beside a run's folder that no run has for a name."""
    return folder.with_name(f".{folder.name}.{uuid.uuid4().hex}")


def _sweep_asides(state_dir: Path) -> None:
    """Delete what killed workers left of runs half made or half removed, once nobody can be at it any more."""
    for folder in state_dir.glob(".*") if state_dir.is_dir() else ():
        with suppress(OSError):
            if _ASIDE.fullmatch(folder.name) and time.time() - folder.stat().st_mtime > ASIDE_SECONDS:
                shutil.rmtree(folder, ignore_errors=True)


def _modified(path: Path) -> datetime:
    return datetime.fromtimestamp(path.stat().st_mtime, UTC)


def _write_once(path: Path, text: str) -> None:
    """Write a file that another process may write at the same time: the first one stays."""
    mine = path.with_name(f"{path.name}.{os.getpid()}")
    mine.write_text(text)
    with suppress(FileExistsError):
        path.hardlink_to(mine)
    mine.unlink()


def _wait(condition: Callable[[], bool], timeout: float) -> bool:
    """Wait until `condition` holds; return whether it does."""
    deadline = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(_POLL)
    return True


def _cut(log: Path) -> None:
    """Keep the end of a log, as Docker's own limit does; lines written at this very moment may be lost with the rest.

    The program goes on with the same open file, so its end is written anew behind a cut, never a new file.
    """
    with log.open("rb") as stream:
        stream.seek(-KEPT_LOG_BYTES, os.SEEK_END)
        kept = stream.read().partition(b"\n")[2]
    with log.open("ab") as stream:
        stream.truncate(0)
        stream.write(CUT_BEFORE + kept)
