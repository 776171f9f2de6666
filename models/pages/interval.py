"""Figures with their 95 % intervals on one axis, drawn for each width of screen."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from common.charts import scale
from common.charts.scale import Scale
from common.numbers import MINUS

SIZES: Final = {"broad": 640, "narrow": 358}
TOP: Final = 30
ROW: Final = 44
AXIS: Final = 34
SIDE: Final = 18
LEAST_ROOM: Final = 0.012


@dataclass(frozen=True)
class Row:
    """One figure; without an interval it is a point."""

    label: str
    value: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class DrawnRow:
    label: str
    y: int
    x: float
    left: float | None
    right: float | None

    @property
    def width(self) -> float:
        return round((self.right or 0.0) - (self.left or 0.0), 1)


@dataclass(frozen=True)
class Drawing:
    """The figures at one width."""

    css: str
    width: int
    height: int
    rows: list[DrawnRow]
    ticks: list[tuple[float, str]]
    zero: float | None

    @property
    def axis(self) -> int:
        return self.height - AXIS

    @property
    def end(self) -> int:
        return self.width - SIDE


@dataclass(frozen=True)
class Intervals:
    """What is shown; with `worse` and `better`, words for the sides of 0, it shows a change."""

    rows: Sequence[Row]
    summary: str
    worse: str = ""
    better: str = ""

    def drawings(self) -> Iterator[Drawing]:
        """Lay it out for each width."""
        low, high = self._range()
        for css, width in SIZES.items():
            axis = Scale(low, high, SIDE, width - SIDE)
            marks = scale.ticks(low, high)
            texts = _texts(marks, with_sign=bool(self.better))
            yield Drawing(
                css=css,
                width=width,
                height=TOP + ROW * len(self.rows) + AXIS,
                rows=[_drawn(row, index, axis) for index, row in enumerate(self.rows)],
                ticks=[(round(axis.at(mark), 1), text) for mark, text in zip(marks, texts, strict=True)],
                zero=round(axis.at(0), 1) if self.better else None,
            )

    def _range(self) -> tuple[float, float]:
        values = [value for row in self.rows for value in (row.value, row.low, row.high) if value is not None]
        low, high = min(values), max(values)
        if self.better:
            reach = max(abs(low), abs(high), LEAST_ROOM) * 1.25
            return -reach, reach
        return scale.widen(max(0.0, low - LEAST_ROOM), min(1.0, high + LEAST_ROOM))


def _drawn(row: Row, index: int, axis: Scale) -> DrawnRow:
    ends = [None if value is None else round(axis.at(value), 1) for value in (row.low, row.high)]
    return DrawnRow(row.label, TOP + ROW * index + 24, round(axis.at(row.value), 1), *ends)


def _texts(marks: list[float], *, with_sign: bool) -> list[str]:
    texts = scale.text_of(marks)
    if not with_sign:
        return texts
    return [f"+{text}" if mark > 0 else text.replace("-", MINUS) for mark, text in zip(marks, texts, strict=True)]
