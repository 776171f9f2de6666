"""The filter line of a grid of images: `class:WBC -class:RBC boxes:>=6 smear_01`, read and written.

Images match that have any of the classes, none of the classes after a minus, as many boxes as said, and every bare
word in their file name.
"""

import re
from dataclasses import dataclass, replace

TERM = re.compile(r'(?P<minus>-?)(?:(?P<key>[a-z]+):)?(?P<value>"[^"]*"|[^\s"]+)')
COMPARISON = re.compile(r"(?P<sign>>=|<=|>|<|=)?(?P<number>\d{1,9})")
RANGE = re.compile(r"(?P<least>\d{1,9})\.\.(?P<most>\d{1,9})")
MAX_LENGTH = 1000


class BadTermError(ValueError):
    """A part of the line that says nothing we know."""

    def __init__(self, term: str) -> None:
        self.term = term
        super().__init__(f"unknown filter {term!r}")


@dataclass(frozen=True)
class Query:
    """Which images to show; the default shows all."""

    classes: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    least: int = 0  # boxes in an image
    most: int | None = None
    words: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The line that `parse` reads back."""
        terms = [f"class:{quoted(name)}" for name in self.classes]
        terms += [f"-class:{quoted(name)}" for name in self.without]
        if self.most is not None:
            terms.append(f"boxes:{self.least}" if self.least == self.most else f"boxes:{self.least}..{self.most}")
        elif self.least:
            terms.append(f"boxes:>={self.least}")
        return " ".join(terms + [quoted(word) for word in self.words])

    def with_classes(self, classes: tuple[str, ...]) -> "Query":
        """Return the same filter for other classes."""
        return replace(self, classes=classes)


def parse(text: str) -> Query:
    """Read a filter line. Raises BadTermError."""
    classes: list[str] = []
    without: list[str] = []
    words: list[str] = []
    least, most = 0, None
    for match in TERM.finditer(text[:MAX_LENGTH]):
        value = match["value"].strip('"')
        if match["key"] == "class":
            (without if match["minus"] else classes).append(value)
        elif match["key"] == "boxes" and not match["minus"]:
            least, most = parse_boxes(match[0], value)
        elif match["key"] is None and not match["minus"] and value:
            words.append(value)
        else:
            raise BadTermError(match[0])
    return Query(tuple(dict.fromkeys(classes)), tuple(dict.fromkeys(without)), least, most, tuple(words))


def parse_boxes(term: str, value: str) -> tuple[int, int | None]:
    """Read 6, >=6, <6 or 2..5 as the least and the most. Raises BadTermError."""
    if found := RANGE.fullmatch(value):
        return int(found["least"]), int(found["most"])
    if not (found := COMPARISON.fullmatch(value)):
        raise BadTermError(term)
    number = int(found["number"])
    bounds = {">=": (number, None), ">": (number + 1, None), "<=": (0, number), "<": (0, number - 1)}
    return bounds.get(found["sign"], (number, number))


def quoted(word: str) -> str:
    """Return a word as a term's value; names of classes hold no quotes."""
    return word if re.fullmatch(r'[^\s":-][^\s":]*', word) else f'"{word.replace(chr(34), "")}"'
