"""Confusion between classes: counts in, shares and shades out. PURE."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal

SHADES: Final = 10
LIGHT_TEXT_FROM: Final = 0.55
MISS_STRENGTH: Final = 2.6  # errors are rare: their red rises faster than the accent of hits


@dataclass(frozen=True, slots=True)
class Cell:
    count: int
    share: float
    kind: Literal["hit", "miss", "zero", "na"]

    @property
    def shade(self) -> int:
        """Return the step of the color, 0 to 10."""
        strength = self.share if self.kind == "hit" else min(1.0, self.share * MISS_STRENGTH)
        return round(strength * SHADES)

    @property
    def light_text(self) -> bool:
        return self.kind == "hit" and self.share > LIGHT_TEXT_FROM


@dataclass(frozen=True, slots=True)
class Confusion:
    """`counts` has a row for each true class and a last one for no object; a last column for missed.

    `orders` are the classes' orders in the project, which decide their colors; by default 0, 1, 2 …
    """

    names: Sequence[str]
    counts: Sequence[Sequence[int]]
    orders: Sequence[int] = ()

    def rows(self) -> Iterator[tuple[int | None, str, list[Cell]]]:
        """Yield class order (None: no object), name and cells; shares of the row, in the last row of the column."""
        columns = [sum(row[column] for row in self.counts) for column in range(len(self.names) + 1)]
        for index, row in enumerate(self.counts):
            last = index == len(self.names)
            totals = columns if last else [sum(row)] * len(row)
            cells = [
                self._cell(index, column, count, total)
                for column, (count, total) in enumerate(zip(row, totals, strict=True))
            ]
            yield (None, "", cells) if last else (self._order(index), self.names[index], cells)

    def _order(self, index: int) -> int:
        return self.orders[index] if self.orders else index

    def _cell(self, row: int, column: int, count: int, total: int) -> Cell:
        if row == column == len(self.names):
            return Cell(0, 0.0, "na")
        if not count:
            return Cell(0, 0.0, "zero")
        return Cell(count, count / total, "hit" if row == column else "miss")
