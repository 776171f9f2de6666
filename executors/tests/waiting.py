"""Waiting for a condition instead of for a time."""

import time
from collections.abc import Callable


def until(condition: Callable[[], bool], timeout: float = 30.0) -> None:
    """Return as soon as `condition` holds; fail after `timeout` seconds."""
    deadline = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < deadline, "the condition did not come true in time"
        time.sleep(0.02)


def until_still(value: Callable[[], object], quiet: float = 0.3, timeout: float = 30.0) -> None:
    """Return once `value` has not changed for `quiet` seconds; fail after `timeout` seconds."""
    seen, since = value(), time.monotonic()

    def still() -> bool:
        nonlocal seen, since
        if value() != seen:
            seen, since = value(), time.monotonic()
        return time.monotonic() - since > quiet

    until(still, timeout)
