"""Boxes over a photograph: one pair of paths for each class and style, whatever the number of boxes. PURE."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

CLASS_COLORS: Final = 20
RIGHT_PART: Final = 0.85  # beyond it a name ends at its box's right edge, so that it stays on the image
TOP_PART: Final = 0.04  # above it there is no room for a name, which then stands inside the box
WIDE_LETTER: Final = 0x2E80  # from here on code points are as wide as high (Chinese, Japanese, Korean)
Style = Literal["solid", "dash", "dots", "dim"]
Verdict = Literal["", "true", "false", "missed", "moved"]
Kind = Literal["truth", "prediction"]


def color_class(class_index: int) -> str:
    """Return the CSS class of a class's color: c1 to c20 by the class's order in the project, then again from c1."""
    return f"c{class_index % CLASS_COLORS + 1}"


def text_width(text: str, letter_height: float) -> float:
    """Estimate how wide a text is drawn, in the unit of `letter_height`."""
    return sum(_letter_width(letter) for letter in text) * letter_height


def _letter_width(letter: str) -> float:
    if ord(letter) >= WIDE_LETTER:
        return 1.0
    if letter in "ijltfrI.,:;'|! ":
        return 0.36
    return 0.78 if letter.isupper() or letter in "mw%" else 0.62


@dataclass(frozen=True, slots=True)
class Box:
    """One rectangle in image pixels. `class_index` is the class's order in the project."""

    x: float
    y: float
    width: float
    height: float
    name: str = ""
    class_index: int = 0
    score: float | None = None
    kind: Kind = "truth"
    style: Style = "solid"
    verdict: Verdict = ""

    @property
    def label(self) -> str:
        return self.name if self.score is None else f"{self.name} {self.score:.2f}"

    @property
    def path(self) -> str:
        left, top, right, bottom = (
            _short(edge) for edge in (self.x, self.y, self.x + self.width, self.y + self.height)
        )
        return f"M{left} {top}H{right}V{bottom}H{left}Z"


@dataclass(frozen=True, slots=True)
class Layer:
    """All boxes of one class, kind, style and verdict, as one path."""

    class_index: int
    kind: Kind
    style: Style
    verdict: Verdict
    path: str

    @property
    def css(self) -> str:
        color = f"v-{self.verdict}" if self.verdict else "c0" if self.style == "dim" else color_class(self.class_index)
        return color if self.style == "solid" else f"{color} {self.style}"


@dataclass(frozen=True, slots=True)
class Name:
    """A name plate above (or, at the top edge, inside) a box; `x` and `y` in percent of the image."""

    text: str
    class_index: int
    kind: Kind
    x: str
    y: str
    inside: bool
    from_right: bool
    plate_width: float


@dataclass(frozen=True, slots=True)
class Overlay:
    width: int
    height: int
    layers: Sequence[Layer]
    names: Sequence[Name]
    letter_height: float

    @property
    def plate_height(self) -> float:
        return round(1.45 * self.letter_height, 1)


def overlay(
    boxes: Iterable[Box], *, width: int, height: int, names: bool = False, letter_height: float = 11
) -> Overlay:
    """Group boxes into layers, largest class number last; with `names`, place a plate at each box."""
    drawn = list(boxes)
    grouped: dict[tuple[int, Kind, Style, Verdict], list[str]] = {}
    for box in drawn:
        grouped.setdefault((box.class_index, box.kind, box.style, box.verdict), []).append(box.path)
    layers = [Layer(*key, path="".join(paths)) for key, paths in sorted(grouped.items())]
    plates = [_name(box, width, height, letter_height) for box in drawn if box.label] if names else []
    return Overlay(width, height, layers, plates, letter_height)


def _name(box: Box, width: int, height: int, letter_height: float) -> Name:
    from_right = box.x + box.width / 2 > RIGHT_PART * width
    anchor = min(box.x + box.width, width) if from_right else max(0.0, box.x)
    return Name(
        text=box.label,
        class_index=box.class_index,
        kind=box.kind,
        x=f"{_short(anchor / width * 100)}%",
        y=f"{_short(max(0.0, box.y) / height * 100)}%",
        inside=box.y < TOP_PART * height,
        from_right=from_right,
        plate_width=round(text_width(box.label, letter_height) + 0.8 * letter_height, 1),
    )


def _short(number: float) -> str:
    return f"{number:.2f}".rstrip("0").rstrip(".")
