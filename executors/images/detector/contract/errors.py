"""The error codes of the contract and the one exception an executor ends with."""

from enum import IntEnum


class ErrorCode(IntEnum):
    """Fifth column of the monitor file when a task fails."""

    UNKNOWN = 160004
    CONFIG = 300001
    DATASET = 300002
    IMAGE_FORMAT = 300003
    MODEL_MISSING = 300004
    OBJECT_TYPE = 300005
    CUDA_MISMATCH = 300101
    NO_GPU = 300102
    OUT_OF_MEMORY = 300103
    INVALID_LOSS = 300201


class ExecutorError(Exception):
    """A failure whose cause is known: `code` tells the platform, `message` tells the person."""

    def __init__(self, code: ErrorCode, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class StoppedError(Exception):
    """Somebody asked the process to end (SIGTERM or ^C)."""
