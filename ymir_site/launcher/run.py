"""One run of the site in the foreground: servers, preparation, processes, until a signal ends it."""

import os
import signal
import time
from types import FrameType

from ymir_site.launcher import environment, services, state
from ymir_site.launcher.places import Places
from ymir_site.launcher.site import Site
from ymir_site.launcher.state import State
from ymir_site.launcher.supervisor import Supervisor

SERVER_TIMEOUT = 120.0  # crash recovery may come first
WEB_TIMEOUT = 60.0
TICK = 0.2


class StopAskedError(BaseException):
    """SIGTERM or ^C came; not an Exception, so that no handler on the way takes it for a fault."""


def run(places: Places) -> None:
    """Start everything and keep it running; returns when asked to stop.

    Raises AlreadyRunsError, PortTakenError, NoServerError, InitdbError, NotReadyError, PreparationError.
    """
    places.make()
    with state.hold(places):
        _Run(places).go()


class _Run:
    def __init__(self, places: Places) -> None:
        self.places = places
        self.state = State()
        self.supervisor = Supervisor(places.run)

    def go(self) -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, _ask_to_stop)
        try:
            self._start()
            self._watch()
        except StopAskedError:
            self._stop(phase="stopped", step="")
        except BaseException as error:
            self._stop(phase="failed", step=str(error))
            raise

    def _start(self) -> None:
        self._say("Starting Postgres and Valkey")
        Site(self.places, os.environ).require_free_port()
        addresses = self._start_servers()
        site = Site(self.places, {**os.environ, **addresses})
        for step in site.prepare():
            self._say(step)
        self._say("Starting the web server and the workers")
        started = site.processes()
        for process in started:
            self.supervisor.start(process)
        self.supervisor.wait(site.answers, started[0], timeout=WEB_TIMEOUT)
        self._say("", phase="running", address=site.address)

    def _start_servers(self) -> dict[str, str]:
        if os.environ.get("DATABASE_URL") and os.environ.get("REDIS_URL"):
            return {}
        servers = services.private_servers(services.installation_home(self.places), os.environ)
        for server in servers:
            process = server.process()
            self.supervisor.start(process)
            self.supervisor.wait(server.ready, process, timeout=SERVER_TIMEOUT)
        addresses = services.addresses(servers)
        environment.write_addresses(self.places, addresses)
        return addresses

    def _watch(self) -> None:
        while True:
            if self.supervisor.tick():
                self._report()
            time.sleep(TICK)

    def _say(self, step: str, *, phase: str = "starting", address: str = "") -> None:
        self.state.phase, self.state.step = phase, step
        self.state.address = address or self.state.address
        self._report()

    def _report(self) -> None:
        watched = self.supervisor.watched
        self.state.processes = {each.process.name: each.running.pid for each in watched if each.due is None}
        self.state.restarts = {each.process.name: each.restarts for each in watched if each.restarts}
        self.state.write(self.places)

    def _stop(self, *, phase: str, step: str) -> None:
        for number in (signal.SIGTERM, signal.SIGINT):  # a second ^C does not leave half of it running
            signal.signal(number, signal.SIG_IGN)
        self._say("", phase="stopping")
        self.supervisor.stop()
        environment.remove_addresses(self.places)
        self._say(step, phase=phase)


def _ask_to_stop(_number: int, _frame: FrameType | None) -> None:
    raise StopAskedError
