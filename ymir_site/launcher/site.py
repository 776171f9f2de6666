"""The processes of the site itself, and what must be done before they start."""

import json
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

from ymir_site.launcher.places import Places
from ymir_site.launcher.processes import Process

DEFAULT_PORT, LAST_PORT = 12001, 65535
TICK_SECONDS = 3
# A job may be in the middle of writing its results when it is asked to end.
WORKER_GRACE = 30.0


class PortTakenError(Exception):
    """Something else listens where the site should."""

    def __init__(self, port: int) -> None:
        super().__init__(f"port {port} is in use by another program; stop it, or set YMIR_PORT to another port")


class BadPortError(ValueError):
    """YMIR_PORT names no port."""

    def __init__(self, word: str) -> None:
        super().__init__(f"YMIR_PORT is {word!r}; a whole number from 1 to {LAST_PORT} is needed")


class PreparationError(Exception):
    """A command that must succeed before the start failed; carries what it wrote."""


@dataclass(frozen=True)
class Site:
    """The site with its environment: `environ` is complete, addresses included."""

    places: Places
    environ: Mapping[str, str]

    @property
    def port(self) -> int:
        """The port of the web server. Raises BadPortError."""
        word = self.environ.get("YMIR_PORT") or str(DEFAULT_PORT)
        if not (
            word.isascii() and word.isdecimal() and len(word) <= len(str(LAST_PORT)) and 0 < int(word) <= LAST_PORT
        ):
            raise BadPortError(word)
        return int(word)

    @property
    def bind(self) -> str:
        """The network address of the web server: this machine only, unless told otherwise."""
        return self.environ.get("YMIR_BIND") or "127.0.0.1"

    @property
    def address(self) -> str:
        """What to open in a browser."""
        return f"http://localhost:{self.port}"

    def require_free_port(self) -> None:
        """Raises PortTakenError."""
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((self.bind, self.port))
            except OSError:
                raise PortTakenError(self.port) from None

    def prepare(self) -> Iterator[str]:
        """Do what a start needs first, naming each step before it is done. Raises PreparationError."""
        self._make_data_root()
        yield "Bringing the database up to date"
        self._manage("migrate", "--noinput")
        yield "Compiling translations and static files"
        self._run(str(self.places.root / "tools" / "compile_messages.py"))
        self._manage("collectstatic", "--noinput")

    def _make_data_root(self) -> None:
        folder = Path(self.environ.get("YMIR_DATA_ROOT") or self.places.state / "data")
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise PreparationError(f"the data folder {folder} cannot be made: {error.strerror}") from None

    def _manage(self, *words: str, secret: bool = False) -> str:
        return self._run("manage.py", *words, secret=secret)

    def _run(self, *words: str, secret: bool = False) -> str:
        command = [sys.executable, *words]
        answer = subprocess.run(
            command, cwd=self.places.root, env=dict(self.environ), capture_output=True, text=True, check=False
        )
        with (self.places.logs / "prepare.log").open("a") as log:
            log.write(f"$ {' '.join(words)}\n{'' if secret else answer.stdout}{answer.stderr}")
        if answer.returncode:
            raise PreparationError(
                f"{' '.join(words)} failed; all of it is in {log.name}:\n{_last_lines(answer.stderr)}"
            )
        return answer.stdout

    def first_admin(self) -> tuple[str, str]:
        """Make the first admin unless there is one; return the name, and the password if it was made just now.

        Raises PreparationError.
        """
        facts = json.loads(self._manage("ensure_admin", "--json", secret=True))
        return facts["username"], facts["password"]

    def running_containers(self) -> list[str]:
        """Return the names of the containers of jobs that run on this machine; they outlive the site.

        Raises PreparationError.
        """
        runs = json.loads(self._manage("list_runs", "--json"))["runs"]
        return [run["name"] for run in runs if (run["runner"], run["state"]) == ("docker", "running")]

    def processes(self) -> list[Process]:
        """Return the web server, the two workers and the scheduler."""
        web = (
            *("-m", "gunicorn", "ymir_site.wsgi:application", "--bind", f"{self.bind}:{self.port}"),
            *("--workers", self.environ.get("YMIR_WEB_WORKERS") or "2", "--threads", "8", "--timeout", "120"),
            *("--access-logfile", "-", "--no-control-socket", "--worker-tmp-dir", str(self.places.run)),
        )
        return [
            self._process("web", *web),
            self._process("worker", "manage.py", "rqworker", "default", grace=WORKER_GRACE),
            self._process("executor", "manage.py", "executor_worker", grace=WORKER_GRACE),
            self._process("scheduler", "manage.py", "scheduler", "--every", str(TICK_SECONDS)),
        ]

    def _process(self, name: str, *words: str, grace: float = 10.0) -> Process:
        return Process(
            name=name,
            command=(sys.executable, *words),
            log=self.places.logs / f"{name}.log",
            folder=self.places.root,
            environment=self.environ,
            grace=grace,
        )

    def answers(self) -> bool:
        """Say whether the web server serves pages; a refusal of our host name is an answer too."""
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{self.port}/health/", timeout=5).close()
        except urllib.error.HTTPError as error:
            return error.code < HTTPStatus.INTERNAL_SERVER_ERROR
        except (urllib.error.URLError, OSError):
            return False
        return True


def _last_lines(text: str, count: int = 5) -> str:
    return "\n".join(text.strip().splitlines()[-count:])
