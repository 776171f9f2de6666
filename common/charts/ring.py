"""The loop as growth rings: the outer ring is the round being drawn, inner rings are finished rounds. PURE."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal

State = Literal["done", "now", "next", "failed"]

WIDTH, HEIGHT = 380, 344
CENTER: Final = (190.0, 172.0)
RADIUS: Final = 120.0
STROKE: Final = 18.0
GAP: Final = 1.5  # degrees left free at each end of a step
TICK_GAP: Final = 0.36  # degrees left free at each side of a tick
MOST_TICKS: Final = 48  # more are drawn as one arc: ticks would blur
LABEL_RADIUS: Final = 144.0
LINE: Final = 16.0
NAMED_RADII: Final = (88.0, 68.0)  # the two newest finished rounds carry their result
NAMED_RADII_CROWDED: Final = (92.0, 76.0)
PLAIN_RADII: Final = (66.0, 61.0)
NAME_ROOM: Final = 48.0  # half the width kept free for a result at the top of a ring


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the round. `done` of `total` assets are ticks of the step being worked on."""

    name: str
    state: State = "next"
    note: str = ""
    done: int = 0
    total: int = 0


@dataclass(frozen=True, slots=True)
class Ring:
    """The rounds of a project. `rounds` are the results of finished ones, oldest first: "Round 1 · 0.803"."""

    steps: Sequence[Step]
    title: str = ""
    subtitle: str = ""
    rounds: Sequence[str] = ()
    summary: str = ""

    def draw(self) -> "RingDrawing":
        """Lay the rings out."""
        arcs = [arc for index in range(len(self.steps)) for arc in self._step_arcs(index)]
        return RingDrawing(
            arcs=arcs,
            labels=[label for index in range(len(self.steps)) for label in self._step_labels(index)],
            past=list(_past(len(self.rounds))),
            past_labels=_past_labels(self.rounds),
            needle=self._needle(),
            waiting=not self.rounds and all(step.state == "next" for step in self.steps),
        )

    def _span(self, index: int) -> tuple[float, float]:
        share = 360 / len(self.steps)
        return index * share + GAP, (index + 1) * share - GAP

    def _step_arcs(self, index: int) -> Iterator["Arc"]:
        step, (start, end) = self.steps[index], self._span(index)
        if step.state != "now" or step.total == 0:
            css = {"done": "done", "now": "todo", "next": "track", "failed": "failed"}[step.state]
            yield Arc(css, arc(RADIUS, start, end))
        elif step.total > MOST_TICKS:
            reached = start + (end - start) * min(1.0, step.done / step.total)
            yield from (Arc("done", arc(RADIUS, start, reached)),) if reached > start else ()
            yield from (Arc("todo", arc(RADIUS, reached, end)),) if reached < end else ()
        else:
            width = (end - start + 2 * TICK_GAP) / step.total
            for tick in range(step.total):
                begin = start + tick * width
                css = "done" if tick < step.done else "todo"
                yield Arc(css, arc(RADIUS, begin, begin + width - 2 * TICK_GAP))

    def _step_labels(self, index: int) -> Iterator["RingLabel"]:
        step, (start, end) = self.steps[index], self._span(index)
        x, y = point(LABEL_RADIUS, (start + end) / 2)
        anchor = "start" if x > CENTER[0] + 1 else "end" if x < CENTER[0] - 1 else "middle"
        y += 4 if y > CENTER[1] else -8 if step.note else 0
        css = {"next": "step next", "now": "step now", "failed": "step bad", "done": "step"}[step.state]
        yield RingLabel(css, round(x, 1), round(y, 1), anchor, step.name)
        if step.note:
            yield RingLabel("", round(x, 1), round(y + LINE, 1), anchor, step.note)

    def _needle(self) -> str:
        """Return where the work stands, as a transform of a triangle that points inwards."""
        for index, step in enumerate(self.steps):
            if step.state == "now":
                start, end = self._span(index)
                angle = start + (end - start) * (min(1.0, step.done / step.total) if step.total else 0.0)
                x, y = point(RADIUS + STROKE / 2 + 3, angle)
                return f"translate({x:.1f} {y:.1f}) rotate({angle:.1f})"
        return ""


@dataclass(frozen=True, slots=True)
class Arc:
    css: str
    d: str


@dataclass(frozen=True, slots=True)
class RingLabel:
    css: str
    x: float
    y: float
    anchor: str
    text: str


@dataclass(frozen=True, slots=True)
class RingDrawing:
    arcs: Sequence[Arc]
    labels: Sequence[RingLabel]
    past: Sequence[Arc]
    past_labels: Sequence[RingLabel]
    needle: str
    waiting: bool


def point(radius: float, angle: float) -> tuple[float, float]:
    """Return the place at an angle in degrees, clockwise from the top."""
    turn = math.radians(angle)
    return CENTER[0] + radius * math.sin(turn), CENTER[1] - radius * math.cos(turn)


def arc(radius: float, start: float, end: float) -> str:
    """Return a path along a circle, clockwise between two angles in degrees."""
    (x, y), (to_x, to_y) = point(radius, start), point(radius, end)
    large = int(end - start > 180)  # noqa: PLR2004 - half a turn
    return f"M{x:.1f} {y:.1f}A{radius:g} {radius:g} 0 {large} 1 {to_x:.1f} {to_y:.1f}"


def _named_radii(count: int) -> tuple[float, ...]:
    return (NAMED_RADII if count <= len(NAMED_RADII) else NAMED_RADII_CROWDED)[: min(count, len(NAMED_RADII))]


def _past(count: int) -> Iterator[Arc]:
    """Draw a ring for each finished round, the newest outermost; very old ones are left out."""
    for radius in _named_radii(count):
        free = math.degrees(math.asin(NAME_ROOM / radius))
        yield Arc("past", arc(radius, free, 360 - free))
    for radius in PLAIN_RADII[: max(0, count - len(NAMED_RADII))]:
        yield Arc("past old", arc(radius, 0, 180) + arc(radius, 180, 360))


def _past_labels(rounds: Sequence[str]) -> list[RingLabel]:
    newest_first = list(reversed(rounds))
    return [
        RingLabel("past-t", CENTER[0], CENTER[1] - radius + 4, "middle", text)
        for radius, text in zip(_named_radii(len(rounds)), newest_first, strict=False)
    ]
