"""What RQ runs: a job by its number; and the worker that hands a dead or stopped one's job on at once."""

import os
import signal
from types import FrameType
from typing import Any

from django.conf import settings
from django.db import connections
from rq import Worker
from rq.job import Job as Message

from executors import pipeline
from executors.models import Job
from executors.services import jobs, orphans, running
from executors.services.heartbeats import Heart

EXECUTOR_QUEUE = "executor"


def execute(job_id: str) -> None:
    """Run a job by its number (RQ's entry)."""
    pipeline.run(int(job_id), worker=_name(os.getpid()), on_heart=_stop_on_signal)


class JobWorker(Worker):
    """RQ's worker, made quick: when its child dies, or it is asked to stop, the job waits for no timeout."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs |= {"job_monitoring_interval": 5, "maintenance_interval": 30}
        super().__init__(*args, **kwargs)

    def handle_warm_shutdown_request(self) -> None:
        """Pass the signal on: the job goes back into the queue, its container goes on."""
        super().handle_warm_shutdown_request()  # type: ignore[no-untyped-call]
        if self.horse_pid:
            os.kill(self.horse_pid, signal.SIGTERM)

    def handle_work_horse_killed(self, job: Message, retpid: Any, ret_val: Any, rusage: Any) -> None:
        """The child that ran a job was killed (want of memory, kill -9): release the job now."""
        super().handle_work_horse_killed(job, retpid, ret_val, rusage)  # type: ignore[no-untyped-call]
        held = Job.objects.filter(pk=int(job.args[0]), state=Job.State.RUNNING, worker=_name(retpid)).first()
        if held is not None and jobs.release_lost(held):
            jobs.send(held)
        connections.close_all()  # the next child must not inherit it

    def run_maintenance_tasks(self) -> None:
        """Also clear away runs whose job is over."""
        super().run_maintenance_tasks()  # type: ignore[no-untyped-call]
        if EXECUTOR_QUEUE in self.queue_names():
            orphans.sweep(running.reachable())
            connections.close_all()


def _name(pid: int) -> str:
    return f"{settings.YMIR_HOST}:{pid}"


def _stop_on_signal(heart: Heart) -> None:
    def stop(_number: int, _frame: FrameType | None) -> None:
        heart.stopping = True

    signal.signal(signal.SIGTERM, stop)
