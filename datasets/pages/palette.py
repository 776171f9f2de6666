"""Which color a class has: that of its order in the project; classes outside the project follow by name."""

from collections.abc import Iterable
from dataclasses import dataclass

from datasets.models import DatasetVersion
from projects import services as projects
from projects.models import Project


@dataclass(frozen=True)
class ClassRow:
    """A class as a page names it."""

    name: str
    index: int
    count: int


class Palette:
    """The order of classes on the pages of one project."""

    def __init__(self, project: Project) -> None:
        self.known = projects.class_names(project)
        self._indices = {name: index for index, name in enumerate(self.known)}

    def add(self, names: Iterable[str]) -> None:
        """Give indices to classes outside the project, by name."""
        for name in sorted(set(names) - self._indices.keys()):
            self._indices[name] = len(self._indices)

    def index(self, name: str) -> int:
        """Return the class's order."""
        if name not in self._indices:
            self.add([name])
        return self._indices[name]

    def rows(self, counts: dict[str, int]) -> list[ClassRow]:
        """Return classes with their counts, in order."""
        self.add(counts)
        rows = [ClassRow(name, self.index(name), count) for name, count in counts.items()]
        return sorted(rows, key=lambda row: row.index)


def of(version: DatasetVersion) -> Palette:
    """Return the order of the classes on the pages of a version."""
    palette = Palette(version.dataset.project)
    palette.add(version.class_counts)
    return palette
