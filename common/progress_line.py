"""Progress on stderr: a line with a bar and the time left on a terminal, else a line now and then."""

import sys
import time
from collections.abc import Callable
from typing import Any

BAR_WIDTH = 24
TENTHS = 10


class ProgressLine:
    """One line for each piece of work, rewritten in place on a terminal; elsewhere a new one at each tenth.

    Args:
        write: as a command's `self.stderr.write`.
        tenths: whether something that is no terminal is told each tenth too, not only each piece.
    """

    def __init__(self, write: Callable[..., Any], *, tenths: bool = False) -> None:
        self.write, self.tenths = write, tenths
        self.began = self.piece_began = time.monotonic()
        self.words, self.tenth = "", 0
        self.is_terminal = sys.stderr.isatty()

    @property
    def seconds(self) -> float:
        """How long all of it has taken."""
        return time.monotonic() - self.began

    def __call__(self, words: str, share: float | None) -> None:
        now = time.monotonic()
        if words != self.words:
            self.end()
            self.words, self.piece_began, self.tenth = words, now, 0
            if not self.is_terminal:
                self.write(words)
        left = _left(now - self.piece_began, share)
        if self.is_terminal:
            self.write(f"\r\033[K{words} {_bar(share)} {left}", ending="")
        elif self.tenths and int((share or 0) * TENTHS) > self.tenth:
            self.tenth = int((share or 0) * TENTHS)
            self.write(f"{words} {share:.0%}{', ' if left else ''}{left}")

    def end(self) -> None:
        """Close the line under way with the time it took."""
        if self.words and self.is_terminal:
            self.write(f"\r\033[K{self.words} · {time.monotonic() - self.piece_began:.0f} s")
        self.words = ""


def _bar(share: float | None) -> str:
    if share is None:
        return ""
    done = round(BAR_WIDTH * share)
    return f"[{'#' * done}{'.' * (BAR_WIDTH - done)}] {share:4.0%}"


def _left(elapsed: float, share: float | None) -> str:
    if not share or share >= 1:
        return ""
    return f"about {elapsed * (1 - share) / share:.0f} s left"
