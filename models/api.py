"""Models, predictions and evaluations in the API."""

from typing import TypeVar

from django.db.models import Model, QuerySet
from django.shortcuts import get_object_or_404
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from common.api import idempotency_key, validated
from common.http import signed_in
from datasets.models import DatasetVersion
from executors.api import submitted
from executors.models import ExecutorImage
from executors.serializers import SubmittedSerializer
from models.models import Checkpoint, Evaluation, ModelVersion, Prediction
from models.serializers import (
    EvaluationRowSerializer,
    EvaluationSerializer,
    InferSerializer,
    MineSerializer,
    ModelVersionSerializer,
    PredictionSerializer,
    TrainSerializer,
)
from models.services import evaluation, inference, mining, registry, training
from projects import access
from projects.models import Project, Role

Row = TypeVar("Row", bound=Model)


class ModelVersionFilter(filters.FilterSet):
    """Model versions by project and model."""

    project = filters.NumberFilter(field_name="registered_model__project")
    model = filters.CharFilter(field_name="registered_model__name")

    class Meta:
        model = ModelVersion
        fields = ["project", "model"]


class ModelVersionViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[ModelVersion]):
    """Immutable versions of models. Every action that starts work answers 202 with the job to follow."""

    serializer_class = ModelVersionSerializer
    queryset = ModelVersion.objects.none()
    filterset_class = ModelVersionFilter
    lookup_value_regex = r"\d+"

    def get_queryset(self) -> QuerySet[ModelVersion]:
        found = ModelVersion.objects.active().for_list().prefetch_related("checkpoints")
        return _visible(found, self.request, "registered_model__project__memberships__user")

    @extend_schema(request=TrainSerializer, responses={202: SubmittedSerializer})
    @action(detail=False, methods=["post"])
    def train(self, request: Request) -> Response:
        """Train a new version of a model."""
        data = validated(TrainSerializer, request)
        project = access.project_or_404(request.user, data["project"], Role.EDITOR)
        checkpoints = Checkpoint.objects.filter(model_version__registered_model__project=project)
        job = training.submit(
            project=project,
            name=data["name"],
            image=_image(data["image"]),
            training=_dataset_version(project, data["training"]),
            validation=_dataset_version(project, data["validation"]),
            class_names=data["classes"] or None,
            parent=get_object_or_404(checkpoints, pk=data["checkpoint"]) if data["checkpoint"] else None,
            config=data["config"],
            gpu_count=data["gpu_count"],
            message=data["message"],
            dedupe_key=idempotency_key(request),
            by=signed_in(request),
        )
        return submitted(job)

    @extend_schema(request=MineSerializer, responses={202: SubmittedSerializer})
    @action(detail=True, methods=["post"])
    def mine(self, request: Request, pk: str) -> Response:
        """Choose the assets that would help this model most."""
        version, project = self._editable(request)
        data = validated(MineSerializer, request)
        job = mining.submit(
            project=project,
            name=data["name"],
            image=_image(data["image"]),
            checkpoint=registry.checkpoint_of(version),
            candidates=_dataset_version(project, data["dataset"]),
            top_k=data["top_k"],
            config=data["config"],
            gpu_count=data["gpu_count"],
            message=data["message"],
            dedupe_key=idempotency_key(request),
            by=signed_in(request),
        )
        return submitted(job)

    @extend_schema(request=InferSerializer, responses={202: SubmittedSerializer})
    @action(detail=True, methods=["post"])
    def infer(self, request: Request, pk: str) -> Response:
        """Let this model look at a dataset version."""
        version, project = self._editable(request)
        data = validated(InferSerializer, request)
        job = inference.submit(
            project=project,
            image=_image(data["image"]),
            checkpoint=registry.checkpoint_of(version),
            dataset_version=_dataset_version(project, data["dataset"]),
            config=data["config"],
            gpu_count=data["gpu_count"],
            evaluate=data["evaluate"],
            dedupe_key=idempotency_key(request),
            by=signed_in(request),
        )
        return submitted(job)

    def _editable(self, request: Request) -> tuple[ModelVersion, Project]:
        version = self.get_object()
        project = version.registered_model.project
        access.require(request.user, project, Role.EDITOR)
        return version, project


class PredictionViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Prediction]):
    """What models found on dataset versions."""

    serializer_class = PredictionSerializer
    queryset = Prediction.objects.none()
    filterset_fields = ["project", "dataset_version", "checkpoint"]
    lookup_value_regex = r"\d+"

    def get_queryset(self) -> QuerySet[Prediction]:
        active = Prediction.objects.filter(hidden_at=None, project__hidden_at=None)
        found = active.select_related("project", "checkpoint", "dataset_version")
        return _visible(found.order_by("-created_at", "-pk"), self.request, "project__memberships__user")

    @extend_schema(request=None, responses={202: SubmittedSerializer})
    @action(detail=True, methods=["post"])
    def evaluate(self, request: Request, pk: str) -> Response:
        """Judge a prediction against the ground truth of its dataset version."""
        prediction = self.get_object()
        access.require(request.user, prediction.project, Role.EDITOR)
        return submitted(evaluation.submit(prediction=prediction, by=signed_in(request)))


class EvaluationViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Evaluation]):
    """How predictions compare with ground truth."""

    serializer_class = EvaluationSerializer
    queryset = Evaluation.objects.none()
    filterset_fields = ["prediction", "prediction__project"]
    lookup_value_regex = r"\d+"

    def get_queryset(self) -> QuerySet[Evaluation]:
        active = Evaluation.objects.filter(prediction__hidden_at=None, prediction__project__hidden_at=None)
        found = active.order_by("-created_at", "-pk")
        if self.action == "list":
            found = found.defer("report")
        return _visible(found, self.request, "prediction__project__memberships__user")

    def get_serializer_class(self) -> type[EvaluationSerializer]:
        return EvaluationRowSerializer if self.action == "list" else EvaluationSerializer


def _visible(found: QuerySet[Row], request: Request, member: str) -> QuerySet[Row]:
    return found if request.user.is_superuser else found.filter(**{member: signed_in(request)})


def _dataset_version(project: Project, pk: int) -> DatasetVersion:
    return get_object_or_404(DatasetVersion.objects.in_project(project).active().for_list(), pk=pk)


def _image(pk: int) -> ExecutorImage:
    return get_object_or_404(ExecutorImage.objects.usable(), pk=pk)
