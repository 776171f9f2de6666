"""Look after jobs that fell out of their worker's hands."""

import signal
import threading
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.db import OperationalError, connection
from django.utils import timezone

from common.commands import YmirCommand
from executors import reaper
from executors.services import running


class Command(YmirCommand):
    help = (
        "Put jobs whose worker fell silent back into the queue, send waiting jobs that Redis forgot again, and remove "
        "this host's containers and processes that no job waits for. With --every, until it is told to end."
    )

    example = "reap_jobs --every 5"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--every", type=float, metavar="SECONDS", help="do it again after so many seconds, until told to end"
        )

    def run(self, *, every: float | None, **options: Any) -> dict[str, Any]:
        if every is None:
            return self._once()
        over = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: over.set())
        while True:
            try:
                self._once()
            except OperationalError as error:  # the database is restarted; it comes back
                self.stderr.write(f"the database does not answer: {error}")
                connection.close()
            if over.wait(every):
                return {}

    def _once(self) -> dict[str, Any]:
        found = reaper.reap(now=timezone.now(), runners=running.reachable())
        if found:
            self.stderr.write(f"released {found.released}, sent {found.sent}, removed {found.removed}")
        return asdict(found)
