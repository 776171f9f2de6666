"""Settings from files: who wins, and what is refused."""

from pathlib import Path

import pytest

from ymir_site.launcher import environment
from ymir_site.launcher.environment import BadLineError
from ymir_site.launcher.places import Places
from ymir_site.launcher.site import BadPortError, Site


@pytest.fixture
def places(tmp_path: Path) -> Places:
    found = Places(root=tmp_path, state=tmp_path / ".var")
    found.make()
    return found


def test_a_variable_that_is_set_wins_over_env_file_and_servers(places: Places) -> None:
    (places.root / ".env").write_text("YMIR_PORT=1\nFIRST_ADMIN=anna\n")
    environment.write_addresses(places, {"REDIS_URL": "unix:///a.sock", "FIRST_ADMIN": "late"})
    environ = {"YMIR_PORT": "2"}
    environment.adopt(environ, places)
    assert environ == {"YMIR_PORT": "2", "FIRST_ADMIN": "anna", "REDIS_URL": "unix:///a.sock"}


def test_comments_blank_lines_and_quotes(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("# words\n\nA = 'x y'\nB=\"q\"\nC=a=b # kept\nD=\n")
    assert environment.read(file) == {"A": "x y", "B": "q", "C": "a=b # kept", "D": ""}


def test_a_line_that_is_no_setting_is_refused_with_its_place(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("A=1\nexport B=2\n")
    with pytest.raises(BadLineError, match="line 2"):
        environment.read(file)


def test_addresses_are_readable_by_their_owner_only(places: Places) -> None:
    environment.write_addresses(places, {"DATABASE_URL": "postgres://ymir:secret@/ymir"})
    assert (places.run / environment.ADDRESSES).stat().st_mode & 0o777 == 0o600
    environment.remove_addresses(places)
    environ: dict[str, str] = {}
    environment.adopt(environ, places)
    assert environ == {}


@pytest.mark.parametrize("word", ["abc", "0", "-1", "70000", "1.5"])
def test_a_port_that_is_none_is_refused_by_its_name(places: Places, word: str) -> None:
    with pytest.raises(BadPortError, match="YMIR_PORT"):
        _ = Site(places, {"YMIR_PORT": word}).port
