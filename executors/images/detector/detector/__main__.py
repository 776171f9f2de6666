"""Entry point: runs the tasks that env.yaml asks for and says how it ended."""

import logging
import signal
import sys
import traceback
from collections.abc import Callable
from types import FrameType

import torch

from contract import environment
from contract.environment import Environment
from contract.errors import ErrorCode, ExecutorError, StoppedError
from contract.monitor import Monitor
from detector import tasks
from detector.tasks import Task

DETECTION = 2
STOPPED = 128 + signal.SIGTERM
log = logging.getLogger("detector")


def main() -> int:
    """Run the tasks; 0 when all are done."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s", stream=sys.stderr)
    stopped = _watch_signals()
    try:
        env = environment.load()
    except ExecutorError as error:
        log.error("%d %s", error.code, error.message)  # noqa: TRY400 -- the message says it all
        return 1
    monitor = Monitor(env.monitor_file, env.task_id)
    try:
        _run(env, monitor, stopped)
    except StoppedError:
        log.info("Stopped on request; a training goes on from its last epoch when started again")
        return STOPPED
    except ExecutorError as error:
        return _fail(monitor, error.code, error.message)
    except (torch.OutOfMemoryError, MemoryError) as error:
        traceback.print_exc()
        return _fail(monitor, ErrorCode.OUT_OF_MEMORY, f"Out of memory; lower batch_size or input_size ({error})")
    except Exception as error:  # noqa: BLE001 -- the last line of defence: the platform must hear of it
        traceback.print_exc()
        monitor.fail(ErrorCode.UNKNOWN, f"{type(error).__name__}: {error}")
        return 1
    monitor.report(1.0, force=True)
    return 0


def _run(env: Environment, monitor: Monitor, stopped: Callable[[], bool]) -> None:
    monitor.report(0.0, force=True)
    config = environment.read_mapping(env.config_file)
    object_type = config.get("object_type", DETECTION)
    if str(object_type) != str(DETECTION):
        raise ExecutorError(ErrorCode.OBJECT_TYPE, f"This image detects boxes (object_type 2), not {object_type}")
    wanted = [(env.run_training, tasks.train), (env.run_mining, tasks.mine), (env.run_infer, tasks.infer)]
    steps = [step for asked, step in wanted if asked]
    if not steps:
        raise ExecutorError(ErrorCode.CONFIG, "env.yaml asks for none of training, mining and infer")
    task = Task(env, config, monitor, stopped)
    for number, step in enumerate(steps):
        monitor.span = (number / len(steps), (number + 1) / len(steps))
        step(task)


def _watch_signals() -> Callable[[], bool]:
    """SIGTERM and ^C set a flag that the loops look at between two steps."""
    asked: list[int] = []

    def note(number: int, _frame: FrameType | None) -> None:
        asked.append(number)

    signal.signal(signal.SIGTERM, note)
    signal.signal(signal.SIGINT, note)
    return lambda: bool(asked)


def _fail(monitor: Monitor, code: ErrorCode, message: str) -> int:
    log.error("%d %s", code, message)
    monitor.fail(code, message)
    return 1


if __name__ == "__main__":
    sys.exit(main())
