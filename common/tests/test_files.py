"""Files and folders: what is staged appears whole, names never lead out."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common import files
from common.files import UnsafePathError


def test_a_file_is_hashed(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"abc")
    assert files.hash_file(tmp_path / "a") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


@pytest.mark.parametrize("name", ["/a", "..", "a/../b", "a\\..\\b", "\\a", "C:/a", "a\0b"])
def test_names_that_lead_out_are_refused(name: str) -> None:
    with pytest.raises(UnsafePathError):
        files.safe_join(Path("/root"), name)


@settings(deadline=None)
@given(st.text(st.sampled_from("ab./\\ :"), max_size=8))
def test_a_joined_path_lies_inside(name: str) -> None:
    try:
        joined = files.safe_join(Path("/root"), name)
    except UnsafePathError:
        return
    assert joined.resolve().is_relative_to("/root")


def test_staging_is_removed_whatever_happens(tmp_path: Path) -> None:
    def fail() -> None:
        with files.stage(tmp_path) as folder:
            (folder / "a").write_bytes(b"abc")
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert not list((tmp_path / "tmp").iterdir())


def test_a_folder_is_published_once(tmp_path: Path) -> None:
    for expected in (True, False):
        with files.stage(tmp_path) as staging:
            (staging / "f").mkdir()
            (staging / "f" / "a").write_bytes(b"abc")
            assert files.publish_folder(staging / "f", tmp_path / "out" / "f") is expected
    assert (tmp_path / "out" / "f" / "a").read_bytes() == b"abc"


def test_a_small_file_is_replaced_in_one_step(tmp_path: Path) -> None:
    files.write_atomic(tmp_path / "a", b"1")
    files.write_atomic(tmp_path / "a", b"2")
    assert (tmp_path / "a").read_bytes() == b"2"
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["a"]
