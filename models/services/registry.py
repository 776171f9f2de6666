"""Model lines and their versions: naming, registering, finding, recommending a checkpoint."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext_lazy as _

from common import lines
from common.errors import DomainError
from datasets.models import DatasetVersion
from executors.contract import documents
from executors.models import ExecutorImage, Job
from models.models import Checkpoint, Evaluation, ModelVersion, Prediction, RegisteredModel
from models.weights.store import StoredWeights
from projects.models import Project

Thing = RegisteredModel | ModelVersion | Prediction


class BadModelName(DomainError):
    """A name that commands and addresses could not carry."""

    id = "models.bad_name"
    message = _("“{name}” cannot be a model name.")
    hint = _("Use 1 to 80 characters without @, slashes, commas or semicolons.")
    field = "name"


class ModelInTrash(DomainError):
    """A new version of a model in the trash would be made where nobody sees it."""

    id = "models.in_trash"
    status = 409
    message = _("The model {name} lies in the trash.")
    hint = _("Restore it, or choose another name.")
    field = "name"


class ModelNotFound(DomainError):
    """A command or form named a model version that the project does not have."""

    id = "models.version_not_found"
    status = 404
    message = _("The project has no model version “{ref}”.")
    hint = _("Write NAME for the newest version or NAME@NUMBER.")
    field = "model"


class NoCheckpoint(DomainError):
    """A model version without a recommended checkpoint cannot run."""

    id = "models.no_checkpoint"
    status = 409
    message = _("{version} has no recommended checkpoint.")
    hint = _("Choose one on the model's page.")
    field = "model"


class PredictionNotFound(DomainError):
    """A command named a prediction that the project does not have."""

    id = "models.prediction_not_found"
    status = 404
    message = _("The project has no prediction {number}.")
    hint = _("Its number stands in the address of its page, and in the result of `infer`.")
    field = "prediction"


def check_name(name: str) -> None:
    """Pass when a model may have this name; the rule is that of datasets.

    Raises:
        BadModelName
    """
    if not lines.is_name(name):
        raise BadModelName(name=name)


def check_place(project: Project, name: str) -> None:
    """Pass when the next version of this model would be seen.

    Raises:
        ModelInTrash
    """
    if project.registered_models.filter(name=name).exclude(hidden_at=None).exists():
        raise ModelInTrash(name=name)


def resolve(project: Project, ref: str) -> ModelVersion:
    """Return the version named `NAME@3`, or the newest one of `NAME`.

    Raises:
        ModelNotFound
    """
    active = ModelVersion.objects.in_project(project).active().for_list()
    version = lines.find(active, line="registered_model", ref=ref)
    if version is None:
        raise ModelNotFound(ref=ref)
    return version


def checkpoint_of(version: ModelVersion) -> Checkpoint:
    """Return the checkpoint that runs use unless told otherwise.

    Raises:
        NoCheckpoint
    """
    if version.recommended is None:
        raise NoCheckpoint(version=version)
    return version.recommended


def prediction(project: Project, number: int) -> Prediction:
    """Return the project's prediction with this number.

    Raises:
        PredictionNotFound
    """
    related = ("project", "dataset_version__dataset", "checkpoint__model_version__registered_model")
    found = Prediction.objects.filter(project=project, pk=number, hidden_at=None).select_related(*related).first()
    if found is None:
        raise PredictionNotFound(number=number)
    return found


def register(
    *,
    project: Project,
    name: str,
    stored: StoredWeights,
    job: Job | None,
    by: User | None,
    config: Mapping[str, Any],
    image: ExecutorImage | None = None,
    training: DatasetVersion | None = None,
    validation: DatasetVersion | None = None,
    parent: ModelVersion | None = None,
    message: str = "",
    is_partial: bool = False,
) -> ModelVersion:
    """Record stored weights as the next version of a model line; the weights are there already.

    Called again for the same job it returns the same version. A line that went to the trash meanwhile comes back: a
    training's result must not be lost from sight.

    Raises:
        BadModelName
    """
    check_name(name)
    line, _created = RegisteredModel.objects.get_or_create(project=project, name=name, defaults={"created_by": by})
    with transaction.atomic():
        RegisteredModel.objects.select_for_update().get(pk=line.pk)
        if job is not None:
            known = ModelVersion.objects.filter(job=job).first()
            if known is not None:
                return known
        restore(thing=line)
        newest = line.versions.aggregate(newest=Max("number"))["newest"] or 0
        version = ModelVersion.objects.create(
            registered_model=line,
            number=newest + 1,
            weights_id=stored.weights_id,
            object_type=stored.package.object_type,
            class_names=list(stored.package.class_names),
            config=documents.as_json(config),
            message=message,
            is_partial=is_partial,
            image=image,
            training_version=training,
            validation_version=validation,
            parent=parent,
            job=job,
            created_by=by,
        )
        checkpoints = [
            Checkpoint.objects.create(
                model_version=version,
                name=stage.name,
                files=list(stage.files),
                metrics=dict(stage.metrics),
                saved_at=datetime.fromtimestamp(stage.timestamp, UTC),
            )
            for stage in stored.package.stages
        ]
        version.recommended = next(each for each in checkpoints if each.name == stored.package.best)
        version.save(update_fields=["recommended"])
    return version


def recommend(*, checkpoint: Checkpoint) -> None:
    """Make a checkpoint the one that runs use unless told otherwise."""
    ModelVersion.objects.filter(pk=checkpoint.model_version_id).update(recommended=checkpoint)


def hide(*, thing: Thing) -> None:
    """Move a model with all its versions, one version or a prediction to the trash; what was made with it stays."""
    thing.hide()


def restore(*, thing: Thing) -> None:
    """Take something out of the trash."""
    thing.restore()


def facts(version: ModelVersion) -> dict[str, Any]:
    """Return a version as commands and the API print it."""
    recommended = version.recommended
    return {
        "model": version.registered_model.name,
        "version": version.number,
        "ref": version.ref,
        "id": version.pk,
        "weights_id": version.weights_id,
        "classes": version.class_names,
        "checkpoints": [
            {"id": each.pk, "name": each.name, "metrics": each.metrics, "files": each.files}
            for each in version.checkpoints.all()
        ],
        "recommended": recommended.name if recommended else None,
        "metrics": recommended.metrics if recommended else {},
        "training": version.training_version.ref if version.training_version else None,
        "validation": version.validation_version.ref if version.validation_version else None,
        "is_partial": version.is_partial,
        "message": version.message,
        "created_at": version.created_at.isoformat(),
    }


def prediction_facts(prediction: Prediction) -> dict[str, Any]:
    """Return a prediction, and its newest evaluation where there is one, as commands and the API print it."""
    model, newest = prediction.checkpoint.model_version, prediction.evaluations.first()
    return {
        "prediction": prediction.pk,
        "model": model.ref,
        "checkpoint": prediction.checkpoint.name,
        "dataset": prediction.dataset_version.ref,
        "asset_count": prediction.asset_count,
        "annotation_count": prediction.annotation_count,
        "class_counts": prediction.class_counts,
        "evaluation": evaluation_facts(newest) if newest else None,
    }


def evaluation_facts(evaluation: Evaluation) -> dict[str, Any]:
    """Return an evaluation as commands and the API print it."""
    report = evaluation.report
    return {
        "evaluation": evaluation.pk,
        "prediction": evaluation.prediction_id,
        "mAP50": report.get("mAP50"),
        "mAP50_95": report.get("mAP50_95"),
        "mAR": report.get("mAR"),
        "per_class": {
            each["name"]: {key: each[key] for key in ("AP50", "AP50_95", "AR", "tp", "fp", "fn")}
            for each in report.get("per_class", [])
        },
        "confidence": report.get("confidence"),
        "iou": report.get("iou"),
        "intervals": report.get("intervals", {}),
    }
