"""Why a job failed, in words: the ends of a run, refusals of the engine, and our own bugs."""

import errno
import logging
import uuid
from pathlib import Path

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from common.errors import DomainError
from common.wording import Wording
from executors.contract import monitor, runlog
from executors.contract.errors import ContractError
from executors.contract.layout import WorkDir
from executors.runners import base
from executors.runners.base import Cause, RunOutcome

logger = logging.getLogger(__name__)
_OOM_CODES = {300103}
_GPU_CODES = {300101, 300102}
_DIVERGED_CODES = {300201}
_NETWORK_CODES = {300301}
"""Error codes that executors write into monitor.txt (contract, section on /out)."""
_NO_RIGHTS = "Permission denied"


class ExecutorFailed(DomainError):
    """The program ended with an exit code other than 0."""

    id = "executors.run_failed"
    status = 502
    message = _("The executor ended with exit code {exit_code}. {reason}")
    hint = _("The end of the log says more.")


class OutOfMemory(DomainError):
    """The program wanted more memory than it may have."""

    id = "executors.out_of_memory"
    status = 502
    message = _("The executor ran out of memory. {reason}")
    hint = _("Use a smaller batch or input size, or raise YMIR_EXECUTOR_MEMORY_MB.")


class GpuUnusable(DomainError):
    """The program was given GPUs and cannot use them, or got none and needs one."""

    id = "executors.gpu_unusable"
    status = 502
    message = _("The executor cannot use the GPU. {reason}")
    hint = _("Choose another number of GPUs, or look whether driver and image fit each other.")


class Diverged(DomainError):
    """The numbers of a training became infinite."""

    id = "executors.diverged"
    status = 502
    message = _("The training diverged. {reason}")
    hint = _("Lower the learning rate and train again.")


class NetworkNeeded(DomainError):
    """The program wanted to fetch something."""

    id = "executors.network_needed"
    status = 502
    message = _("The executor did not reach the network. {reason}")
    hint = _("Let the image use the network in its settings, or build what it fetches into it.")


class RightsNeeded(DomainError):
    """The program, or the image's author, took it for granted to be root."""

    id = "executors.rights_needed"
    status = 502
    message = _("The executor lacks rights inside its container. {reason}")
    hint = _("Let the image run as root in its settings, or have it write to /out alone.")


class TimeLimitReached(DomainError):
    """The run took longer than it may."""

    id = "executors.time_limit"
    status = 502
    message = _("The executor was stopped at its time limit.")
    hint = _("Raise YMIR_JOB_TIME_LIMIT, or give it less to do.")


class TooMuchOutput(DomainError):
    """The program fills the disk."""

    id = "executors.too_much_output"
    status = 502
    message = _("The executor wrote more than {limit} MB into its output folder.")
    hint = _("Let it save fewer checkpoints, or raise YMIR_JOB_OUT_MAX_MB.")


class RunKilled(DomainError):
    """Someone else ended the program."""

    id = "executors.run_killed"
    status = 502
    message = _("The executor was killed from outside.")
    hint = _("Someone ended it by hand, or the host was short of memory. Run the job again.")


class RunVanished(DomainError):
    """The container is gone, with its exit code."""

    id = "executors.run_vanished"
    status = 502
    message = _("The executor is gone: it was removed while it ran.")
    hint = _("Someone removed its container, or the host was restarted. Run the job again.")


class ImageMissing(DomainError):
    """The image is not on this host."""

    id = "executors.image_missing"
    status = 409
    message = _("The image {image} is not on this host. {reason}")
    hint = _("Pull or build it, then inspect it again on its page.")


class EngineUnavailable(DomainError):
    """No Docker engine answers."""

    id = "executors.engine_unavailable"
    status = 503
    message = _("The Docker engine does not answer.")
    hint = _("Start it, and look whether the worker may use its socket.")


class GpuUnavailable(DomainError):
    """The engine cannot give GPUs to containers."""

    id = "executors.gpu_unavailable"
    status = 409
    message = _("The Docker engine cannot give GPUs to containers. {reason}")
    hint = _("Install the NVIDIA container toolkit on the host, or choose no GPU.")


class CannotStart(DomainError):
    """The engine refused to start the run."""

    id = "executors.cannot_start"
    status = 502
    message = _("The executor could not be started: {reason}")
    hint = _("Look whether the image has a command, and whether the host has what it asks for.")


class DiskFull(DomainError):
    """There is no room left."""

    id = "executors.disk_full"
    status = 507
    message = _("The disk is full. {reason}")
    hint = _("Make room in the data root (collect_garbage lists what can go), then run the job again.")


class BrokenContract(DomainError):
    """A file of the work folder is not as the contract wants it."""

    id = "executors.broken_contract"
    status = 502
    message = _("{file}: {reason}.")
    hint = _("If the image is yours, compare it with the contract.")


class InternalError(DomainError):
    """A bug of ours; the incident number finds it in the worker's log."""

    id = "executors.internal_error"
    status = 500
    message = _("Something went wrong inside YMIR (incident {incident}).")
    hint = _("Tell the administrator the incident number; the worker's log has the rest.")


def of_outcome(outcome: RunOutcome, work: WorkDir, *, in_container: bool) -> DomainError:
    """Say why a run did not end well, from what the runner saw and what the program left behind.

    Only in a container can a program be given more rights.
    """
    match outcome.cause:
        case Cause.OUT_OF_MEMORY:
            return OutOfMemory(reason="")
        case Cause.TIME_LIMIT:
            return TimeLimitReached()
        case Cause.KILLED:
            return RunKilled()
        case Cause.EXIT_CODE:
            return _of_exit_code(outcome.exit_code, work, in_container=in_container)
    return RunVanished()


def of_exception(error: Exception) -> DomainError:
    """Say in words what stopped a job; what nobody expected is logged with an incident number."""
    if isinstance(error, DomainError):
        return error
    if isinstance(error, base.RunnerError):
        return _of_runner(error)
    if isinstance(error, ContractError):
        return BrokenContract(file=error.where, reason=error.reason)
    if isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}:
        logger.error("no room left: %s", error)
        return DiskFull(reason=_in_data_root(error.filename))
    incident = uuid.uuid4().hex[:8]
    logger.error("incident %s", incident, exc_info=error)
    return InternalError(incident=incident)


def _in_data_root(name: object) -> str:
    """What a file below the data root is called there. Where others lie on the host is nobody's business."""
    path, root = Path(str(name or "")), Path(settings.YMIR_DATA_ROOT)
    return str(path.relative_to(root)) if path.is_relative_to(root) else ""


def _of_runner(error: base.RunnerError) -> DomainError:
    match error:
        case base.ImageMissingError():
            return ImageMissing(image=error.subject, reason=error.detail)
        case base.EngineUnavailableError():
            return EngineUnavailable()
        case base.GpuUnavailableError():
            return GpuUnavailable(reason=error.detail)
    return CannotStart(reason=error.detail or error.subject)


def _of_exit_code(exit_code: int | None, work: WorkDir, *, in_container: bool) -> DomainError:
    seen = monitor.read(work.out_dir)
    code = seen.code if seen else 0
    reason = (_gist(seen.message) if seen and code else "") or _last_words(work.root)
    if code in _OOM_CODES:
        return OutOfMemory(reason=reason)
    if code in _GPU_CODES:
        return GpuUnusable(reason=reason)
    if code in _DIVERGED_CODES:
        return Diverged(reason=reason)
    if code in _NETWORK_CODES:
        return NetworkNeeded(reason=reason)
    if in_container and _NO_RIGHTS in reason:
        return RightsNeeded(reason=reason)
    return ExecutorFailed(exit_code=exit_code, reason=reason)


def _gist(message: str) -> str:
    """The first line of a message; of Python's trace of a crash the last, which names the error."""
    lines = [line.strip() for line in message.splitlines() if line.strip()] or [""]
    return lines[-1 if lines[0].startswith("Traceback") else 0][:500]


def _last_words(folder: Path) -> str:
    """The last line of the log that says something."""
    lines = [line.text.strip() for line in runlog.read(folder).lines if line.text.strip()]
    return lines[-1][:500] if lines else Wording(_("Its log is empty."))
