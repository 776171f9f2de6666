"""Import a package: annotations first, so that unknown classes stop it before anything is stored; then the images."""

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from common import archives
from common.phrases import Phrase, gettext_noop
from datasets.formats import assembly
from datasets.formats import boxes as raw
from datasets.formats import package as packages
from datasets.formats.base import Importer, Progress, Reading, silent
from datasets.formats.coco import CocoImporter
from datasets.formats.faults import Fault, FaultLog, Reason
from datasets.formats.sources import FolderSource, Source, ZipSource, printable
from datasets.formats.voc import VocImporter
from datasets.store import schema
from datasets.store.assets import AssetStore
from datasets.store.schema import Tables

Unknown = Literal["add", "ignore", "stop"]
IMPORTERS: dict[str, Importer] = {importer.name: importer for importer in (CocoImporter(), VocImporter())}
IMAGES_ONLY = "images"


class NothingToImportError(ValueError):
    """The package holds no image files."""


class UnknownFormatError(ValueError):
    """The package holds no annotations of the format that was asked for."""

    def __init__(self, asked: str) -> None:
        self.asked = asked
        super().__init__(f"no {asked} annotations were found")


class UnknownClassesError(ValueError):
    """Annotations name classes that the caller does not know, and said to stop then."""

    def __init__(self, counts: dict[str, int]) -> None:
        self.counts = counts
        super().__init__(f"unknown classes: {', '.join(counts)}")


@dataclass(frozen=True)
class Imported:
    """What an import brought: tables of what is now in the asset store, and all that was found wrong."""

    tables: Tables
    log: FaultLog

    @property
    def faults(self) -> list[Fault]:
        """What was left out, in the order found."""
        return self.log.faults

    @property
    def notices(self) -> list[Fault]:
        """What was put right, or is good to know."""
        return self.log.notices


class Draft:
    """A package whose annotations are read, and whose images are not yet stored."""

    def __init__(self, reading: Reading, format_name: str) -> None:
        self._reading = reading
        self.format = format_name  # coco, voc or images
        self.log = reading.log

    @property
    def image_count(self) -> int:
        """How many image files were found, sound or not."""
        return len(self._reading.package.images)

    @property
    def class_counts(self) -> dict[str, int]:
        """How many annotations name each class, by the names in the files; refused names are left out."""
        counts = self._reading.boxes.class_counts()
        return {name: count for name, count in counts.items() if raw.class_fault(name) is None}

    def store(
        self,
        assets: AssetStore,
        *,
        classes: Mapping[str, str | None] | None = None,
        unknown: Unknown = "add",
        progress: Progress = silent,
    ) -> Imported:
        """Store the images and return the tables.

        Args:
            assets: Where the images go; all of them, or none when this raises.
            classes: What becomes of each class: a name in the files -> the class's own name, or None to leave it out.
            unknown: What becomes of names that `classes` does not hold.
            progress: Told the fraction done. What it raises ends the import.

        Raises:
            UnknownClassesError: With `unknown="stop"`, before anything is stored.
            TooManyClassesError: Likewise.
        """
        codes, names = self._class_codes(classes or {}, unknown)
        with assets.batch() as batch:
            shelf = assembly.store_images(self._reading, batch, progress)
            tables = assembly.assemble(self._reading, shelf, codes, names)
        progress(1.0, "done")
        return Imported(tables, self.log)

    def _class_codes(self, classes: Mapping[str, str | None], unknown: Unknown) -> tuple[np.ndarray, tuple[str, ...]]:
        """Return the code of each class number (-1: left out), and the names of the codes."""
        counts = self._reading.boxes.class_counts()
        strangers = {name: count for name, count in self.class_counts.items() if name not in classes and count}
        if strangers and unknown == "stop":
            raise UnknownClassesError(strangers)
        codes = np.full(len(counts), -1, np.int64)
        places: dict[str, int] = {}
        for number, (name, count) in enumerate(counts.items()):
            refusal = raw.class_fault(name)
            target = classes.get(name, name if unknown == "add" else None)
            if refusal is None and target is not None:
                codes[number] = places.setdefault(target, len(places))
            elif count:
                self._report_class(number, name, count, refusal)
        schema.check_class_count(places)
        return codes, tuple(places)

    def _report_class(self, number: int, name: str, count: int, refusal: Phrase | None) -> None:
        """Report a class once, naming the first file that uses it."""
        boxes = self._reading.boxes
        row = boxes.klass.index(number)
        shown = printable(name)
        if refusal is None:
            detail = Phrase(gettext_noop("class “{name}”, annotations: {count}"), name=shown, count=count)
            self.log.add(self._reading.fault(Reason.IGNORED_CLASS, row, detail))
        else:
            source = gettext_noop("class “{name}”, annotations: {count}; {refusal}")
            detail = Phrase(source, name=shown, count=count, refusal=refusal)
            self.log.add(self._reading.fault(Reason.REFUSED_CLASS, row, detail))


@contextlib.contextmanager
def open_draft(
    path: Path,
    *,
    format_name: str = "auto",
    inclusive: bool = False,
    keep_shapes: bool = True,
    limits: archives.Limits = archives.DEFAULT_LIMITS,
    progress: Progress = silent,
) -> Iterator[Draft]:
    """Read the annotations of the folder or zip at `path`; give a draft that knows the classes and can be stored.

    Args:
        path: A folder, or a zip archive, which is read in place.
        format_name: auto, voc, coco, or images, which leaves annotations aside.
        inclusive: VOC boxes end at the last pixel inside, as the replaced system wrote them.
        keep_shapes: Whether outlines (COCO segmentation) are kept beside the boxes.
        limits: What an archive may unpack to.
        progress: Told the fraction of annotations read.

    Raises:
        FileNotFoundError: There is nothing at `path`.
        ArchiveError: The zip is broken, or unpacks beyond the limits.
        NothingToImportError: There are no image files.
        UnknownFormatError: There are no annotations of the format asked for.
        BrokenAnnotationsError: A COCO file cannot be read to its end.
    """
    log = FaultLog()
    with open_source(path, log, limits) as source:
        package = packages.discover(source.sizes)
        if not package.images:
            raise NothingToImportError(path.name)
        reading = Reading(source, package, log, inclusive=inclusive, keep_shapes=keep_shapes)
        importer = choose(source, package, format_name)
        if importer is not None:
            importer.read(reading, progress)
        yield Draft(reading, importer.name if importer else IMAGES_ONLY)


def open_source(path: Path, log: FaultLog, limits: archives.Limits) -> Source:
    """Open a folder or a zip."""
    if not path.exists():
        raise FileNotFoundError(path)
    return FolderSource(path, log) if path.is_dir() else ZipSource(path, log, limits)


def choose(source: Source, package: packages.Package, format_name: str) -> Importer | None:
    """Return the importer to use; None when there are no annotations, or they are not wanted."""
    if format_name == IMAGES_ONLY:
        return None
    if format_name == "auto":
        return next((one for one in IMPORTERS.values() if one.recognises(source, package)), None)
    importer = IMPORTERS.get(format_name)
    if importer is None or not importer.recognises(source, package):
        raise UnknownFormatError(format_name)
    return importer
