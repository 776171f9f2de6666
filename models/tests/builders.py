"""Versions, models and predictions for tests: real files, and a fake executor that fills /out by the contract."""

import io
import json
from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl
import yaml
from django.utils import timezone
from PIL import Image

from datasets.models import DatasetVersion
from datasets.services import versions
from datasets.store import schema
from datasets.store.assets import AssetStore
from datasets.store.writer import write_version
from executors.contract.layout import WorkDir
from executors.kinds import JobContext
from executors.models import ExecutorImage, Job, TaskTemplate
from executors.services import jobs
from models.models import Checkpoint, Evaluation, ModelVersion, Prediction
from models.services import evaluation, inference, inputs, mining, training
from projects.models import ObjectType, Project

TRAINING = (
    "epochs: 20  # Passes over the training images\nlearning_rate: 0.002\nmosaic: true\noptimizer: adam  # adam|sgd\n"
)
MINING = "algorithm: entropy  # entropy|random\nseed: 0\n"
INFER = "confidence_threshold: 0.05  # Lower scores are left out\n"
WIDTH, HEIGHT = 120, 90

Boxes = Sequence[tuple[str, float, float, float, float]]
"""Class, left, top, width, height."""
Found = Sequence[tuple[str, float, float, float, float, float]]
"""Class, left, top, width, height, score."""
SCENES: dict[str, Boxes] = {
    "a": [("RBC", 10, 10, 20, 20), ("WBC", 60, 40, 30, 30)],
    "b": [("RBC", 12, 14, 20, 20), ("RBC", 70, 50, 20, 20)],
    "c": [("WBC", 30, 30, 40, 40)],
    "d": [("RBC", 5, 5, 25, 25)],
}
RIGHT: dict[str, Found] = {
    name: [(*box, 0.9 - 0.05 * place) for place, box in enumerate(boxes)] for name, boxes in SCENES.items()
}


def photograph(name: str) -> bytes:
    """The bytes of a one-coloured image; other names are other contents."""
    buffer = io.BytesIO()
    tint = sum(map(ord, name)) * 37 % 256
    Image.new("RGB", (WIDTH, HEIGHT), (tint, 255 - tint, len(name) % 256)).save(buffer, "JPEG")
    return buffer.getvalue()


def version(project: Project, name: str, scenes: Mapping[str, Boxes], **values: Any) -> DatasetVersion:
    """A dataset version with one image for each scene, committed as an import."""
    root = inputs.data_root()
    stored = {scene: AssetStore(root).add(photograph(scene)) for scene in scenes}
    assets = pl.DataFrame(
        {
            "asset": [each.asset for each in stored.values()],
            "format": ["jpeg"] * len(stored),
            "width": [WIDTH] * len(stored),
            "height": [HEIGHT] * len(stored),
            "bytes": [each.bytes for each in stored.values()],
            "file_name": [f"{scene}.jpg" for scene in stored],
        },
        schema_overrides={"asset": pl.String, "file_name": pl.String, "format": pl.String},
    )
    rows = [(stored[scene].asset, *box) for scene, boxes in scenes.items() for box in boxes]
    types = {"asset": pl.String, "class_name": pl.String, **dict.fromkeys(["x", "y", "w", "h"], pl.Float32)}
    tables = schema.from_rows(assets, pl.DataFrame(rows, schema=types, orient="row"))
    return versions.commit(
        dataset=versions.dataset(project=project, name=name, by=None),
        written=write_version(root, tables),
        parents=[],
        operation=DatasetVersion.Operation.IMPORT,
        params={},
        job=None,
        by=None,
        **values,
    )


def image(**values: Any) -> ExecutorImage:
    """An inspected image that trains, mines and infers."""
    given = {"name": "Small detector", "reference": "ymir/detector:1", "state": ExecutorImage.State.READY} | values
    made = ExecutorImage.objects.create(**given)
    for task, source in (("training", TRAINING), ("mining", MINING), ("infer", INFER)):
        TaskTemplate.objects.create(image=made, object_type=ObjectType.DETECTION, task=task, source=source)
    return made


def context(job: Job, *, partial: bool = False) -> JobContext:
    """The job's folder, as the pipeline gives it to a kind."""
    work = WorkDir.for_container(jobs.folder(job))
    work.create()
    return JobContext(job, work, lambda _share, _word: None, partial=partial)


def finish(job: Job, result: dict[str, Any]) -> None:
    """End a job well, as the pipeline does."""
    ended = {"state": Job.State.SUCCEEDED, "phase": Job.Phase.DONE, "finished_at": timezone.now(), "result": result}
    Job.objects.filter(pk=job.pk).update(**ended)
    job.refresh_from_db()


def write_weights(ctx: JobContext, stages: Mapping[str, float], epochs: int = 4) -> None:
    """Leave what a training leaves: stages with their mAP, and the numbers of each epoch."""
    models = ctx.work.out_dir / "models"
    listed = {}
    for number, (name, quality) in enumerate(stages.items(), 1):
        (models / name).mkdir(parents=True, exist_ok=True)
        (models / name / "model.pt").write_text(f"weights of {name}, job {ctx.job.pk}")
        listed[name] = {"stage_name": name, "files": ["model.pt"], "timestamp": 1_700_000_000 + number, "mAP": quality}
    best = max(stages, key=lambda name: stages[name])
    document = {"best_stage_name": best, "mAP": stages[best], "model_stages": listed}
    (models / "result.yaml").write_text(yaml.safe_dump(document))
    lines = [{"epoch": at, "epochs": epochs, "loss": 2 / at, "mAP50": 0.2 * at} for at in range(1, epochs + 1)]
    (ctx.work.out_dir / "metrics.jsonl").write_text("".join(f"{json.dumps(line)}\n" for line in lines))


def write_ranking(ctx: JobContext, assets: Sequence[str]) -> None:
    """Leave what a mining leaves: assets, best first."""
    lines = [f"/in/assets/{asset[-2:]}/{asset}.jpg\t{1 - at / 10}\n" for at, asset in enumerate(assets)]
    (ctx.work.out_dir / "result.tsv").write_text("".join(lines))


def write_findings(ctx: JobContext, found: Mapping[str, Found]) -> None:
    """Leave what an inference leaves, for the images of scenes."""
    detection = {}
    for scene, boxes in found.items():
        asset = AssetStore(inputs.data_root()).add(photograph(scene)).asset
        entries = [
            {"box": {"x": x, "y": y, "w": w, "h": h}, "class_name": name, "score": score}
            for name, x, y, w, h, score in boxes
        ]
        detection[f"{asset}.jpg"] = {"boxes": entries}
    (ctx.work.out_dir / "infer-result.json").write_text(json.dumps({"detection": detection}))


def trained(
    project: Project,
    name: str = "smear-net",
    *,
    by: Any = None,
    stages: Mapping[str, float] | None = None,
    training_version: DatasetVersion | None = None,
    validation_version: DatasetVersion | None = None,
    executor: ExecutorImage | None = None,
    parent: Checkpoint | None = None,
    config: Mapping[str, Any] | None = None,
) -> ModelVersion:
    """A model version from one training."""
    job = training.submit(
        project=project,
        name=name,
        image=executor or ExecutorImage.objects.first() or image(),
        training=training_version or version(project, "smear-train", SCENES),
        validation=validation_version or version(project, "smear-val", {"v": SCENES["a"]}),
        config=config or {},
        parent=parent,
        by=by,
    )
    ctx = context(job)
    write_weights(ctx, stages or {"epoch_2": 0.4, "epoch_4": 0.6})
    made = training.collect(ctx)
    finish(job, {"type": "model_version", "id": made.pk})
    return made


def predicted(
    model: ModelVersion, dataset_version: DatasetVersion, found: Mapping[str, Found] | None = None
) -> Prediction:
    """A prediction of the recommended checkpoint, without an evaluation."""
    assert model.recommended is not None
    assert model.image is not None
    job = inference.submit(
        project=model.registered_model.project,
        image=model.image,
        checkpoint=model.recommended,
        dataset_version=dataset_version,
        config={},
        by=None,
    )
    ctx = context(job)
    write_findings(ctx, RIGHT if found is None else found)
    made = inference.collect(ctx)
    finish(job, {"type": "prediction", "id": made.pk})
    return made


def judged(prediction: Prediction) -> Evaluation:
    """An evaluation of a prediction."""
    job = evaluation.submit(prediction=prediction, by=None)
    made = evaluation.run(prediction=prediction, job=job)
    finish(job, {"type": "evaluation", "id": made.pk})
    return made


def mined(model: ModelVersion, pool: DatasetVersion, top_k: int = 2) -> DatasetVersion:
    """A dataset version that a mining chose."""
    assert model.recommended is not None
    assert model.image is not None
    job = mining.submit(
        project=model.registered_model.project,
        name="smear-mined",
        image=model.image,
        checkpoint=model.recommended,
        candidates=pool,
        top_k=top_k,
        config={},
        by=None,
    )
    ctx = context(job)
    write_ranking(ctx, versions.load(pool).hex())
    made = mining.collect(ctx)
    finish(job, {"type": "dataset_version", "id": made.pk})
    return made
