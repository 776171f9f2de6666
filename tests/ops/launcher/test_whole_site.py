"""`python -m ymir_site.launcher`: the whole site on a port and in a state folder of its own."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent.parent
PROCESSES = {"postgres", "valkey", "web", "worker", "executor", "scheduler"}

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


class Installation:
    """A site that shares nothing with the checkout's own."""

    def __init__(self, state: Path) -> None:
        self.state = state
        self.welcome = ""
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        dropped = {"DATABASE_URL", "REDIS_URL", "YMIR_DATA_ROOT", "DJANGO_SETTINGS_MODULE"}
        kept = {name: value for name, value in os.environ.items() if name not in dropped}
        self.environ = {
            **kept,
            "YMIR_STATE_DIR": str(state),
            "YMIR_PORT": str(self.port),
            "YMIR_RUNNER": "process",
            "FIRST_ADMIN": "anna",
            "FIRST_ADMIN_PASSWORD": "",
        }

    def call(self, *words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, *words]
        return subprocess.run(command, cwd=ROOT, env=self.environ, capture_output=True, text=True, check=False)

    def launcher(self, command: str) -> subprocess.CompletedProcess[str]:
        return self.call("-m", "ymir_site.launcher", command)

    def pid(self, name: str) -> int:
        return int((self.state / "run" / f"{name}.pid").read_text())

    def facts(self) -> dict[str, Any]:
        return json.loads((self.state / "run" / "state.json").read_text())

    def healthy(self) -> bool:
        try:
            return bool(urllib.request.urlopen(f"http://127.0.0.1:{self.port}/health/", timeout=5).status == 200)
        except OSError:
            return False


def wait_for(condition: Callable[[], object], seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def processes_of(state: Path) -> list[str]:
    """Return the command lines of all processes that speak of the state folder in command or environment."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            text = (folder / "cmdline").read_bytes() + (folder / "environ").read_bytes()
        except OSError:
            continue
        if str(state).encode() in text and int(folder.name) != os.getpid():
            found.append((folder / "cmdline").read_bytes().replace(b"\0", b" ").decode())
    return found


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    made = Installation(tmp_path_factory.mktemp("site"))
    try:
        started = made.launcher("start")
        assert started.returncode == 0, started.stdout + started.stderr
        made.welcome = started.stdout
        yield made
    finally:
        made.launcher("remove")
    assert processes_of(made.state) == []


def test_start_says_where_and_who(site: Installation) -> None:
    assert f"http://localhost:{site.port}" in site.welcome
    assert "First admin: anna, password " in site.welcome
    assert site.healthy()
    assert set(site.facts()["processes"]) == PROCESSES


def test_a_second_start_changes_nothing_and_shows_no_password(site: Installation) -> None:
    before = site.facts()["processes"]
    again = site.launcher("start")
    assert again.returncode == 0
    assert "already runs" in again.stdout
    assert "password" not in again.stdout
    assert site.facts()["processes"] == before


def test_the_password_works_and_is_stored_nowhere(site: Installation) -> None:
    password = site.welcome.split("password ")[1].split()[0]
    code = f"from django.contrib.auth import authenticate; print(authenticate(username='anna', password={password!r}))"
    assert site.call("manage.py", "shell", "-v", "0", "-c", code).stdout.strip() == "anna"
    texts = [path for path in site.state.rglob("*") if path.is_file() and path.stat().st_size < 10_000_000]
    assert [path for path in texts if password.encode() in path.read_bytes()] == []


def test_commands_find_the_private_servers(site: Installation) -> None:
    answer = site.call("manage.py", "ensure_admin", "--json")
    assert json.loads(answer.stdout)["username"] == "anna"


@pytest.mark.parametrize("name", ["web", "worker", "executor", "scheduler", "valkey", "postgres"])
def test_a_killed_process_comes_back(site: Installation, name: str) -> None:
    before = site.pid(name)
    os.kill(before, signal.SIGKILL)
    wait_for(lambda: (site.state / "run" / f"{name}.pid").exists() and site.pid(name) != before)
    wait_for(site.healthy)


def test_another_site_on_the_same_port_is_told_so(site: Installation, tmp_path: Path) -> None:
    other = Installation(tmp_path / "other")
    other.environ["YMIR_PORT"] = str(site.port)
    answer = other.launcher("start")
    assert answer.returncode == 1
    assert f"port {site.port} is in use" in answer.stderr


def test_an_interrupted_start_leaves_nothing(tmp_path: Path) -> None:
    site = Installation(tmp_path / "short")
    command = [sys.executable, "-m", "ymir_site.launcher", "start"]
    starting = subprocess.Popen(command, cwd=ROOT, env=site.environ, stdout=subprocess.PIPE, text=True)
    assert starting.stdout
    assert "Starting Postgres" in starting.stdout.readline()
    starting.send_signal(signal.SIGINT)
    starting.communicate(timeout=60)
    assert starting.returncode == 130
    assert processes_of(site.state) == []
    site.launcher("remove")


def test_nothing_survives_the_death_of_the_launcher_and_the_next_start_recovers(site: Installation) -> None:
    site.launcher("start")
    os.kill(site.facts()["pid"], signal.SIGKILL)
    wait_for(lambda: processes_of(site.state) == [])
    assert "does not run" in site.launcher("status").stdout
    assert site.launcher("start").returncode == 0
    assert site.healthy()


def test_stop_ends_everything_and_a_start_goes_on(site: Installation) -> None:
    assert site.launcher("stop").returncode == 0
    assert processes_of(site.state) == []
    assert site.launcher("status").returncode == 1
    again = site.launcher("start")
    assert again.returncode == 0
    assert "password" not in again.stdout
