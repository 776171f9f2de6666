"""Line charts: series, bands and marks in data units in, paths and labels in drawing units out. PURE.

A chart is drawn once for each width it is shown at: a narrow chart is another drawing, not a smaller one.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from common.charts import scale
from common.charts.overlay import text_width
from common.charts.scale import Scale

Point = tuple[float, float]
Role = Literal["ours", "reference", "limit"]

LEFT, TOP, BOTTOM, EDGE = 38.0, 32.0, 28.0, 10.0
X_ROOM: Final = 0.04
CORNER = (150.0, 34.0)  # of the plot, where the name of the x axis stands
MOST_POINTS: Final = 400
LABEL_SIZE: Final = 12.0
LABEL_STEP: Final = 15.0  # least distance between the baselines of two labels
LABEL_GAP: Final = 9.0
WIDEST_MARGIN: Final = 0.34  # of the drawing, given to labels at the right


@dataclass(frozen=True)
class Series:
    """One line. `ours` is petrol and solid, `reference` grey and dashed, `limit` a level that another line may reach.

    `band` holds (x, low, high); `future` continues the line with hollow points; `dots` marks every point.
    """

    points: Sequence[Point]
    label: str = ""
    role: Role = "ours"
    band: Sequence[tuple[float, float, float]] = ()
    future: Sequence[Point] = ()
    future_label: str = ""
    dots: bool = False


@dataclass(frozen=True)
class Mark:
    """A point in use or worth naming: the best epoch, the threshold."""

    x: float
    y: float
    label: str = ""


@dataclass(frozen=True)
class LineChart:
    """Everything a chart shows. `summary` says the numbers to those who do not see; `caption` what the chart shows."""

    series: Sequence[Series]
    x_label: str = ""
    y_label: str = ""
    x_range: tuple[float, float] | None = None
    y_range: tuple[float, float] | None = None
    x_ticks: Sequence[float] | None = None
    marks: Sequence[Mark] = ()
    now: float | None = None
    in_use: Mark | None = None
    summary: str = ""
    caption: str = ""
    decimals: int = 3

    def draw(self, width: int, height: int) -> "Drawing":
        """Lay the chart out for one size."""
        return _Layout(self, width, height).drawing()


@dataclass(frozen=True, slots=True)
class Tick:
    position: float
    text: str


@dataclass(frozen=True, slots=True)
class Path:
    css: str
    d: str


@dataclass(frozen=True, slots=True)
class Dot:
    css: str
    x: float
    y: float
    r: float


@dataclass(slots=True)
class Label:
    css: str
    x: float
    y: float
    anchor: str
    text: str

    @property
    def left(self) -> float:
        width = text_width(self.text, LABEL_SIZE)
        return self.x - {"start": 0.0, "middle": width / 2, "end": width}[self.anchor]

    @property
    def right(self) -> float:
        return self.left + text_width(self.text, LABEL_SIZE)


@dataclass(frozen=True)
class Drawing:
    """A chart ready to print as SVG."""

    width: int
    height: int
    left: float
    right: float
    top: float
    bottom: float
    x_ticks: Sequence[Tick]
    y_ticks: Sequence[Tick]
    bands: Sequence[Path] = ()
    lines: Sequence[Path] = ()
    dots: Sequence[Dot] = ()
    labels: Sequence[Label] = ()
    readout: Sequence[tuple[float, str]] = ()
    x_name: Label | None = None


class _Layout:
    """The steps of drawing one chart at one size."""

    def __init__(self, chart: LineChart, width: int, height: int) -> None:
        self.chart, self.width, self.height = chart, width, height
        low, high = chart.x_range or _padded(*_extent([x for x, _ in self._all_points()]))
        self.y_low, self.y_high = chart.y_range or scale.widen(*_extent([y for _, y in self._all_points()]))
        # The margin depends on where lines end, which depends on the margin: solved for each label in _margin.
        self.y = Scale(self.y_low, self.y_high, height - BOTTOM, TOP)
        self.x = Scale(low, high, LEFT, width - self._margin(low, high))

    def drawing(self) -> Drawing:
        x_values = list(self.chart.x_ticks or self._x_ticks())
        y_values = scale.ticks(self.y_low, self.y_high)
        return Drawing(
            width=self.width,
            height=self.height,
            left=LEFT,
            right=_round(self.x.end),
            top=TOP,
            bottom=self.height - BOTTOM,
            x_ticks=self._spaced(_ticks(self.x, x_values)),
            y_ticks=_ticks(self.y, y_values),
            bands=[self._band(series) for series in self._backwards() if series.band],
            lines=[path for series in self._backwards() for path in self._lines(series)] + self._verticals(),
            dots=[dot for series in self._backwards() for dot in self._dots(series)] + self._mark_dots(),
            labels=self._labels(),
            readout=list(self._readout()),
            x_name=self._x_name(),
        )

    def _x_name(self) -> "Label | None":
        """Name the x axis in the lower left corner; in the right one, where lines pass through the left."""
        if not self.chart.x_label:
            return None
        y = self.height - BOTTOM - 7
        across, up = CORNER
        low_points = [x for x, at in map(self._position, self._all_points()) if at > self.height - BOTTOM - up]
        text = f"{self.chart.x_label} →"
        if any(x < LEFT + across for x in low_points) and not any(x > self.x.end - across for x in low_points):
            return Label("", _round(self.x.end) - 4, y, "end", text)
        return Label("", LEFT + 6, y, "start", text)

    def _all_points(self) -> list[Point]:
        points: list[Point] = []
        for series in self.chart.series:
            points += [*series.points, *series.future]
            points += [(x, edge) for x, low, high in series.band for edge in (low, high)]
        return points + [(mark.x, mark.y) for mark in self.chart.marks]

    def _backwards(self) -> list[Series]:
        """Draw references first, so that ours lies on top."""
        order = {"limit": 0, "reference": 1, "ours": 2}
        return sorted(self.chart.series, key=lambda series: order[series.role])

    def _margin(self, low: float, high: float) -> float:
        """Return the room at the right in which every end label fits, as far as it may grow."""
        needed, inner, span = EDGE, self.width - LEFT, (high - low) or 1.0
        for series in self.chart.series:
            if series.role == "limit":
                continue
            for points, label in ((series.points, series.label), (series.future, series.future_label)):
                if points and label:
                    share = (points[-1][0] - low) / span
                    room = inner - LABEL_GAP - text_width(label, LABEL_SIZE)
                    if share > 0:
                        needed = max(needed, inner - room / share)
        return min(needed, WIDEST_MARGIN * self.width)

    def _x_ticks(self) -> list[float]:
        places = {x for x, _ in self._all_points()}
        if len(places) == 1 and self.chart.x_range is None:
            return list(places)
        return scale.ticks(self.x.low, self.x.high, max(3, min(6, int((self.x.end - LEFT) / 60))))

    @staticmethod
    def _spaced(marks: list[Tick]) -> list[Tick]:
        """Leave out the text of ticks that would touch the one before."""
        kept, free_from = [], float("-inf")
        for mark in marks:
            half = text_width(mark.text, 11) / 2 + 3
            fits = mark.position - half >= free_from
            kept.append(mark if fits else Tick(mark.position, ""))
            free_from = mark.position + half if fits else free_from
        return kept

    def _position(self, point: Point) -> Point:
        return _round(self.x.at(point[0])), _round(self.y.at(min(self.y_high, max(self.y_low, point[1]))))

    def _path(self, points: Sequence[Point]) -> str:
        return "M" + "L".join(f"{x} {y}" for x, y in map(self._position, _thinned(points)))

    def _band(self, series: Series) -> Path:
        upper = [(x, high) for x, _, high in series.band]
        lower = [(x, low) for x, low, _ in reversed(series.band)]
        return Path("b1" if series.role == "ours" else "b2", self._path([*upper, *lower]) + "Z")

    def _lines(self, series: Series) -> Iterator[Path]:
        if series.role == "limit" and series.points:
            x, y = self._position(series.points[-1])
            yield Path("s3 fine", f"M{LEFT} {y}H{x}")
            return
        css = "s1" if series.role == "ours" else "s2"
        if len(series.points) > 1:
            yield Path(css, self._path(series.points))
        if series.future:
            yield Path(f"{css} future", self._path([*series.points[-1:], *series.future]))

    def _verticals(self) -> list[Path]:
        spans = f"{TOP}V{self.height - BOTTOM}"
        paths = []
        if self.chart.now is not None:
            paths.append(Path("now", f"M{_round(self.x.at(self.chart.now))} {spans}"))
        if self.chart.in_use is not None:
            paths.append(Path("in-use", f"M{_round(self.x.at(self.chart.in_use.x))} {spans}"))
        return paths

    def _dots(self, series: Series) -> Iterator[Dot]:
        css, radius = ("p1", 4.5) if series.role == "ours" else ("p2", 3.5)
        single = len(series.points) == 1
        shown = series.points if series.dots or single else ()
        yield from (Dot(css, *self._position(point), radius) for point in shown)
        yield from (Dot("p0", *self._position(point), radius) for point in series.future)

    def _mark_dots(self) -> list[Dot]:
        marks = [*self.chart.marks, *([self.chart.in_use] if self.chart.in_use else [])]
        return [Dot("p1", *self._position((mark.x, mark.y)), 4.5) for mark in marks]

    def _labels(self) -> list[Label]:
        ends = [label for series in self.chart.series for label in self._end_labels(series)]
        _spread(ends, TOP + 4, self.height - BOTTOM - 4)
        marks = [self._mark_label(mark) for mark in self.chart.marks if mark.label]
        if self.chart.in_use is not None and self.chart.in_use.label:
            x = _round(self.x.at(self.chart.in_use.x))
            marks.append(Label("lbl-2 t1", x + 6, self.height - BOTTOM - 20, "start", self.chart.in_use.label))
        return ends + marks

    def _end_labels(self, series: Series) -> Iterator[Label]:
        ours = series.role == "ours"
        if series.role == "limit" and series.points and series.label:
            x, y = self._position(series.points[-1])
            yield Label("lbl-2", x + 4, y - 8, "end", series.label)
        elif series.points and series.label:
            yield self._end_label("lbl t1" if ours else "lbl-2", series.points[-1], series.label, bool(series.future))
        if series.future and series.future_label:
            yield self._end_label("lbl-2 t1" if ours else "lbl-2", series.future[-1], series.future_label, False)

    def _end_label(self, css: str, point: Point, text: str, goes_on: bool) -> Label:
        """Put a label right of its line's end; above it, where the line goes on or there is no room."""
        x, y = self._position(point)
        width = text_width(text, LABEL_SIZE)
        if not goes_on and x + LABEL_GAP + width <= self.width + 2:
            return Label(css, x + LABEL_GAP, y + 4, "start", text)
        return Label(css, max(x - 4, LEFT + width), y - 10, "end", text)

    def _mark_label(self, mark: Mark) -> Label:
        x, y = self._position((mark.x, mark.y))
        fits = x - text_width(mark.label, LABEL_SIZE) > LEFT
        return Label("lbl t1", x - 4 if fits else x + 4, y - 12, "end" if fits else "start", mark.label)

    def _readout(self) -> Iterator[tuple[float, str]]:
        """Name the values at each x that the first line has a point at."""
        if not self.chart.series:
            return
        lines = [series for series in self.chart.series if series.role != "limit"]
        values = [dict(_thinned(series.points)) for series in lines]
        for x in sorted({x for points in values for x in points}):
            parts = [
                f"{_name(series)} {points[x]:.{self.chart.decimals}f}".strip()
                for series, points in zip(lines, values, strict=True)
                if x in points
            ]
            yield _round(self.x.at(x)), f"{self.chart.x_label} {scale.text_of([x])[0]}: {' · '.join(parts)}".strip()


def _thinned(points: Sequence[Point]) -> Sequence[Point]:
    """Leave out points that lie closer together than the eye can tell; the last one stays."""
    stride = -(-len(points) // MOST_POINTS)
    return [*points[:-1:stride], points[-1]] if stride > 1 else points


def _name(series: Series) -> str:
    """A label without the number it may end with."""
    words = series.label.split()
    return " ".join(words[:-1]) if words and words[-1].replace(".", "").isdigit() else series.label


def _spread(labels: list[Label], top: float, bottom: float) -> None:
    """Move labels that would overlap apart, from top to bottom, then back up from the bottom."""
    ordered = sorted(labels, key=lambda label: label.y)
    for index, label in enumerate(ordered):
        for above in ordered[:index]:
            if _touch(above, label) and label.y - above.y < LABEL_STEP:
                label.y = above.y + LABEL_STEP
    floor = bottom
    for label in reversed(ordered if ordered and ordered[-1].y > bottom else []):
        label.y = min(label.y, floor)
        floor = label.y - LABEL_STEP
    for label in ordered:
        label.y = _round(max(top, label.y))


def _touch(one: Label, other: Label) -> bool:
    return one.left < other.right and other.left < one.right


def _extent(values: Sequence[float]) -> tuple[float, float]:
    return (min(values), max(values)) if values else (0.0, 1.0)


def _padded(low: float, high: float) -> tuple[float, float]:
    """Leave some room before the first and after the last point, but do not go below zero."""
    room = X_ROOM * (high - low) or 1.0
    return (max(0.0, low - room) if low >= 0 else low - room), high + room


def _ticks(axis: Scale, values: list[float]) -> list[Tick]:
    return [Tick(_round(axis.at(value)), text) for value, text in zip(values, scale.text_of(values), strict=True)]


def _round(number: float) -> float:
    return round(number, 1)
