"""What a run over dataset versions takes in: staged images, annotations, weights."""

from dataclasses import replace
from pathlib import Path

import polars as pl
from django.conf import settings

from datasets.models import DatasetVersion
from datasets.services import versions
from datasets.store.assets import AssetStore
from datasets.store.schema import Tables
from executors.contract import annotations, index
from executors.contract.index import Staged
from executors.contract.layout import WorkDir
from models.models import Checkpoint
from models.weights import store as weights

EXTENSIONS = {"jpeg": "jpg"}


def data_root() -> Path:
    """Return the data root."""
    return Path(settings.YMIR_DATA_ROOT)


def asset_frame(tables: Tables) -> pl.DataFrame:
    """Return the assets as the contract's writers take them: asset, ext, source, width, height."""
    store = AssetStore(data_root())
    hashes = tables.hex()
    return pl.DataFrame(
        {
            "asset": hashes,
            "ext": tables.assets["format"].cast(pl.String).replace(EXTENSIONS),
            "source": [str(store.path(each)) for each in hashes],
            "width": tables.assets["width"],
            "height": tables.assets["height"],
        }
    )


def annotation_frame(tables: Tables, class_names: list[str]) -> pl.DataFrame:
    """Return the annotations as the contract's writers take them; classes that are not asked for get the index −1."""
    order = {name: position for position, name in enumerate(class_names)}
    codes = pl.Series([order.get(name, -1) for name in tables.class_names], dtype=pl.Int32)
    rows = tables.annotations
    return pl.DataFrame(
        {
            "asset": pl.Series(tables.hex(), dtype=pl.String).gather(rows["asset_row"]),
            "class_index": codes.gather(rows["class_code"]),
            "x": rows["x"],
            "y": rows["y"],
            "w": rows["w"],
            "h": rows["h"],
            "segmentation": rows["shape"],
        }
    )


def stage_training(
    work: WorkDir,
    *,
    training: DatasetVersion,
    validation: DatasetVersion,
    class_names: list[str],
    export_format: object,
) -> Staged:
    """Stage both sets with their annotations.

    Raises:
        executors.contract.errors.ConfigError: for a form of images that we do not write.
    """
    trained, judged = versions.load(training), versions.load(validation)
    # An asset in both sets has one annotation file: that of the training set.
    fresh = annotation_frame(judged, class_names).join(
        pl.DataFrame({"asset": trained.hex()}, schema={"asset": pl.String}), on="asset", how="anti"
    )
    staged = index.write_training(
        work,
        training=asset_frame(trained),
        validation=asset_frame(judged),
        annotations=pl.concat([annotation_frame(trained, class_names), fresh]),
        class_names=class_names,
        annotation_format=annotations.parse_export_format(export_format),
    )
    return replace(staged, notice=annotations.notice(export_format))


def stage_candidates(work: WorkDir, version: DatasetVersion) -> tuple[Staged, list[str]]:
    """Stage the images of a version to be looked at; returns their hashes too."""
    frame = asset_frame(versions.load(version))
    return index.write_candidates(work, frame), frame["asset"].to_list()


def place_weights(work: WorkDir, checkpoint: Checkpoint | None) -> tuple[str, ...]:
    """Put a checkpoint's files into the run's folder; returns their paths as the program sees them."""
    if checkpoint is None:
        return ()
    placed = weights.place(data_root(), checkpoint.model_version.weights_id, checkpoint.name, work.weights_dir)
    return tuple(work.inside(path) for path in placed)
