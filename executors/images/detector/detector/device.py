"""Chooses processor, threads and number format from the options and from what the machine offers."""

import importlib.util
import logging
import math
import os
import shutil
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

import torch

from contract.errors import ErrorCode, ExecutorError
from contract.settings import require

log = logging.getLogger(__name__)
MOST_LANES = 4
FAST_BF16_FLAGS = {"avx512_bf16", "amx_bf16"}


@dataclass(frozen=True)
class DeviceOptions:
    """Where to compute and in which number format."""

    gpu_id: str = ""
    gpu_count: int = 0
    threads: int = 0
    workers: int = 2
    mixed_precision: str = "auto"
    compile: str = "auto"


@dataclass(frozen=True)
class Compute:
    """Where and how to compute. `dtype` is the format inside mixed-precision regions, `lanes` how many parts of a batch
    are computed side by side."""

    device: torch.device
    dtype: torch.dtype
    compile: bool
    lanes: int

    def precision(self) -> AbstractContextManager[object]:
        """A context in which matrix work runs in `dtype`."""
        return torch.autocast(self.device.type, self.dtype, enabled=self.dtype != torch.float32)


def choose(options: DeviceOptions) -> Compute:
    """Pick the device asked for; raises ExecutorError when a GPU is asked for and there is none."""
    require(options.mixed_precision in {"auto", "on", "off"}, "mixed_precision must be auto, on or off")
    require(options.compile in {"auto", "on", "off"}, "compile must be auto, on or off")
    device = _device(options)
    threads = options.threads or available_cpus()
    lanes = min(threads, MOST_LANES) if device.type == "cpu" else 1
    torch.set_num_threads(max(1, threads // lanes))
    wanted = options.mixed_precision == "on" or (options.mixed_precision == "auto" and _bf16_is_fast(device))
    dtype = _half(device) if wanted else torch.float32
    compiled = options.compile == "on" or (options.compile == "auto" and _can_compile(device))
    log.info("Computing on %s, %d threads, %s, compiled: %s", device, threads, dtype, compiled)
    return Compute(device, dtype, compiled, lanes)


def available_cpus() -> int:
    """Cores this process may really use: its affinity, and the container's quota."""
    cores = len(os.sched_getaffinity(0))
    return max(1, min(cores, math.ceil(_cgroup_quota() or cores)))


def _device(options: DeviceOptions) -> torch.device:
    ids = [part for part in options.gpu_id.replace(" ", "").split(",") if part]
    if not ids or options.gpu_count == 0:
        return torch.device("cpu")
    if not torch.cuda.is_available():
        raise ExecutorError(
            ErrorCode.NO_GPU,
            f"GPU {options.gpu_id} is asked for, but no GPU can be used here; clear gpu_id for the CPU",
        )
    if int(ids[0]) >= torch.cuda.device_count():
        raise ExecutorError(ErrorCode.NO_GPU, f"There is no GPU {ids[0]}: {torch.cuda.device_count()} are visible")
    if len(ids) > 1:
        log.warning("%d GPUs are granted; one is used", len(ids))
    return torch.device("cuda", int(ids[0]))


def _bf16_is_fast(device: torch.device) -> bool:
    if device.type == "cuda":
        return True
    try:
        flags = set(Path("/proc/cpuinfo").read_text(encoding="utf-8").split())
    except OSError:
        return False
    return bool(FAST_BF16_FLAGS & flags)


def _can_compile(device: torch.device) -> bool:
    """Compiled GPU code needs Triton, and Triton needs a C compiler for its launchers."""
    has_compiler = any(shutil.which(name) for name in ("cc", "gcc", "clang"))
    return device.type == "cuda" and has_compiler and importlib.util.find_spec("triton") is not None


def _half(device: torch.device) -> torch.dtype:
    """bfloat16 needs no loss scaling; GPUs before Ampere have only float16."""
    if device.type == "cuda" and torch.cuda.get_device_capability(device) < (8, 0):
        return torch.float16
    return torch.bfloat16


def _cgroup_quota() -> float | None:
    """CPU quota of the container in cores (cgroup v2, then v1)."""
    root = Path("/sys/fs/cgroup")
    try:
        quota, period = (root / "cpu.max").read_text(encoding="utf-8").split()
        return None if quota == "max" else int(quota) / int(period)
    except (OSError, ValueError):
        pass
    try:
        quota, period = (
            (root / "cpu" / f"cpu.cfs_{name}_us").read_text(encoding="utf-8") for name in ("quota", "period")
        )
        return int(quota) / int(period) if int(quota) > 0 else None
    except (OSError, ValueError):
        return None
