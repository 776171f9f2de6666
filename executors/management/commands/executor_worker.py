"""Run jobs that need containers, GPUs or the engine, one after the other."""

from argparse import ArgumentParser
from typing import Any

import django_rq
from django.db import connections
from django_rq.workers import get_worker
from rq.logutils import setup_loghandlers

from common.commands import ExplainedCommand
from executors.services import gpus, orphans, running
from executors.worker import EXECUTOR_QUEUE

WORKER_TTL = 20


class Command(ExplainedCommand):
    help = (
        "Run the jobs of the executor queue: training, mining, inference, inspection of images. Records this host's "
        "GPUs and clears away containers that no job waits for. Start several for several jobs at once."
    )

    example = "executor_worker --burst"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--burst", action="store_true", help="end when the queue is empty")
        parser.add_argument(
            "--queues",
            nargs="+",
            default=[EXECUTOR_QUEUE],
            help="the queues to serve, in this order (default: executor)",
        )

    def handle(self, *args: Any, burst: bool, queues: list[str], **options: Any) -> None:
        setup_loghandlers("INFO")
        gpus.register(gpus.detect())
        orphans.sweep(running.reachable())
        connections.close_all()  # the children that run the jobs must not inherit them
        django_rq.get_connection(queues[0]).ping()
        get_worker(*queues, worker_ttl=WORKER_TTL).work(burst=burst)
