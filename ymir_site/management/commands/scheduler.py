"""Keep things going: repair what died, and let automatic rounds go on."""

import logging
import signal
import threading
from argparse import ArgumentParser
from types import FrameType
from typing import Any

from django.db import DatabaseError, close_old_connections
from django.utils import timezone
from redis.exceptions import RedisError

from common.commands import ExplainedCommand
from executors import reaper
from executors.services import running
from iterations.services import rounds

logger = logging.getLogger(__name__)


class Command(ExplainedCommand):
    help = "Every few seconds: repair what died (see reap_jobs) and let automatic rounds go on. Runs until stopped."

    example = "scheduler --every 3"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--every", type=float, default=5.0, metavar="SECONDS", help="between two looks (default: 5)"
        )

    def handle(self, *args: Any, every: float, **options: Any) -> None:
        stopped = threading.Event()

        def stop(_number: int, _frame: FrameType | None) -> None:
            stopped.set()

        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, stop)
        while not stopped.wait(every):
            self._tick()

    def _tick(self) -> None:
        """One look at everything; a server that is away for a while is looked at again at the next tick."""
        close_old_connections()
        try:
            reaped = reaper.reap(now=timezone.now(), runners=running.reachable())
            started = rounds.advance_automatic()
        except (DatabaseError, RedisError) as error:
            logger.warning("looked in vain: %s", error)
            return
        if reaped or started:
            logger.info("%s; %d steps started", reaped, started)
