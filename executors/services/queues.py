"""The way from Postgres, which knows every waiting job, to Redis, which may forget them."""

import logging
from datetime import datetime

import django_rq
from django.conf import settings
from redis.exceptions import RedisError

from executors.models import Job
from executors.services import jobs

logger = logging.getLogger(__name__)
PATIENCE = 5.0
"""Seconds after which a waiting job that Redis does not know counts as forgotten: its own sending may be under way."""


def send_forgotten(now: datetime) -> list[Job]:
    """Send the ids of waiting jobs that no queue holds: Redis was flushed, or they waited for GPUs."""
    waiting = jobs.waiting(now, older_than=PATIENCE)
    if not waiting:
        return []
    try:
        known = _queued()
    except RedisError:
        logger.warning("%s jobs wait for Redis", len(waiting))
        return []
    forgotten = [job for job in waiting if job.pk not in known]
    for job in forgotten:
        jobs.send(job)
    return forgotten


def _queued() -> set[int]:
    """The numbers of the jobs whose ids lie in a queue or were just taken from it (an id is `<number>-<random>`)."""
    ids = [
        message
        for name in settings.RQ_QUEUES
        for queue in [django_rq.get_queue(name)]
        for message in (*queue.get_job_ids(), *queue.started_job_registry.get_job_ids(cleanup=False))
    ]
    return {int(number) for number in (str(message).partition("-")[0] for message in ids) if number.isdecimal()}
