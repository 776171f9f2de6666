"""metrics.jsonl is a stranger's file: whatever it holds, reading it is bounded and raises nothing."""

import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from executors.contract import metrics


@pytest.fixture
def write(tmp_path: Path):
    def write(content: bytes) -> metrics.Metrics:
        (tmp_path / metrics.FILE).write_bytes(content)
        return metrics.read(tmp_path)

    return write


def test_numbers_of_each_epoch_are_read(write):
    read = write(
        b'{"epoch": 1, "epochs": 9, "loss": 2.5, "mAP50": null}\n{"epoch": 2, "epochs": 9, "loss": 2, "mAP50": 0.5}\n'
    )
    assert (read.epoch, read.epochs) == (2, 9)
    assert read.names == ["loss", "mAP50"]
    assert read.series("loss") == [(1, 2.5), (2, 2.0)]
    assert read.series("mAP50") == [(2, 0.5)]
    assert read.last("loss") == 2.0


def test_rows_without_an_epoch_are_counted(write):
    assert write(b'{"a": 5}\n{"a": 6}\n').series("a") == [(1, 5.0), (2, 6.0)]


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"nonsense",
        b"[1, 2]",
        b'"text"',
        b'{"loss": ',
        b'{"loss": NaN}',
        b'{"loss": Infinity, "lr": -Infinity}',
        b'{"loss": 1e400}',
        b'{"loss": true, "name": "x", "list": [1]}',
        b'{"loss": 1' + b"0" * 5000 + b"}",
        b'{"loss": 1' + b"0" * 400 + b"}",
        b'{"a": ' + b"[" * 15_000 + b"}",
        b'{"a": 1, "pad": "' + b"x" * metrics.MAX_LINE + b'"}',
        b"\xff\xfe{}",
    ],
)
def test_lines_that_make_no_sense_are_passed_over(write, line):
    read = write(line + b'\n{"epoch": 1, "loss": 1}\n')
    assert read.rows == ({"epoch": 1.0, "loss": 1.0},)


@given(st.binary(max_size=400))
def test_any_bytes_can_be_read(tmp_path_factory, content):
    folder = tmp_path_factory.mktemp("out")
    (folder / metrics.FILE).write_bytes(content)
    read = metrics.read(folder)
    assert all(abs(value) < metrics.LARGEST for row in read.rows for value in row.values())


def test_only_the_last_part_of_a_huge_file_is_read(write):
    line = json.dumps({"epoch": 1, "pad": 1, "text": "x" * 1000}) + "\n"
    read = write(line.encode() * 5000 + b'{"epoch": 7, "loss": 1}\n')
    assert read.epoch == 7
    assert len(read.rows) < 2200


def test_long_series_are_thinned_to_their_end(write):
    rows = "".join(json.dumps({"epoch": number, "loss": number}) + "\n" for number in range(1, 5001))
    points = write(rows.encode()).series("loss")
    assert len(points) <= metrics.MAX_POINTS + 1
    assert points[-1] == (5000, 5000)


def test_names_are_few_and_short(write):
    read = write(json.dumps({f"{number}" * 50: 1 for number in range(100, 200)}).encode())
    assert len(read.names) == metrics.MAX_SERIES
    assert all(len(name) <= 40 for name in read.names)


def test_links_and_pipes_are_not_followed(tmp_path):
    (tmp_path / "secret").write_text('{"epoch": 1, "loss": 1}\n')
    (tmp_path / metrics.FILE).symlink_to(tmp_path / "secret")
    assert metrics.read(tmp_path) == metrics.Metrics()
    (tmp_path / metrics.FILE).unlink()
    os.mkfifo(tmp_path / metrics.FILE)
    assert metrics.read(tmp_path) == metrics.Metrics()


def test_no_file_is_no_numbers(tmp_path):
    read = metrics.read(tmp_path / "missing")
    assert (read.epoch, read.epochs, read.names) == (None, None, [])
