"""Puts images into /in by hard link and writes the index files that list them.

Tables come as polars frames, so that no Python object is made for a box. Columns:

- assets: `asset` (content hash, hexadecimal), `ext` (without dot), `source` (path of the stored bytes), and for
  annotations `width` and `height` in pixels;
- annotations: `asset`, `class_index` (position in `class_names`), `x`, `y`, `w`, `h` in pixels, and where there is one
  `segmentation` (COCO JSON text). Rows with another class index, or without a positive size, are left out.
"""

import errno
import os
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from executors.contract import annotations as annotation_files
from executors.contract.annotations import AnnotationFormat
from executors.contract.layout import WorkDir

# Where a file system says that it cannot link here: another device, too many links, not ours, not supported.
_NO_LINK = {errno.EXDEV, errno.EMLINK, errno.EPERM, errno.ENOTSUP, errno.EACCES}


@dataclass(frozen=True)
class Staged:
    """What lies in /in/assets."""

    count: int
    mounts: tuple[Path, ...] = ()
    """Folders that symbolic links point into: a container needs each, read-only, at the same path."""
    notice: str = ""
    """What a person should know of it."""


def write_training(
    work: WorkDir,
    *,
    training: pl.DataFrame,
    validation: pl.DataFrame,
    annotations: pl.DataFrame,
    class_names: Sequence[str],
    annotation_format: AnnotationFormat = AnnotationFormat.VOC,
) -> Staged:
    """Stage both splits with their annotations and write train-index.tsv and val-index.tsv."""
    assets = pl.concat([training, validation]).unique("asset", keep="first", maintain_order=True)
    staged = stage(work, assets)
    annotation_files.write(work, assets, annotations, class_names, annotation_format)
    for path, split in ((work.training_index, training), (work.validation_index, validation)):
        _write_index(work, path, split, annotation_format)
    return staged


def write_candidates(work: WorkDir, candidates: pl.DataFrame) -> Staged:
    """Stage the assets to score or to look at, and write candidate-index.tsv."""
    staged = stage(work, candidates)
    _write_index(work, work.candidate_index, candidates, AnnotationFormat.NONE)
    return staged


def stage(work: WorkDir, assets: pl.DataFrame) -> Staged:
    """Link every asset to /in/assets/<last two digits>/<hash>.<ext>; what lies there already is kept.

    Hard links, so no bytes are copied; symbolic links where the store is on another file system; copies where even
    those cannot be made.

    Raises:
        FileNotFoundError: when the bytes of an asset are missing.
    """
    table = assets.select("source", shard=pl.col("asset").str.slice(-2), name=pl.format("{}.{}", "asset", "ext"))
    for shard in table["shard"].unique():
        (work.assets_dir / shard).mkdir(parents=True, exist_ok=True)
    targets = table.select(pl.format("{}/{}/{}", pl.lit(str(work.assets_dir)), "shard", "name")).to_series()
    rest = _link_all(zip(table["source"], targets, strict=True))
    linked_softly = [source for source, target in rest if _link_softly(source, target)]
    return Staged(assets.height, (_common_folder(linked_softly),) if linked_softly else ())


def _link_all(pairs: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Hard-link what can be; return the pairs that cannot."""
    rest = []
    for source, target in pairs:
        try:
            os.link(source, target)
        except FileExistsError:  # prepared before; a symbolic link still needs its mount
            if os.path.islink(target):  # noqa: PTH114
                rest.append((source, target))
        except OSError as error:
            if error.errno not in _NO_LINK:
                raise
            rest.append((source, target))
    return rest


def _link_softly(source: str, target: str) -> bool:
    """Tell whether a symbolic link was made; else the bytes are copied."""
    try:
        Path(target).symlink_to(source)
    except FileExistsError:
        return Path(target).is_symlink()
    except OSError as error:
        if error.errno not in _NO_LINK:
            raise
        shutil.copyfile(source, target)
        return False
    return True


def _common_folder(paths: list[str]) -> Path:
    folders = {os.path.dirname(path) for path in paths}  # noqa: PTH120 -- 100 k Path objects cost half a second
    return Path(os.path.commonpath(folders))


def _write_index(work: WorkDir, path: Path, assets: pl.DataFrame, annotation_format: AnnotationFormat) -> None:
    if annotation_format is AnnotationFormat.UNKNOWN:
        assets = assets.clear()
    columns = {"asset": annotation_files.inside(work, "assets", pl.col("ext"))}
    if annotation_format not in {AnnotationFormat.NONE, AnnotationFormat.UNKNOWN}:
        columns["annotation"] = annotation_files.annotation_inside(work, annotation_format)
    assets.select(**columns).write_csv(path, separator="\t", include_header=False, quote_style="never")
