"""Inference: what a checkpoint finds on the images of a version, kept as a prediction."""

from collections.abc import Mapping
from typing import Any

import polars as pl
from django.contrib.auth.models import User
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from common.wording import Wording
from datasets.models import DatasetVersion
from datasets.services import versions
from datasets.store import schema
from datasets.store.schema import Tables
from datasets.store.writer import write_prediction
from executors.contract import findings
from executors.contract.env import Tasks
from executors.kinds import JobContext
from executors.models import ExecutorImage, Job, TaskTemplate
from executors.runners.base import RunSpec
from executors.services import jobs
from labels import services as labels
from models.models import Checkpoint, Prediction
from models.services import candidates, evaluation, inputs, results
from projects.models import Project

KIND = "models.infer"
TASKS = Tasks(infer=True)


def submit(
    *,
    project: Project,
    image: ExecutorImage,
    checkpoint: Checkpoint,
    dataset_version: DatasetVersion,
    config: Mapping[str, Any],
    by: User | None,
    gpu_count: int = 0,
    evaluate: bool = False,
    dedupe_key: str = "",
) -> Job:
    """Let a checkpoint look at a version; with `evaluate` the result is judged against its ground truth at once.

    Raises:
        models.services.evaluation.NoGroundTruth
        executors.services.launch.TaskNotOffered, BadParameter
    """
    if evaluate:
        evaluation.classes_to_judge(checkpoint.model_version, dataset_version)
    candidates.check(image, TaskTemplate.Task.INFER, config, checkpoint, TASKS)
    return jobs.submit(
        kind=KIND,
        title=Wording(_("Infer {model} on {dataset}"), model=checkpoint.model_version, dataset=dataset_version),
        params={
            "checkpoint": checkpoint.pk,
            "dataset": dataset_version.pk,
            "config": dict(config),
            "evaluate": evaluate,
        },
        project=project,
        image=image,
        gpu_count=gpu_count,
        dedupe_key=dedupe_key,
        by=by,
    )


def prepare(ctx: JobContext) -> RunSpec:
    """Fill the run's folder (errors as in `candidates.prepare`)."""
    return candidates.prepare(ctx, task=TaskTemplate.Task.INFER, tasks=TASKS)


def collect(ctx: JobContext) -> Prediction:
    """Store what was found and record it.

    Raises:
        models.services.results.NoResult, BadResult
    """
    job, version = ctx.job, candidates.version_of(ctx.job)
    known = Prediction.objects.filter(job=job).first()
    if known is not None:
        return known
    checkpoint = candidates.checkpoint_of(job)
    truth = versions.load(version)
    with results.in_words():
        found = findings.read_inference(ctx.work.out_dir, set(truth.hex())).table
    written = write_prediction(inputs.data_root(), as_tables(truth, found, checkpoint.model_version.class_names))
    with transaction.atomic():
        prediction, _created = Prediction.objects.get_or_create(
            job=job,
            defaults={
                "project": version.dataset.project,
                "checkpoint": checkpoint,
                "dataset_version": version,
                "image": job.image,
                "content_id": written.content_id,
                "config": job.params["config"],
                "asset_count": written.stats["asset_count"],
                "annotation_count": written.stats["annotation_count"],
                "class_counts": versions.class_counts(written.stats),
                "created_by": job.created_by,
            },
        )
    return prediction


def as_tables(truth: Tables, found: pl.DataFrame, class_names: list[str]) -> Tables:
    """Return findings as tables over the assets of `truth`.

    Class names are those of the model, whatever their case and whichever alias was written; others stay as they are.
    """
    named = found.with_columns(
        pl.col("class_name").replace(_names_of_the_model(found["class_name"].unique().to_list(), class_names)),
        pl.col("segmentation").alias("shape"),
        kind=pl.when(pl.col("segmentation").str.starts_with("["))
        .then(pl.lit("polygon"))
        .when(pl.col("segmentation").is_not_null())
        .then(pl.lit("mask"))
        .otherwise(pl.lit("box")),
    ).drop("segmentation")
    assets = truth.assets.with_columns(pl.col("asset").bin.encode("hex"))
    return schema.from_rows(assets, named)


def _names_of_the_model(written: list[str], class_names: list[str]) -> dict[str, str]:
    own = {name.lower(): name for name in class_names}
    by_alias = {name: label.name.lower() for name, label in labels.resolve(written).items()}
    keys = {name: name.lower() if name.lower() in own else by_alias.get(name, "") for name in written}
    return {name: own[key] for name, key in keys.items() if key in own}
