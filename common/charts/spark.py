"""Sparklines: one quantity over the last minutes, without axes. PURE."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

WIDTH: Final = 280
HEIGHT: Final = 52
FLOOR: Final = 50.0
ROOF: Final = 2.0


@dataclass(frozen=True, slots=True)
class Spark:
    """Values from old to new between 0 and `most`."""

    values: Sequence[float]
    most: float
    summary: str = ""

    @property
    def line(self) -> str:
        """Return the path of the values; one value is a level."""
        values = list(self.values) * (2 if len(self.values) == 1 else 1)
        if not values:
            return ""
        step = WIDTH / (len(values) - 1)
        heights = (FLOOR - min(1.0, value / (self.most or 1.0)) * (FLOOR - ROOF) for value in values)
        return "M" + "L".join(f"{index * step:.1f} {height:.1f}" for index, height in enumerate(heights))

    @property
    def area(self) -> str:
        return f"{self.line}V{FLOOR}H0Z" if self.values else ""
