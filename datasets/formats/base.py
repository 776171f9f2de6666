"""What every format offers, and what an import carries from the reading of annotations to that of images."""

from array import array
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import IO, Protocol

from datasets.formats.boxes import RawBoxes
from datasets.formats.faults import Fault, FaultLog, Reason
from datasets.formats.package import Package
from datasets.formats.sources import Source
from datasets.store.schema import Tables

MAX_SIDE = 1 << 31
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
    declared_widths: "array[int]" = field(init=False)  # by image number; 0: not said
    declared_heights: "array[int]" = field(init=False)
    image_attributes: dict[int, str] = field(default_factory=dict)
    inclusive: bool = False  # VOC: xmax and ymax are the last pixels inside, as the replaced system wrote them
    keep_shapes: bool = True
    locate: Callable[[int, int], int | None] = lambda _file, _object: None
    """Tells on which line of an annotation file an object begins, where that can be told."""

    def __post_init__(self) -> None:
        unsaid = bytes(4 * len(self.package.images))
        self.declared_widths, self.declared_heights = array("I", unsaid), array("I", unsaid)

    def declare_size(self, image: int, width: int, height: int) -> None:
        """Note the size that an annotation file gives for an image; what cannot be one is passed over."""
        if 0 < width < MAX_SIDE and 0 < height < MAX_SIDE:
            self.declared_widths[image], self.declared_heights[image] = width, height

    def fault(self, reason: Reason, row: int, detail: str) -> Fault:
        """Return a fault of an annotation, by its row in `boxes`."""
        file, number = self.boxes.file[row], self.boxes.object[row]
        return Fault(self.files[file], reason, detail, self.locate(file, number), number)


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
