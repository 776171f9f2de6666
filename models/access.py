"""Who may see and change models, predictions and evaluations: those who may in the project."""

from django.contrib.auth.models import AnonymousUser, User
from django.shortcuts import get_object_or_404

from models.models import Checkpoint, Evaluation, ModelVersion, Prediction, RegisteredModel
from projects import access
from projects.models import Project, Role

Person = User | AnonymousUser


def may_edit(user: Person, project: Project) -> bool:
    """Tell whether pages offer a person the actions of editors."""
    return (access.role_in(user, project) or 0) >= Role.EDITOR


def model_or_404(user: Person, pk: int, role: Role = Role.VIEWER) -> RegisteredModel:
    """Return a model with its project (errors as in `version_or_404`)."""
    model = get_object_or_404(RegisteredModel.objects.select_related("project"), pk=pk)
    access.project_or_404(user, model.project_id, role)
    return model


def version_or_404(user: Person, pk: int, role: Role = Role.VIEWER) -> ModelVersion:
    """Return a model version when the person may act in its project as `role`.

    Raises:
        Http404: there is none, or the person is a stranger to its project.
        PermissionDenied: the person's role is too low.
    """
    versions = ModelVersion.objects.select_related(
        "registered_model__project",
        "recommended",
        "training_version__dataset",
        "validation_version__dataset",
        "parent__registered_model",
        "image",
        "job",
        "created_by",
    )
    version = get_object_or_404(versions, pk=pk)
    access.project_or_404(user, version.registered_model.project_id, role)
    return version


def checkpoint_or_404(user: Person, pk: int, role: Role = Role.VIEWER) -> Checkpoint:
    """Return a checkpoint (errors as in `version_or_404`)."""
    checkpoint = get_object_or_404(Checkpoint.objects.select_related("model_version__registered_model"), pk=pk)
    access.project_or_404(user, checkpoint.model_version.registered_model.project_id, role)
    return checkpoint


def prediction_or_404(user: Person, pk: int, role: Role = Role.VIEWER) -> Prediction:
    """Return a prediction with its project, model and dataset version (errors as in `version_or_404`)."""
    predictions = Prediction.objects.select_related(
        "project", "checkpoint__model_version__registered_model", "dataset_version__dataset", "image", "created_by"
    )
    prediction = get_object_or_404(predictions, pk=pk)
    access.project_or_404(user, prediction.project_id, role)
    return prediction


def evaluation_or_404(user: Person, pk: int, role: Role = Role.VIEWER) -> Evaluation:
    """Return an evaluation with all that it judges (errors as in `version_or_404`)."""
    evaluations = Evaluation.objects.select_related(
        "prediction__project",
        "prediction__checkpoint__model_version__registered_model",
        "prediction__dataset_version__dataset",
        "created_by",
    )
    evaluation = get_object_or_404(evaluations, pk=pk)
    access.project_or_404(user, evaluation.prediction.project_id, role)
    return evaluation
