"""run.log as a page shows it: a bounded part, cleaned of what a terminal would have swallowed."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from executors.contract import runlog


def write(folder: Path, content: bytes) -> Path:
    (folder / runlog.FILE).write_bytes(content)
    return folder


def texts(part: runlog.Part) -> list[str]:
    return [line.text for line in part.lines]


def test_lines_carry_time_level_and_what_stands_out(tmp_path):
    part = runlog.read(
        write(
            tmp_path,
            b"2026-11-23 06:14:45,123 INFO Epoch 57 of 100: loss 0.4\n"
            b"06:14:46 WARNING two boxes left out\n"
            b"ValueError: no\n"
            b"  plain\n",
        )
    )
    assert part.lines == (
        runlog.Line(time="06:14:45", strong="Epoch 57 of 100", text=": loss 0.4"),
        runlog.Line(time="06:14:46", text="WARNING two boxes left out", level="warn"),
        runlog.Line(text="ValueError: no", level="error"),
        runlog.Line(text="  plain"),
    )


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("10 %\r50 %\r100 %", "100 %"),
        ("done\r", "done"),
        ("\x1b[1;31mred\x1b[0m", "red"),
        ("\x1b]0;title\x07text", "text"),
        ("a\x00b\x08c\u202ed\ufeff", "abcd"),
        ("tab\tstays", "tab\tstays"),
    ],
)
def test_a_line_is_what_a_terminal_would_show(raw, shown):
    assert runlog.line(raw).text == shown


def test_long_lines_are_cut():
    assert len(runlog.line("x" * 100_000).text) < runlog.MAX_LINE + 5


@given(st.binary(max_size=300))
def test_any_bytes_can_be_shown(tmp_path_factory, content):
    part = runlog.read(write(tmp_path_factory.mktemp("job"), content))
    assert part.offset == len(content)
    assert not any(ord(letter) < 32 and letter != "\t" for line in part.lines for letter in line.text)


def test_the_end_of_a_long_log_begins_with_a_whole_line(tmp_path):
    part = runlog.read(write(tmp_path, b"".join(b"line %06d\n" % number for number in range(20_000))))
    assert part.lines[0].text.startswith("line ")
    assert len(part.lines[0].text) == 11
    assert part.lines[-1].text == "line 019999"
    assert part.left_out == 20_000 * 12 - len(part.lines) * 12


def test_parts_continue_where_the_last_one_ended(tmp_path):
    first = runlog.read(write(tmp_path, b"one\ntwo\nthr"), whole=False)
    assert texts(first) == ["one", "two"]
    second = runlog.read(write(tmp_path, b"one\ntwo\nthree\n"), offset=first.offset, whole=False)
    assert texts(second) == ["three"]
    assert runlog.read(tmp_path, offset=second.offset).lines == ()


def test_an_unended_line_comes_at_the_end_of_the_job(tmp_path):
    assert texts(runlog.read(write(tmp_path, b"one\nlast"), offset=4)) == ["last"]


def test_a_log_that_was_begun_anew_is_read_from_its_start(tmp_path):
    assert texts(runlog.read(write(tmp_path, b"anew\n"), offset=500)) == ["anew"]


def test_what_was_written_faster_than_it_is_read_is_counted(tmp_path):
    part = runlog.read(write(tmp_path, b"0123456789abcde\n" * 10_000), offset=16)
    assert part.left_out == 160_000 - 16 - len(part.lines) * 16
    assert part.offset == 160_000


def test_links_are_not_followed(tmp_path):
    (tmp_path / "secret").write_text("secret\n")
    (tmp_path / runlog.FILE).symlink_to(tmp_path / "secret")
    assert runlog.read(tmp_path) == runlog.Part()


def test_no_log_is_an_empty_one(tmp_path):
    assert runlog.read(tmp_path / "none", offset=7) == runlog.Part(offset=7)
