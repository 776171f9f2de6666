"""What an executor left in /out, as a whole: how much it is, and that it can be cleared away."""

import os
from pathlib import Path

import pytest

from executors.contract import outbox
from executors.tests import people

MEGABYTE = 1 << 20


def test_all_files_count_and_links_do_not(tmp_path: Path) -> None:
    out, elsewhere = tmp_path / "out", tmp_path / "elsewhere"
    (out / "deep" / "er").mkdir(parents=True)
    elsewhere.write_bytes(os.urandom(2 * MEGABYTE))
    (out / "link").symlink_to(elsewhere)
    (out / "loop").symlink_to(out)
    (out / "deep" / "er" / "file").write_bytes(os.urandom(MEGABYTE))
    assert MEGABYTE <= outbox.disk_usage(out).size < MEGABYTE + MEGABYTE // 4
    assert outbox.disk_usage(tmp_path / "nothing") == outbox.Usage(0, 0)


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become someone else")
@pytest.mark.parametrize("mode", [0o700, 0o744])
def test_folders_that_others_shut_are_told(tmp_path: Path, mode: int) -> None:
    people.open_way(tmp_path)
    (tmp_path / "shut").mkdir()
    (tmp_path / "shut" / "much").write_bytes(os.urandom(MEGABYTE))
    (tmp_path / "shut").chmod(mode)
    with people.someone_else():
        usage = outbox.disk_usage(tmp_path)
    assert usage.size < MEGABYTE
    assert usage.shut == 1


def test_clearing_keeps_plain_files_by_name_and_follows_no_link(tmp_path: Path) -> None:
    out, elsewhere = tmp_path / "out", tmp_path / "elsewhere"
    (out / "models").mkdir(parents=True)
    elsewhere.mkdir()
    (elsewhere / "safe").touch()
    for path in (out / "models" / "a", out / "kept", out / "other"):
        path.touch()
    (out / "link").symlink_to(elsewhere)
    (out / "also").symlink_to(elsewhere / "safe")
    outbox.clear(out, keep={"kept", "also"})
    assert [path.name for path in out.iterdir()] == ["kept"]
    assert (elsewhere / "safe").exists()


def test_clearing_keeps_nothing_that_fills_the_disk_and_no_pipe(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "MAX_KEPT", MEGABYTE)
    (tmp_path / "small").write_bytes(os.urandom(1000))
    (tmp_path / "large").write_bytes(os.urandom(2 * MEGABYTE))
    os.mkfifo(tmp_path / "pipe")
    outbox.clear(tmp_path, keep={"small", "large", "pipe"})
    assert [path.name for path in tmp_path.iterdir()] == ["small"]


def test_a_file_that_is_begun_anew_replaces_what_an_earlier_run_left_there(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text("canary")
    (tmp_path / "link").symlink_to(elsewhere)
    (tmp_path / "file").write_text("old")
    (tmp_path / "folder").mkdir()
    for name in ("link", "file", "folder", "none"):
        outbox.begin(tmp_path, name, "new", anew=True)
    outbox.begin(tmp_path, "file", "newer")
    assert [(tmp_path / name).read_text() for name in ("link", "file", "none")] == ["new"] * 3
    assert (tmp_path / "folder").is_dir()
    assert elsewhere.read_text() == "canary"
