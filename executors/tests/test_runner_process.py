"""What only processes on the host do: their log is cut when it grows too long, and several look after them at once."""

import os
import threading
import uuid
from pathlib import Path

import pytest

from executors.contract.layout import WorkDir
from executors.runners import process
from executors.runners.base import RunSpec
from executors.runners.process import ProcessRunner
from executors.tests import waiting


@pytest.fixture
def runner(tmp_path: Path, tiny_folder: Path) -> ProcessRunner:
    return ProcessRunner(state_dir=tmp_path / "runs", images_dir=tiny_folder, python=Path("/usr/bin/python3"))


def test_a_log_that_grows_too_long_keeps_its_end_and_says_so(
    runner: ProcessRunner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "MAX_LOG_BYTES", 4000)
    monkeypatch.setattr(process, "KEPT_LOG_BYTES", 1000)
    work = WorkDir(tmp_path / "work")
    work.create()
    program = f"seq 2000; touch {work.out_dir}/up; until [ -e {work.out_dir}/go ]; do sleep 0.02; done; echo last"
    runner.start(RunSpec("long", "tiny", work.root, command=("sh", "-c", program)))
    waiting.until((work.out_dir / "up").exists)
    runner.logs("long")
    assert work.log_file.stat().st_size < 1100
    (work.out_dir / "go").touch()
    waiting.until(lambda: runner.poll("long").exit_code == 0)
    runner.logs("long")
    lines = work.log_file.read_text().splitlines()
    assert lines[0] == "[the log was too long: its beginning was cut]"
    numbers = list(map(int, lines[1:-1]))
    assert numbers == list(range(numbers[0], 2001))
    assert lines[-1] == "last"
    runner.remove("long")


def test_a_second_try_begins_the_log_anew(runner: ProcessRunner, tmp_path: Path) -> None:
    work = WorkDir(tmp_path / "work")
    work.create()
    for word in ("first", "second"):
        runner.start(RunSpec("twice", "tiny", work.root, command=("echo", word)))
        waiting.until(lambda: runner.poll("twice").exit_code == 0)
        runner.remove("twice")
    assert work.log_file.read_text() == "second\n"


def test_what_killed_workers_left_is_swept_after_a_day(runner: ProcessRunner, tmp_path: Path) -> None:
    work = WorkDir(tmp_path / "work")
    work.create()
    old, fresh, other = (runner.state_dir / f".{name}.{uuid.uuid4().hex}" for name in ("ymir-7", "ymir-8", "-"))
    for folder in (old, fresh, other):
        folder.mkdir(parents=True)
        (folder / "run.json").touch()
    for folder in (old, other):
        os.utime(folder, (0, 0))
    runner.start(RunSpec("next", "tiny", work.root, command=("true",)))
    assert not old.exists()
    assert fresh.exists()
    assert other.exists()
    runner.remove("next")


def test_runs_that_others_remove_meanwhile_are_missing(
    runner: ProcessRunner, tmp_path: Path, tiny_folder: Path
) -> None:
    other = ProcessRunner(state_dir=runner.state_dir, images_dir=tiny_folder, python=Path("/usr/bin/python3"))
    work, over, faults = WorkDir(tmp_path / "work"), threading.Event(), []
    work.create()

    def look() -> None:
        while not over.is_set():
            try:
                for run in other.list_owned():
                    other.poll(run.name)
            except OSError as fault:
                faults.append(fault)

    looker = threading.Thread(target=look, daemon=True)
    looker.start()
    try:
        for _ in range(20):
            runner.start(RunSpec("brief", "tiny", work.root, command=("true",)))
            runner.remove("brief")
    finally:
        over.set()
        looker.join()
    assert faults == []
