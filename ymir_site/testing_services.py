"""A pytest plugin: private Postgres and Valkey for one test session, up before Django's settings are read.

The first process starts them; xdist's workers find the addresses in their environment, and each takes its own Redis
database and data folder (pytest-django gives each its own Postgres database). YMIR_TEST_DATABASE_URL and
YMIR_TEST_REDIS_URL name servers to use instead.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator
from pathlib import Path

import pytest

from ymir_site.launcher import processes, services
from ymir_site.launcher.postgres import Postgres
from ymir_site.launcher.processes import Process
from ymir_site.launcher.valkey import Valkey

FOLDER = "YMIR_TEST_FOLDER"
START_TIMEOUT = 60.0
COMPILE_MESSAGES = Path(__file__).resolve().parent.parent / "tools" / "compile_messages.py"


class ServerNotReadyError(Exception):
    """A private server did not answer in time; carries the end of its log."""


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None, None, None]:
    """Start the servers ahead of pytest-django, which reads the settings in this same hook."""
    if FOLDER not in os.environ:
        subprocess.run([sys.executable, COMPILE_MESSAGES], check=True)  # noqa: S603 # our own tool
        _start_session(early_config)
    _take_own_places()
    return (yield)


def _start_session(config: pytest.Config) -> None:
    folder = Path(tempfile.mkdtemp(prefix="ymir-test-"))
    folder.chmod(0o755)  # the service user passes through
    running: list[tuple[subprocess.Popen[bytes], Process]] = []
    config.add_cleanup(lambda: _end_session(folder, running))
    given = {name: os.environ.get(f"YMIR_TEST_{name}", "") for name in ("DATABASE_URL", "REDIS_URL")}
    servers = services.private_servers(services.temporary_home(folder / "servers"), given)
    for server in servers:
        process = server.process()
        running.append((processes.spawn(process), process))
    for server in servers:
        _wait_until_ready(server)
    os.environ.update({name: value for name, value in given.items() if value})
    os.environ.update(services.addresses(servers))
    os.environ[FOLDER] = str(folder)


def _end_session(folder: Path, running: list[tuple[subprocess.Popen[bytes], Process]]) -> None:
    os.environ.pop(FOLDER, None)
    for popen, process in reversed(running):
        processes.stop(popen, process)
    shutil.rmtree(folder, ignore_errors=True)


def _wait_until_ready(server: Postgres | Valkey) -> None:
    deadline = time.monotonic() + START_TIMEOUT
    while not server.ready():
        if time.monotonic() > deadline:
            raise ServerNotReadyError(server.log.read_text(errors="replace")[-2000:])
        time.sleep(0.05)


def _take_own_places() -> None:
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    number = int(worker.removeprefix("gw")) + 1 if worker.startswith("gw") else 0
    state = Path(os.environ[FOLDER]) / worker
    state.mkdir(exist_ok=True)
    os.environ["YMIR_STATE_DIR"] = str(state)
    os.environ["YMIR_DATA_ROOT"] = str(state / "data")
    os.environ["YMIR_SECRET_KEY"] = "only-for-tests"  # noqa: S105
    address = os.environ["REDIS_URL"].split("?")[0]
    os.environ["REDIS_URL"] = f"{address}?db={number}"
