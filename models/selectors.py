"""What the pages of models read from Postgres."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Count, F, Max, Q, QuerySet

from datasets.models import DatasetVersion
from executors.models import Gpu
from models.models import Checkpoint, Evaluation, ModelVersion, Prediction, RegisteredModel
from projects.models import Project

FAILED_SHOWN_FOR = timedelta(days=1)
JOBS_SHOWN = 10
FAMILY_LIMIT = 40
TO_COMPARE = 20


# --- Models ---------------------------------------------------------------------------------------------------------
def lines(project: Project) -> QuerySet[RegisteredModel]:
    """Return the models of a project that have a version outside the trash, the latest changed first."""
    shown = Q(versions__hidden_at=None)
    models = project.registered_models.filter(hidden_at=None).annotate(
        version_count=Count("versions", filter=shown), changed_at=Max("versions__created_at", filter=shown)
    )
    return models.filter(version_count__gt=0).order_by("-changed_at", "-pk")


def line_count(project: Project) -> int:
    """Return how many models a project has; the number on its tab."""
    return lines(project).count()


def line_names(project: Project) -> list[str]:
    """Return the names of the project's models, to choose from while typing."""
    return list(project.registered_models.filter(hidden_at=None).order_by("name").values_list("name", flat=True)[:500])


def versions_of(models: Collection[RegisteredModel]) -> dict[int, list[ModelVersion]]:
    """Return the versions outside the trash of each model, newest first, by the model's key."""
    found: dict[int, list[ModelVersion]] = {}
    versions = ModelVersion.objects.active().filter(registered_model__in=models)
    related = ("registered_model", "recommended", "training_version__dataset", "parent__registered_model")
    rounds = ("steps__iteration", "job__steps__iteration")
    for version in versions.select_related(*related).prefetch_related(*rounds).order_by("-number"):
        found.setdefault(version.registered_model_id, []).append(version)
    return found


def hidden_versions(project: Project) -> QuerySet[ModelVersion]:
    """Return the project's model versions that were moved to the trash alone, the latest first."""
    found = ModelVersion.objects.in_project(project).exclude(hidden_at=None).filter(registered_model__hidden_at=None)
    return found.for_list().order_by("-hidden_at", "-pk")


def hidden_models(project: Project) -> QuerySet[RegisteredModel]:
    """Return the project's models that were moved to the trash whole, the latest first."""
    found = project.registered_models.exclude(hidden_at=None).annotate(version_count=Count("versions"))
    return found.order_by("-hidden_at", "-pk")


def hidden_predictions(project: Project) -> QuerySet[Prediction]:
    """Return the project's predictions in the trash, the latest moved there first."""
    related = ("checkpoint__model_version__registered_model", "dataset_version__dataset")
    found = Prediction.objects.filter(project=project).exclude(hidden_at=None)
    return found.select_related(*related).order_by("-hidden_at", "-pk")


def best_version(project: Project) -> ModelVersion | None:
    """Return the model version that was judged best where the latest evaluation was made; without any, the newest.

    Figures from different dataset versions cannot be compared.
    """
    versions = list(ModelVersion.objects.in_project(project).active().for_list().select_related("validation_version"))
    judged = evaluations_of_models(versions)
    if not judged:
        return versions[0] if versions else None
    latest = max(judged.values(), key=lambda each: (each.created_at, each.pk)).prediction.dataset_version_id
    there = {key: each.map50 for key, each in judged.items() if each.prediction.dataset_version_id == latest}
    return max((each for each in versions if each.pk in there), key=lambda each: there[each.pk])


def family(version: ModelVersion) -> list[ModelVersion]:
    """Return a version with those it was trained on from and those trained on from it, in order of their making.

    Two queries, whatever the depth; beyond `FAMILY_LIMIT` the ones farthest away are left out.
    """
    links = dict(
        ModelVersion.objects.in_project(version.registered_model.project)
        .exclude(parent=None)
        .values_list("pk", "parent_id")
    )
    keys, parent = [version.pk], links.get(version.pk)
    while parent is not None and len(keys) < FAMILY_LIMIT // 2:
        keys.append(parent)
        parent = links.get(parent)
    front = [version.pk]
    while front and len(keys) < FAMILY_LIMIT:
        front = [child for child, parent in links.items() if parent in front]
        keys += front
    versions = ModelVersion.objects.filter(pk__in=keys[:FAMILY_LIMIT]).select_related("registered_model")
    return list(versions.order_by("created_at", "pk"))


def checkpoint_choices(project: Project, also: Collection[int] = ()) -> QuerySet[Checkpoint]:
    """Return the recommended checkpoints of the project's models, newest first, and those whose ids are named."""
    active = Q(model_version__hidden_at=None, model_version__registered_model__hidden_at=None)
    recommended = Q(pk=F("model_version__recommended"))
    return (
        Checkpoint.objects.filter(active, model_version__registered_model__project=project)
        .filter(recommended | Q(pk__in=also))
        .select_related("model_version__registered_model", "model_version__image")
        .order_by("-model_version__created_at", "-model_version__pk", "-saved_at", "-pk")
    )


# --- Predictions and evaluations ------------------------------------------------------------------------------------
def predictions(project: Project, *, model: int | None = None, dataset: int | None = None) -> QuerySet[Prediction]:
    """Return the predictions of a project, newest first; of one model or dataset version where it is named."""
    found = Prediction.objects.filter(project=project, hidden_at=None).select_related(
        "checkpoint__model_version__registered_model", "dataset_version__dataset", "created_by"
    )
    if model is not None:
        found = found.filter(checkpoint__model_version=model)
    if dataset is not None:
        found = found.filter(dataset_version=dataset)
    return found.order_by("-created_at", "-pk")


def predicting_models(project: Project) -> list[ModelVersion]:
    """Return the model versions that have predictions, newest first."""
    keys = Prediction.objects.filter(project=project, hidden_at=None).values("checkpoint__model_version")
    found = ModelVersion.objects.filter(pk__in=keys).select_related("registered_model")
    return list(found.order_by("-created_at", "-pk"))


def predicted_versions(project: Project) -> list[DatasetVersion]:
    """Return the dataset versions that have predictions, newest first."""
    keys = Prediction.objects.filter(project=project, hidden_at=None).values("dataset_version")
    return list(DatasetVersion.objects.filter(pk__in=keys).select_related("dataset").order_by("-created_at", "-pk"))


def newest_evaluations(predictions: Collection[Prediction]) -> dict[int, Evaluation]:
    """Return the newest evaluation of each prediction, by the prediction's key; without the reports."""
    found = Evaluation.objects.filter(prediction__in=predictions).order_by("prediction_id", "-created_at", "-pk")
    return {each.prediction_id: each for each in found.distinct("prediction_id").defer("report")}


def evaluations_of_models(versions: Collection[ModelVersion]) -> dict[int, Evaluation]:
    """Return the newest evaluation of each version's recommended checkpoint, by the version's key; no reports."""
    owner = "prediction__checkpoint__model_version"
    found = Evaluation.objects.filter(
        **{f"{owner}__in": versions}, prediction__checkpoint=F(f"{owner}__recommended"), prediction__hidden_at=None
    )
    related = found.select_related("prediction__checkpoint", "prediction__dataset_version__dataset")
    newest = related.order_by(f"{owner}_id", "-created_at", "-pk").distinct(f"{owner}_id").defer("report")
    return {each.prediction.checkpoint.model_version_id: each for each in newest}


def newest_report(version: ModelVersion) -> Evaluation | None:
    """Return the newest evaluation of a version's recommended checkpoint, with its report."""
    found = Evaluation.objects.filter(prediction__checkpoint=version.recommended_id, prediction__hidden_at=None)
    related = found.select_related("prediction__dataset_version__dataset", "prediction__checkpoint")
    return related.order_by("-created_at", "-pk").first()


def comparable(evaluation: Evaluation) -> list[Evaluation]:
    """Return other evaluations on the same dataset version, newest first; without the reports."""
    found = Evaluation.objects.filter(
        prediction__dataset_version=evaluation.prediction.dataset_version_id, prediction__hidden_at=None
    ).exclude(prediction=evaluation.prediction_id)
    related = found.select_related(
        "prediction__checkpoint__model_version__registered_model", "prediction__dataset_version__dataset"
    )
    return list(related.order_by("-created_at", "-pk").defer("report")[:TO_COMPARE])


# --- Jobs and machines ----------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class GpuHost:
    """The host with the most GPUs: no run can have more."""

    name: str
    count: int


def largest_host() -> GpuHost:
    """Return the host with the most GPUs; without any, one that has none."""
    found = Gpu.objects.values("host").annotate(count=Count("pk")).order_by("-count", "host").first()
    return GpuHost(found["host"], found["count"]) if found else GpuHost("", 0)


# --- Names for the pages of jobs ------------------------------------------------------------------------------------
def names_of_versions(keys: Collection[int]) -> dict[int, str]:
    """Return what model versions are called."""
    found = ModelVersion.objects.filter(pk__in=keys).select_related("registered_model")
    return {each.pk: str(each) for each in found}


def names_of_checkpoints(keys: Collection[int]) -> dict[int, str]:
    """Return what checkpoints are called, with their model."""
    found = Checkpoint.objects.filter(pk__in=keys).select_related("model_version__registered_model")
    return {each.pk: f"{each.model_version} · {each.name}" for each in found}


def names_of_predictions(keys: Collection[int]) -> dict[int, str]:
    """Return what predictions are called."""
    related = ("checkpoint__model_version__registered_model", "dataset_version__dataset")
    return {each.pk: str(each) for each in Prediction.objects.filter(pk__in=keys).select_related(*related)}


def names_of_evaluations(keys: Collection[int]) -> dict[int, str]:
    """Return what evaluations are called."""
    related = ("prediction__checkpoint__model_version__registered_model", "prediction__dataset_version__dataset")
    found = Evaluation.objects.filter(pk__in=keys).select_related(*related).defer("report")
    return {each.pk: str(each) for each in found}


def names_of_inputs(keys: Collection[int]) -> dict[int, str]:
    """Return what dataset versions are called."""
    return {each.pk: str(each) for each in DatasetVersion.objects.filter(pk__in=keys).select_related("dataset")}
