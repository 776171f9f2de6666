"""Histograms: bars in percent of a box that the stylesheet sizes. PURE."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

GAP: Final = 0.12  # of a bar's place
LEAST: Final = 1.5  # percent of the height: a bin that is not empty is seen


@dataclass(frozen=True, slots=True)
class Bar:
    x: str
    y: str
    width: str
    height: str
    selected: bool
    title: str


@dataclass(frozen=True, slots=True)
class Histogram:
    """Counts of equal bins. `edges` are the first and last value; `selected` bins are drawn darker (none: all)."""

    counts: Sequence[int]
    edges: Sequence[float] = ()
    selected: Collection[int] = ()
    summary: str = ""
    ticks: Sequence[str] = ()
    titles: Sequence[str] = ()

    def bars(self) -> Iterator[Bar]:
        """Place the bars from left to right, in percent."""
        tallest = max(self.counts, default=0) or 1
        place = 100 / max(1, len(self.counts))
        for index, count in enumerate(self.counts):
            height = max(LEAST, 100 * count / tallest) if count else 0.0
            yield Bar(
                x=f"{place * (index + GAP / 2):.3f}%",
                y=f"{100 - height:.2f}%",
                width=f"{place * (1 - GAP):.3f}%",
                height=f"{height:.2f}%",
                selected=not self.selected or index in self.selected,
                title=self.titles[index] if index < len(self.titles) else str(count),
            )
