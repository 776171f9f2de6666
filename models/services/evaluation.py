"""Evaluation: a prediction judged against the ground truth of the version it was made on."""

import json
from typing import Any

from django.contrib.auth.models import User
from django.utils.translation import gettext_lazy as _

from common.errors import DomainError
from common.wording import Wording
from datasets.models import DatasetVersion
from datasets.services import versions
from datasets.store import reader
from datasets.store.layout import Layout
from datasets.store.schema import Tables
from executors.models import Job
from executors.services import jobs
from models.evaluation import scoring
from models.evaluation.scoring import Options
from models.models import Evaluation, ModelVersion, Prediction
from models.services import inputs

KIND = "models.evaluate"
RESAMPLES = 200
MOST_RESAMPLED = 2000  # assets; beyond these the interval is narrow and costs more than it tells


class NoGroundTruth(DomainError):
    """The version has no annotations to judge by."""

    id = "models.no_ground_truth"
    status = 409
    message = _("{version} has no annotations of the classes of {model}.")
    hint = _("Evaluate on a labeled version.")
    field = "dataset"


def submit(*, prediction: Prediction, by: User | None) -> Job:
    """Judge a prediction.

    Raises:
        NoGroundTruth
    """
    classes_to_judge(prediction.checkpoint.model_version, prediction.dataset_version)
    return jobs.submit(
        kind=KIND,
        title=Wording(_("Evaluate {prediction}"), prediction=prediction),
        params={"prediction": prediction.pk},
        project=prediction.project,
        dedupe_key=f"evaluate:{prediction.pk}",
        by=by,
    )


def run(*, prediction: Prediction, job: Job) -> Evaluation:
    """Judge a prediction now; called again for the same job it returns the same evaluation.

    Raises:
        NoGroundTruth
    """
    known = Evaluation.objects.filter(prediction=prediction, job=job).first()
    if known is not None:
        return known
    classes = classes_to_judge(prediction.checkpoint.model_version, prediction.dataset_version)
    truth = versions.load(prediction.dataset_version)
    resamples = RESAMPLES if truth.assets.height <= MOST_RESAMPLED else 0
    judged = scoring.evaluate_tables(
        truth, load(prediction), class_names=classes, options=Options(resamples=resamples, seed=1)
    )
    report: dict[str, Any] = json.loads(judged.report.to_json())
    return Evaluation.objects.create(
        prediction=prediction,
        job=job,
        params={"iou": judged.report.iou, "confidence": judged.report.confidence},
        map50=judged.report.mAP50 or 0.0,
        map50_95=judged.report.mAP50_95 or 0.0,
        report=report,
        created_by=job.created_by,
    )


def load(prediction: Prediction) -> Tables:
    """Read the whole tables of a prediction."""
    return reader.load(Layout(inputs.data_root()).prediction(prediction.content_id))


def classes_to_judge(model: ModelVersion, version: DatasetVersion) -> list[str]:
    """Return the classes of the model that the version has annotations of, in the model's order.

    Raises:
        NoGroundTruth: there are none.
    """
    classes = [name for name in model.class_names if version.class_counts.get(name)]
    if not classes:
        raise NoGroundTruth(version=version, model=model)
    return classes
