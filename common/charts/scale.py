"""Ticks and positions on an axis. PURE."""

import math
from dataclasses import dataclass
from typing import Final

STEPS: Final = (1.0, 2.0, 2.5, 5.0, 10.0)
TOLERANCE: Final = 1e-9
LEAST_SPAN: Final = 1e-8  # what is closer together is one value


@dataclass(frozen=True, slots=True)
class Scale:
    """A linear axis: values from `low` to `high` lie from `start` to `end` in the drawing."""

    low: float
    high: float
    start: float
    end: float

    def at(self, value: float) -> float:
        """Return the position of a value."""
        span = self.high - self.low
        return self.start if span == 0 else self.start + (value - self.low) / span * (self.end - self.start)


def ticks(low: float, high: float, most: int = 6) -> list[float]:
    """Return at most `most` round values that lie within low and high, evenly spaced."""
    if _is_one_value(low, high):
        return [low]
    rough = (high - low) / most
    magnitude = 10.0 ** math.floor(math.log10(rough))
    for step in (factor * magnitude * scale for scale in (1, 10) for factor in STEPS):
        first = math.ceil(low / step - TOLERANCE)
        last = math.floor(high / step + TOLERANCE)
        if last - first + 1 <= most:
            return [_clean(index * step) for index in range(first, last + 1)]
    return [low, high]


def widen(low: float, high: float) -> tuple[float, float]:
    """Return limits at round values that hold low and high, so that lines do not touch the frame."""
    if _is_one_value(low, high):
        return (0.0, 1.0) if -LEAST_SPAN <= low <= 1 else (low - abs(low) / 2, low + abs(low) / 2)
    marks = ticks(low, high)
    step = marks[1] - marks[0] if len(marks) > 1 else high - low
    return _clean(math.floor(low / step + TOLERANCE) * step), _clean(math.ceil(high / step - TOLERANCE) * step)


def text_of(values: list[float]) -> list[str]:
    """Write ticks with the same, smallest sufficient number of decimals; thousands with a comma."""
    decimals = 0
    while decimals < 6 and any(abs(round(value, decimals) - value) > TOLERANCE for value in values):  # noqa: PLR2004
        decimals += 1
    return [f"{value:,.{decimals}f}" for value in values]


def _is_one_value(low: float, high: float) -> bool:
    return high - low <= max(LEAST_SPAN, TOLERANCE * max(abs(low), abs(high)))


def _clean(value: float) -> float:
    """Drop the dust of floating point, and the sign of zero."""
    return round(value, 10) + 0.0
