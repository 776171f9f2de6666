"""Mining: a model scores the images of a version; those that would help it most become a new version."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl
from django.contrib.auth.models import User
from django.utils.translation import gettext_lazy as _

from common.errors import DomainError
from common.wording import Wording
from datasets.models import DatasetVersion
from datasets.services import versions
from datasets.store import operations
from datasets.store.writer import write_version
from executors.contract import findings
from executors.contract.env import Tasks
from executors.kinds import JobContext
from executors.models import ExecutorImage, Job, TaskTemplate
from executors.runners.base import RunSpec
from executors.services import jobs
from models.models import Checkpoint
from models.services import candidates as candidate_runs
from models.services import inputs, results
from projects.models import Project

KIND = "models.mine"
TASKS = Tasks(mining=True)


class TopKTooLarge(DomainError):
    """More assets are asked for than there are candidates."""

    id = "models.top_k_too_large"
    message = _("{asked} assets are asked for, there are {available} candidates.")
    hint = _("Ask for 1 to {available}.")
    field = "top_k"


def submit(
    *,
    project: Project,
    name: str,
    image: ExecutorImage,
    checkpoint: Checkpoint,
    candidates: DatasetVersion,
    top_k: int,
    config: Mapping[str, Any],
    by: User | None,
    gpu_count: int = 0,
    message: str = "",
    dedupe_key: str = "",
) -> Job:
    """Choose the `top_k` candidates that the image ranks first for this checkpoint.

    Raises:
        TopKTooLarge
        datasets.services.versions.BadDatasetName
        executors.services.launch.TaskNotOffered, BadParameter
    """
    versions.check_name(name)
    if not 1 <= top_k <= candidates.asset_count:
        raise TopKTooLarge(asked=top_k, available=candidates.asset_count)
    candidate_runs.check(image, TaskTemplate.Task.MINING, config, checkpoint, TASKS)
    return jobs.submit(
        kind=KIND,
        title=Wording(_("Mine {candidates}"), candidates=candidates),
        params={
            "name": name,
            "checkpoint": checkpoint.pk,
            "dataset": candidates.pk,
            "top_k": top_k,
            "config": dict(config),
            "message": message,
        },
        project=project,
        image=image,
        gpu_count=gpu_count,
        dedupe_key=dedupe_key,
        by=by,
    )


def prepare(ctx: JobContext) -> RunSpec:
    """Fill the run's folder (errors as in `candidates.prepare`)."""
    return candidate_runs.prepare(ctx, task=TaskTemplate.Task.MINING, tasks=TASKS)


def collect(ctx: JobContext) -> DatasetVersion:
    """Take the first `top_k` of the image's ranking as a new version, without annotations; every score is kept.

    Raises:
        models.services.results.NoResult, BadResult
    """
    job, params = ctx.job, ctx.job.params
    known = DatasetVersion.objects.filter(job=job).first()
    if known is not None:
        return known
    candidates, checkpoint = candidate_runs.version_of(job), candidate_runs.checkpoint_of(job)
    tables = versions.load(candidates)
    with results.in_words():
        ranked = findings.read_mining(ctx.work.out_dir, set(tables.hex())).table
    chosen = ranked.head(params["top_k"])
    if not chosen.height:
        raise results.NoResult(file=findings.MINING_FILE)
    _write_scores(job, ranked)
    selection = operations.drop_annotations(operations.select(tables, chosen["asset"].to_list()))
    return versions.commit(
        dataset=versions.dataset(project=candidates.dataset.project, name=params["name"], by=job.created_by),
        written=write_version(inputs.data_root(), selection),
        parents=[candidates],
        operation=DatasetVersion.Operation.MINE,
        params={
            "model": checkpoint.model_version.ref,
            "checkpoint": checkpoint.pk,
            "top_k": params["top_k"],
            "config": params["config"],
        },
        job=job,
        by=job.created_by,
        message=params["message"],
    )


def scores_file(job: Job) -> Path:
    """Return where the scores of a mining job lie: asset and score, best first."""
    return inputs.data_root() / "scores" / f"{job.pk}.parquet"


def _write_scores(job: Job, ranked: pl.DataFrame) -> None:
    path = scores_file(job)
    path.parent.mkdir(parents=True, exist_ok=True)
    staged = path.with_suffix(".new")
    ranked.write_parquet(staged)
    staged.replace(path)
