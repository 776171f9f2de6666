"""A whole site for tests: started by the launcher as people start it, on a port and in a folder of its own."""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
ADMIN, PASSWORD = "admin", "quiet-harbor-9"
# Of the test session's own servers, which the site must not share.
DROPPED = {"DATABASE_URL", "REDIS_URL", "YMIR_DATA_ROOT", "DJANGO_SETTINGS_MODULE"}


@dataclass(frozen=True)
class Answer:
    """How a command ended: its exit code, the one object on stdout (None where there is none), and stderr."""

    code: int
    facts: dict[str, Any] | None
    stderr: str

    def __getitem__(self, key: str) -> Any:
        assert self.facts is not None, self.stderr
        return self.facts[key]


class Installation:
    """A site that shares nothing with the checkout's own."""

    def __init__(self, state: Path, port: int, *, admin: str = ADMIN, password: str = PASSWORD) -> None:
        self.state, self.port = state, port
        self.url = f"http://localhost:{port}"
        self.data = state / "data"
        self.environ = {
            **{name: value for name, value in os.environ.items() if name not in DROPPED},
            "YMIR_STATE_DIR": str(state),
            "YMIR_PORT": str(port),
            "YMIR_RUNNER": "process",
            "YMIR_WEB_WORKERS": "1",
            "FIRST_ADMIN": admin,
            "FIRST_ADMIN_PASSWORD": password,
        }

    def call(self, *words: str, **environ: str) -> subprocess.CompletedProcess[str]:
        """Run Python in the checkout with the site's environment."""
        command = [sys.executable, *words]
        return subprocess.run(
            command, cwd=ROOT, env={**self.environ, **environ}, capture_output=True, text=True, check=False
        )

    def launcher(self, command: str) -> subprocess.CompletedProcess[str]:
        """Run a command of the launcher."""
        return self.call("-m", "ymir_site.launcher", command)

    def command(self, *words: object, **environ: str) -> Answer:
        """Run a management command with --json; what it prints must be one object and nothing else, or nothing."""
        ended = self.call("manage.py", *(str(word) for word in words), "--json", **environ)
        return Answer(ended.returncode, json.loads(ended.stdout) if ended.stdout else None, ended.stderr)

    def done(self, *words: object) -> Answer:
        """Run a management command that must succeed."""
        answer = self.command(*words)
        assert answer.code == 0, answer.stderr
        return answer

    @cached_property
    def token(self) -> str:
        """A token of the admin's for the API."""
        made = self.call("manage.py", "drf_create_token", ADMIN)
        assert made.returncode == 0, made.stderr
        return made.stdout.split()[2]

    def api(self, path: str, body: dict[str, Any] | None = None, **headers: str) -> tuple[int, Any]:
        """Ask the API as the admin: GET, or POST where there is a body; return the status and what it says."""
        request = urllib.request.Request(  # noqa: S310 # our own site
            f"{self.url}/api/v1/{path}",
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Token {self.token}", "Content-Type": "application/json", **headers},
        )
        try:
            with urllib.request.urlopen(request, timeout=60) as response:  # noqa: S310
                return response.status, json.load(response)
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read() or "null")

    def listed(self, path: str) -> list[dict[str, Any]]:
        """Return the first results of a list in the API."""
        status, found = self.api(f"{path}{'&' if '?' in path else '?'}limit=200")
        assert status == 200, found
        return list(found["results"])


def wait_for(look: Callable[[], Any], seconds: float = 90.0, every: float = 0.2) -> Any:
    """Look again and again until there is something; return it."""
    deadline = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < deadline, f"waited {seconds:.0f} s"
        time.sleep(every)
    return found


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
