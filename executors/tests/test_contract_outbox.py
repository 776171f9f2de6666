"""What an executor left in /out, as a whole: how much it is, and that it can be cleared away."""

import os
from pathlib import Path

from executors.contract import outbox

MEGABYTE = 1 << 20


def test_all_files_count_and_links_do_not(tmp_path: Path) -> None:
    out, elsewhere = tmp_path / "out", tmp_path / "elsewhere"
    (out / "deep" / "er").mkdir(parents=True)
    elsewhere.write_bytes(os.urandom(2 * MEGABYTE))
    (out / "link").symlink_to(elsewhere)
    (out / "loop").symlink_to(out)
    (out / "deep" / "er" / "file").write_bytes(os.urandom(MEGABYTE))
    assert MEGABYTE <= outbox.disk_usage(out) < MEGABYTE + MEGABYTE // 4
    assert outbox.disk_usage(tmp_path / "nothing") == 0


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
