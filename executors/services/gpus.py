"""GPUs of this host: which there are, and which job holds which. A lease ends with its job, not with its worker."""

import logging
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings
from django.db import transaction
from django.db.models import Count
from django.utils.translation import gettext_lazy as _

from common.errors import DomainError
from executors.models import Gpu, Job

logger = logging.getLogger(__name__)
QUERY = ("--query-gpu=index,name,memory.total", "--format=csv,noheader,nounits")
QUERY_TIMEOUT = 30


class TooFewGpus(DomainError):
    """No host has as many GPUs as a job asks for: it would wait for ever."""

    id = "executors.too_few_gpus"
    status = 409
    message = _("{wanted} GPUs are asked for; no host has more than {available}.")
    hint = _("Run the job again with fewer GPUs, or with none.")
    field = "gpu_count"


@dataclass(frozen=True)
class Found:
    """A GPU as its driver describes it."""

    index: int
    name: str = ""
    memory_mb: int = 0


def detect() -> list[Found]:
    """Return this host's GPUs: as many as YMIR_GPUS says, or those that the NVIDIA driver lists."""
    if settings.YMIR_GPUS != "auto":
        return [Found(index) for index in range(int(settings.YMIR_GPUS or 0))]
    program = shutil.which("nvidia-smi")
    if program is None:
        return []
    try:
        answer = subprocess.run(  # noqa: S603 -- a fixed question to the driver
            [program, *QUERY], capture_output=True, text=True, timeout=QUERY_TIMEOUT, check=True
        )
    except (OSError, subprocess.SubprocessError):
        logger.warning("nvidia-smi does not answer: no GPUs are offered")
        return []
    return [_parse(line) for line in answer.stdout.splitlines() if line.strip()]


def register(found: Sequence[Found]) -> None:
    """Record this host's GPUs; those that are gone are forgotten, unless a job holds them."""
    with transaction.atomic():
        for gpu in found:
            Gpu.objects.update_or_create(
                host=settings.YMIR_HOST, index=gpu.index, defaults={"name": gpu.name, "memory_mb": gpu.memory_mb}
            )
        gone = Gpu.objects.filter(host=settings.YMIR_HOST, job=None).exclude(index__in=[gpu.index for gpu in found])
        gone.delete()


def lease(job: Job) -> tuple[int, ...] | None:
    """Give a job the GPUs of this host that it asks for, the same again if it has them; None while too few are free.

    Raises:
        TooFewGpus
    """
    if not job.gpu_count:
        return ()
    with transaction.atomic():
        job.gpus.exclude(host=settings.YMIR_HOST).update(job=None)
        held = list(job.gpus.values_list("index", flat=True))
        if len(held) == job.gpu_count:
            return tuple(sorted(held))
        free = Gpu.objects.select_for_update(skip_locked=True).filter(host=settings.YMIR_HOST, job=None)
        chosen = list(free.order_by("index")[: job.gpu_count - len(held)])
        if len(held) + len(chosen) < job.gpu_count:
            _require_some_host(job.gpu_count)
            return None
        Gpu.objects.filter(pk__in=[gpu.pk for gpu in chosen]).update(job=job)
    return tuple(sorted([*held, *(gpu.index for gpu in chosen)]))


def _require_some_host(wanted: int) -> None:
    counts = Gpu.objects.values_list("host").annotate(count=Count("pk")).values_list("count", flat=True)
    available = max(counts, default=0)
    if available < wanted:
        raise TooFewGpus(wanted=wanted, available=available)


def _parse(line: str) -> Found:
    index, name, memory = (word.strip() for word in line.split(","))
    return Found(int(index), name, int(float(memory)))
