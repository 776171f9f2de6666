"""Export a version to a folder or a zip, with its images or without."""

import os
import posixpath
import shutil
import uuid
import zipfile
from collections import Counter
from pathlib import Path
from typing import IO

from common import files
from datasets.formats.base import Exporter, Progress, Sink, silent
from datasets.formats.coco_export import CocoExporter
from datasets.formats.voc import VocExporter
from datasets.store import canonical
from datasets.store.assets import AssetStore
from datasets.store.images import EXTENSIONS
from datasets.store.schema import Tables

EXPORTERS: dict[str, Exporter] = {exporter.name: exporter for exporter in (CocoExporter(), VocExporter())}
REPORT_EVERY = 500
TIME = (1980, 1, 1, 0, 0, 0)  # the same content gives the same archive


class TargetExistsError(ValueError):
    """There is something at the place of the export."""


class FolderSink:
    """Writes into a folder; images are hard links where the file system allows."""

    def __init__(self, root: Path, assets: AssetStore) -> None:
        self._root, self._assets = root, assets
        self._made: set[Path] = set()

    def _place(self, name: str) -> Path:
        path = files.safe_join(self._root, name)
        if path.parent not in self._made:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._made.add(path.parent)
        return path

    def write(self, name: str, data: bytes) -> None:
        """Write a small file."""
        self._place(name).write_bytes(data)

    def open(self, name: str) -> IO[bytes]:
        """Open a new file for writing piece by piece."""
        return self._place(name).open("xb")

    def add_asset(self, name: str, asset: str) -> None:
        """Link an image; copy it when the folder is on another file system."""
        path = self._place(name)
        try:
            os.link(self._assets.path(asset), path)
        except OSError:
            shutil.copyfile(self._assets.path(asset), path)


class ZipSink:
    """Writes into a zip; annotations are compressed, images are stored as they are."""

    def __init__(self, archive: zipfile.ZipFile, assets: AssetStore) -> None:
        self._archive, self._assets = archive, assets

    def write(self, name: str, data: bytes) -> None:
        """Write a small file."""
        self._archive.writestr(entry(name, zipfile.ZIP_DEFLATED), data)

    def open(self, name: str) -> IO[bytes]:
        """Open a new file for writing piece by piece."""
        return self._archive.open(entry(name, zipfile.ZIP_DEFLATED), "w", force_zip64=True)

    def add_asset(self, name: str, asset: str) -> None:
        """Store an image."""
        self._archive.writestr(entry(name, zipfile.ZIP_STORED), self._assets.read(asset))


def entry(name: str, compression: int) -> zipfile.ZipInfo:
    """Return the head of an entry."""
    info = zipfile.ZipInfo(name, TIME)
    info.compress_type = compression
    info.external_attr = 0o644 << 16
    return info


def export(
    tables: Tables,
    assets: AssetStore,
    target: Path,
    *,
    format_name: str,
    with_images: bool = True,
    progress: Progress = silent,
) -> Path:
    """Write tables to `target`: a zip when its name ends so, else a folder. It appears whole, or not at all.

    Args:
        tables: The rows of a version.
        assets: Where its images are.
        target: What to make; it must not exist.
        format_name: voc or coco.
        with_images: Whether the images go with the annotations.
        progress: Told the fraction done. What it raises ends the export.

    Raises:
        TargetExistsError: There is something at `target`.
        KeyError: The format is not known.
    """
    exporter = EXPORTERS[format_name]
    if target.exists():
        raise TargetExistsError(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    staged = target.with_name(f".{uuid.uuid4().hex}")  # not longer: the target's name may be as long as names can be
    try:
        if target.suffix.lower() == ".zip":
            with zipfile.ZipFile(staged, "x", allowZip64=True) as archive:
                fill(ZipSink(archive, assets), exporter, tables, with_images, progress)
        else:
            staged.mkdir()
            fill(FolderSink(staged, assets), exporter, tables, with_images, progress)
        staged.rename(target)
    finally:
        if staged.is_dir():
            shutil.rmtree(staged, ignore_errors=True)
        else:
            staged.unlink(missing_ok=True)
    return target


def fill(sink: Sink, exporter: Exporter, tables: Tables, with_images: bool, progress: Progress) -> None:
    """Write the annotations, then the images."""
    tables = canonical.canonical(tables)
    names = image_names(tables)
    share = 0.5 if with_images else 1.0
    exporter.write(tables, names, sink, lambda fraction, phase: progress(fraction * share, phase))
    if with_images:
        for number, (name, asset) in enumerate(zip(names, tables.hex(), strict=True)):
            if number % REPORT_EVERY == 0:
                progress(share + (1 - share) * number / len(names), "images")
            sink.add_asset(f"{exporter.image_folder}/{name}", asset)
    progress(1.0, "done")


def image_names(tables: Tables) -> list[str]:
    """Return a name for each image's file: the one it came with, made safe and, by its stem, unique.

    The extension is that of the true format. Upper and lower case do not tell names apart: not all systems see it.
    """
    stems, extensions = [], []
    for name, form in tables.assets.select("file_name", "format").iter_rows():
        stem, extension = posixpath.splitext("/".join(safe_parts(name)))
        stems.append(stem or "image")
        extensions.append(extension if extension.lower().lstrip(".") in EXTENSIONS[form] else default_extension(form))
    counts = Counter(stem.lower() for stem in stems)
    return [
        f"{stem}{extension}" if counts[stem.lower()] == 1 else f"{stem}-{asset[:12]}{extension}"
        for stem, extension, asset in zip(stems, extensions, tables.hex(), strict=True)
    ]


def safe_parts(name: str) -> list[str]:
    """Return the parts of a name that can be a path."""
    parts = name.replace("\\", "/").split("/")
    cleaned = ("".join(letter for letter in part if letter.isprintable() and letter not in '<>:"|?*') for part in parts)
    return [part.strip() for part in cleaned if part.strip() not in {"", ".", ".."}]


def default_extension(form: str) -> str:
    """Return the usual extension of a format."""
    return ".jpg" if form == "jpeg" else f".{form}"
