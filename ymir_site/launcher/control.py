"""Commands from outside: start in the background, stop, tell what runs."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from ymir_site.launcher import environment, services, state
from ymir_site.launcher.places import Places
from ymir_site.launcher.site import PreparationError, Site
from ymir_site.launcher.state import State

START_TIMEOUT = 600.0
STOP_TIMEOUT = 180.0
LOOK_EVERY = 0.1
INTERRUPTED = 130  # 128 + SIGINT, as shells say it


class StartFailedError(Exception):
    """The background process ended before the site was up; carries what it said last."""


def start(places: Places) -> int:
    """Start the site in the background, telling each step, and print where it is."""
    if state.is_held(places):
        print("The site already runs.")
        return status(places)
    places.make()
    background = _spawn_run(places)
    try:
        for step in _steps(places, background):
            print(f"  {step} …", flush=True)
    except KeyboardInterrupt:  # it may not have come so far as to tell its state: `stop` would not see it
        print("Stopping …", flush=True)
        background.terminate()
        background.wait(STOP_TIMEOUT)
        return INTERRUPTED
    _print_welcome(places)
    return 0


def _spawn_run(places: Places) -> subprocess.Popen[bytes]:
    (places.run / "state.json").unlink(missing_ok=True)
    with (places.logs / "launcher.log").open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "ymir_site.launcher", "run"],
            cwd=places.root,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def _steps(places: Places, background: subprocess.Popen[bytes]) -> Iterator[str]:
    said = ""
    for now in _states(places, until=lambda seen: seen.phase == "running"):
        if now and now.step and now.step != said and now.phase == "starting":
            said = now.step
            yield said
        if background.poll() is not None:
            last = state.read(places)
            raise StartFailedError(last.step if last and last.step else f"see {places.logs / 'launcher.log'}")


def _states(places: Places, *, until: Callable[[State], bool]) -> Iterator[State | None]:
    deadline = time.monotonic() + START_TIMEOUT
    while time.monotonic() < deadline:
        now = state.read(places)
        if now and until(now):
            return
        yield now
        time.sleep(LOOK_EVERY)
    raise StartFailedError(f"it took more than {START_TIMEOUT:.0f} s; see {places.logs}")


def _print_welcome(places: Places) -> None:
    environ = dict(os.environ)
    environment.adopt(environ, places)
    site = Site(places, environ)
    print(f"YMIR runs on {site.address}")
    try:
        name, password = site.first_admin()
    except PreparationError as error:  # the site is of use without one, and its people can mend it
        print(f"No first admin was made: {error}", file=sys.stderr)
        return
    if password:
        print(f"First admin: {name}, password {password} (shown only now)")


def stop(places: Places) -> int:
    """Stop the site and wait until everything has ended."""
    now = state.read(places)
    if now is None or not state.is_held(places):
        print("The site does not run.")
        _tell_what_goes_on(places)
        return 0
    print("Stopping …", flush=True)
    os.kill(now.pid, signal.SIGTERM)
    deadline = time.monotonic() + STOP_TIMEOUT
    while state.is_held(places):
        if time.monotonic() > deadline:
            print(f"It still runs after {STOP_TIMEOUT:.0f} s (process {now.pid}).", file=sys.stderr)
            return 1
        time.sleep(LOOK_EVERY)
    print("Stopped.")
    _tell_what_goes_on(places)
    return 0


def _tell_what_goes_on(places: Places) -> None:
    """Name the containers of jobs, which no stop of the site ends: nobody is to wonder who uses the GPU."""
    if not places.logs.exists():  # it never ran
        return
    try:
        names = Site(places, os.environ).running_containers()
    except PreparationError:  # the site is stopped, and that was what was asked for
        return
    if not names:
        return
    who = "1 job goes on in its container" if len(names) == 1 else f"{len(names)} jobs go on in their containers"
    print(f"{who}; the next start takes up what runs. To stop the work too: docker stop {' '.join(names)}")


def status(places: Places) -> int:
    """Print what runs; exit code 0 when the site does, 1 when not."""
    now = state.read(places)
    if now is None or not state.is_held(places):
        print("The site does not run.")
        return 1
    print(f"{now.phase.capitalize()} on {now.address}" if now.address else f"{now.phase.capitalize()}: {now.step}")
    for name, pid in now.processes.items():
        restarts = now.restarts.get(name, 0)
        print(f"  {name:<10} process {pid}{f', restarted {restarts} times' if restarts else ''}")
    for name in now.restarts.keys() - now.processes.keys():
        print(f"  {name:<10} ended; see {places.logs / name}.log")
    print(f"  logs in {places.logs}")
    return 0


def address(places: Places) -> int:
    """Print only where the site is."""
    now = state.read(places)
    if now is None or not state.is_held(places):
        return 1
    print(now.address)
    return 0


def remove(places: Places) -> int:
    """Stop the site and remove its state folder with all its data."""
    stop(places)
    if not places.state.exists():
        return 0
    for folder in _all_folders(places):
        shutil.rmtree(folder, ignore_errors=True)
    return 0


def _all_folders(places: Places) -> list[Path]:
    home = services.installation_home(places)
    return [home.sockets, home.folder, places.state]
