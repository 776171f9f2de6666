"""The supervisor: what ends is started again, what is stopped leaves nothing behind."""

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ymir_site.launcher import state
from ymir_site.launcher.places import Places
from ymir_site.launcher.processes import Process
from ymir_site.launcher.state import AlreadyRunsError, State
from ymir_site.launcher.supervisor import LONGEST_PAUSE, NotReadyError, Supervisor


class Clock:
    """Time that the test moves."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def supervisor(tmp_path: Path, clock: Clock) -> Iterator[Supervisor]:
    made = Supervisor(tmp_path, clock=clock)
    yield made
    made.stop()


@pytest.fixture
def python(tmp_path: Path) -> Callable[..., Process]:
    def make(code: str, *, name: str = "one", grace: float = 5.0) -> Process:
        return Process(name, (sys.executable, "-c", code), tmp_path / f"{name}.log", tmp_path, grace=grace)

    return make


def wait_for(condition: Callable[[], object], seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_a_process_that_ends_is_started_again_after_a_pause(
    supervisor: Supervisor, clock: Clock, python: Callable[..., Process], tmp_path: Path
) -> None:
    supervisor.start(python("import time; time.sleep(600)"))
    watched = supervisor.watched[0]
    first = watched.running.pid
    os.kill(first, signal.SIGKILL)
    wait_for(supervisor.tick)
    assert not (tmp_path / "one.pid").exists()
    assert not supervisor.tick()
    clock.now += 1.0
    assert supervisor.tick()
    assert watched.running.pid != first
    assert watched.restarts == 1
    assert (tmp_path / "one.pid").read_text() == f"{watched.running.pid}\n"


def test_pauses_double_up_to_a_limit_and_start_over_after_a_good_while(
    supervisor: Supervisor, clock: Clock, python: Callable[..., Process]
) -> None:
    supervisor.start(python("raise SystemExit(1)"))
    watched = supervisor.watched[0]
    pauses = []
    for _ in range(7):
        wait_for(lambda: watched.due is not None or supervisor.tick())
        assert watched.due is not None
        pauses.append(watched.due - clock.now)
        clock.now = watched.due
        supervisor.tick()
    assert pauses == [1, 2, 4, 8, 16, LONGEST_PAUSE, LONGEST_PAUSE]
    clock.now += 61
    wait_for(supervisor.tick)
    assert watched.due == clock.now + 1


def test_stop_ends_the_children_of_a_process_too(
    supervisor: Supervisor, python: Callable[..., Process], tmp_path: Path
) -> None:
    child = tmp_path / "child"
    code = (
        "import subprocess, time, pathlib; p = subprocess.Popen(['sleep', '600']);"
        f"pathlib.Path({str(child)!r}).write_text(str(p.pid)); time.sleep(600)"
    )
    supervisor.start(python(code))
    wait_for(lambda: child.exists() and child.read_text())
    supervisor.stop()
    wait_for(lambda: not alive(int(child.read_text())))
    assert list(tmp_path.glob("*.pid")) == []


def test_a_process_deaf_to_the_signal_is_killed_after_its_grace(
    supervisor: Supervisor, python: Callable[..., Process], tmp_path: Path
) -> None:
    ready = tmp_path / "ready"
    code = (
        "import signal, time, pathlib; signal.signal(15, signal.SIG_IGN);"
        f"pathlib.Path({str(ready)!r}).touch(); time.sleep(600)"
    )
    supervisor.start(python(code, grace=0.2))
    pid = supervisor.watched[0].running.pid
    wait_for(ready.exists)
    supervisor.stop()
    assert not alive(pid)


def test_processes_end_in_the_opposite_order(
    supervisor: Supervisor, python: Callable[..., Process], tmp_path: Path
) -> None:
    order = tmp_path / "order"
    for name in ("first", "second"):
        code = (
            "import signal, sys, time, pathlib\n"
            f"def end(*_):\n    open({str(order)!r}, 'a').write('{name} '); sys.exit()\n"
            f"signal.signal(15, end); pathlib.Path({str(tmp_path / name)!r}).touch(); time.sleep(600)"
        )
        supervisor.start(python(code, name=name))
    wait_for(lambda: (tmp_path / "first").exists() and (tmp_path / "second").exists())
    supervisor.stop()
    assert order.read_text() == "second first "


def test_a_process_that_never_gets_ready_is_named_with_its_log(tmp_path: Path, python: Callable[..., Process]) -> None:
    supervisor = Supervisor(tmp_path)
    process = python("print('no disk left', flush=True); import time; time.sleep(600)")
    supervisor.start(process)
    wait_for(lambda: "no disk" in process.log.read_text())
    with pytest.raises(NotReadyError, match="no disk left"):
        supervisor.wait(lambda: False, process, timeout=0.1)
    supervisor.stop()


def test_only_one_supervisor_holds_an_installation(tmp_path: Path) -> None:
    places = Places(root=tmp_path, state=tmp_path)
    places.make()
    assert not state.is_held(places)
    with state.hold(places):
        assert state.is_held(places)
        with pytest.raises(AlreadyRunsError):
            state.hold(places)
    assert not state.is_held(places)


def test_the_state_is_read_as_it_was_written(tmp_path: Path) -> None:
    places = Places(root=tmp_path, state=tmp_path)
    places.make()
    assert state.read(places) is None
    written = State(phase="running", address="http://localhost:1", processes={"web": 2})
    written.write(places)
    assert state.read(places) == written
