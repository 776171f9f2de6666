"""`python -m ymir_site.launcher`: the whole site on a port and in a state folder of its own."""

import json
import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.installation import ROOT, Installation, free_port, wait_for

PROCESSES = {"postgres", "valkey", "web", "worker", "executor", "scheduler"}

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


class WatchedInstallation(Installation):
    """A site whose processes are looked at; its first admin's password is made at the start."""

    def __init__(self, state: Path) -> None:
        super().__init__(state, free_port(), admin="anna", password="")
        self.welcome = ""

    def pid(self, name: str) -> int:
        return int((self.state / "run" / f"{name}.pid").read_text())

    def facts(self) -> dict[str, Any]:
        return json.loads((self.state / "run" / "state.json").read_text())

    def healthy(self) -> bool:
        try:
            return bool(urllib.request.urlopen(f"http://127.0.0.1:{self.port}/health/", timeout=5).status == 200)
        except OSError:
            return False


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
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WatchedInstallation]:
    made = WatchedInstallation(tmp_path_factory.mktemp("site"))
    try:
        started = made.launcher("start")
        assert started.returncode == 0, started.stdout + started.stderr
        made.welcome = started.stdout
        yield made
    finally:
        made.launcher("remove")
    assert processes_of(made.state) == []


def test_start_says_where_and_who(site: WatchedInstallation) -> None:
    assert f"http://localhost:{site.port}" in site.welcome
    assert "First admin: anna, password " in site.welcome
    assert site.healthy()
    assert set(site.facts()["processes"]) == PROCESSES


def test_a_second_start_changes_nothing_and_shows_no_password(site: WatchedInstallation) -> None:
    before = site.facts()["processes"]
    again = site.launcher("start")
    assert again.returncode == 0
    assert "already runs" in again.stdout
    assert "password" not in again.stdout
    assert site.facts()["processes"] == before


def test_the_password_works_and_is_stored_nowhere(site: WatchedInstallation) -> None:
    password = site.welcome.split("password ")[1].split()[0]
    code = f"print(User.objects.get(username='anna').check_password({password!r}))"
    assert site.call("manage.py", "shell", "-v", "0", "-c", code).stdout.strip() == "True"
    texts = [path for path in site.state.rglob("*") if path.is_file() and path.stat().st_size < 10_000_000]
    assert [path for path in texts if password.encode() in path.read_bytes()] == []


def test_commands_find_the_private_servers(site: WatchedInstallation) -> None:
    answer = site.call("manage.py", "ensure_admin", "--json")
    assert json.loads(answer.stdout)["username"] == "anna"


@pytest.mark.parametrize("name", ["web", "worker", "executor", "scheduler", "valkey", "postgres"])
def test_a_killed_process_comes_back(site: WatchedInstallation, name: str) -> None:
    before = site.pid(name)
    os.kill(before, signal.SIGKILL)
    wait_for(lambda: (site.state / "run" / f"{name}.pid").exists() and site.pid(name) != before)
    wait_for(site.healthy)


def test_another_site_on_the_same_port_is_told_so(site: WatchedInstallation, tmp_path: Path) -> None:
    other = WatchedInstallation(tmp_path / "other")
    other.environ["YMIR_PORT"] = str(site.port)
    answer = other.launcher("start")
    assert answer.returncode == 1
    assert f"port {site.port} is in use" in answer.stderr


def test_an_interrupted_start_leaves_nothing(tmp_path: Path) -> None:
    site = WatchedInstallation(tmp_path / "short")
    command = [sys.executable, "-m", "ymir_site.launcher", "start"]
    starting = subprocess.Popen(command, cwd=ROOT, env=site.environ, stdout=subprocess.PIPE, text=True)
    assert starting.stdout
    assert "Starting Postgres" in starting.stdout.readline()
    starting.send_signal(signal.SIGINT)
    starting.communicate(timeout=60)
    assert starting.returncode == 130
    assert processes_of(site.state) == []
    site.launcher("remove")


def test_nothing_survives_the_death_of_the_launcher_and_the_next_start_recovers(site: WatchedInstallation) -> None:
    site.launcher("start")
    os.kill(site.facts()["pid"], signal.SIGKILL)
    wait_for(lambda: processes_of(site.state) == [])
    assert "does not run" in site.launcher("status").stdout
    assert site.launcher("start").returncode == 0
    assert site.healthy()


def test_stop_ends_everything_and_a_start_goes_on(site: WatchedInstallation) -> None:
    assert site.launcher("stop").returncode == 0
    assert processes_of(site.state) == []
    assert site.launcher("status").returncode == 1
    again = site.launcher("start")
    assert again.returncode == 0
    assert "password" not in again.stdout
