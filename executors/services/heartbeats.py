"""Keeps a running job's heartbeat, whatever its worker is busy with, and hears when it is to stop."""

import logging
import threading
import time
from types import TracebackType
from typing import Self

from django.conf import settings
from django.db import DatabaseError, connection

from executors.models import Job
from executors.services import jobs

logger = logging.getLogger(__name__)
REPORT_SECONDS = 0.5


class JobCanceled(Exception):
    """People asked to stop the job; `mode` says what is to become of what is there."""

    def __init__(self, mode: Job.Cancel) -> None:
        super().__init__(mode)
        self.mode = mode


class WorkerStopping(Exception):
    """The worker was told to end: give the job back to the queue."""


class Heart:
    """Beats in a thread of its own while a worker holds a job. `check` and `report` raise what there is to know.

    `heeds` are the kinds of stop that count: a result that is being published is kept anyway, so that only `discard`
    still does; while what a stopped run left is collected, none does.
    """

    def __init__(self, job: Job) -> None:
        self.job = job
        self.canceled = Job.Cancel(job.cancel)
        self.stopping = False
        self.heeds = {Job.Cancel.KEEP, Job.Cancel.DISCARD}
        self._lost = False
        self._reported = (-1.0, "", 0.0)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._beat, name=f"heart of job {job.pk}", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()

    def check(self) -> None:
        """Pass when the work may go on.

        Raises:
            executors.services.jobs.FenceLost, JobCanceled, WorkerStopping
        """
        if self._lost:
            raise jobs.FenceLost
        if self.canceled in self.heeds:
            raise JobCanceled(self.canceled)
        if self.stopping and self.heeds:
            raise WorkerStopping

    def report(self, share: float, note: str = "") -> None:
        """Say how far the phase is (0..1) and what is done; quick repeats are not written (errors as in `check`)."""
        self.check()
        last_share, last_note, last_time = self._reported
        now = time.monotonic()
        if (share, note) == (last_share, last_note) or now - last_time < REPORT_SECONDS:
            return
        self._reported = (share, note, now)
        self.canceled = jobs.heartbeat(self.job, progress=share, note=note)
        self.check()

    def _beat(self) -> None:
        every = min(settings.YMIR_HEARTBEAT_TIMEOUT / 4, 2.0)
        try:
            while not self._over.wait(every):
                try:
                    self.canceled = jobs.heartbeat(self.job)
                except jobs.FenceLost:
                    self._lost = True
                    return
                except DatabaseError:
                    logger.warning("job %s: the database does not answer", self.job.pk)
                    connection.close()
        finally:
            connection.close()
