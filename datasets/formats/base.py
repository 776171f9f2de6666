"""What every format offers, and what an import carries from the reading of annotations to that of images."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import IO, Protocol

from datasets.formats.boxes import RawBoxes
from datasets.formats.faults import FaultLog
from datasets.formats.package import Package
from datasets.formats.sources import Source
from datasets.store.schema import Tables

Progress = Callable[[float, str], None]  # fraction done, name of the phase


def silent(_fraction: float, _phase: str) -> None:
    """Report to nobody."""


@dataclass
class Reading:
    """The state of one import. Importers fill `boxes` and what files declare of images."""

    source: Source
    package: Package
    log: FaultLog
    boxes: RawBoxes = field(default_factory=RawBoxes)
    files: list[str] = field(default_factory=list)  # the annotation files, by the number that `boxes.file` holds
    declared_sizes: dict[int, tuple[int, int]] = field(default_factory=dict)  # by image number
    image_attributes: dict[int, str] = field(default_factory=dict)
    inclusive: bool = False  # VOC: xmax and ymax are the last pixels inside, as the replaced system wrote them
    keep_shapes: bool = True


class Importer(Protocol):
    """Reads the annotations of one format."""

    name: str

    def recognises(self, source: Source, package: Package) -> bool:
        """Tell whether the package holds annotations of this format."""

    def read(self, reading: Reading, progress: Progress) -> None:
        """Read every annotation file into `reading`, and its faults into the log."""


class Sink(Protocol):
    """Where an export goes: a folder or a zip."""

    def write(self, name: str, data: bytes) -> None:
        """Write a small file."""

    def open(self, name: str) -> IO[bytes]:
        """Open a new file for writing piece by piece."""

    def add_asset(self, name: str, asset: str) -> None:
        """Put an image of the store there, without recompressing or, in a folder, copying it."""


class Exporter(Protocol):
    """Writes a version in one format."""

    name: str
    image_folder: str

    def write(self, tables: Tables, names: list[str], sink: Sink, progress: Progress) -> None:
        """Write the annotations of canonical tables. `names` are the images' names below the image folder."""
