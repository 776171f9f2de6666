"""Models, predictions and evaluations in the admin: to look at; services change them."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from common.admin import ReadOnlyAdmin, ReadOnlyInline
from models.models import Checkpoint, Evaluation, ModelVersion, Prediction, RegisteredModel


@admin.register(RegisteredModel)
class RegisteredModelAdmin(ReadOnlyAdmin):
    list_display = ["name", "project", "created_by", "created_at", "hidden_at"]
    search_fields = ["name", "project__name"]
    list_select_related = ["project", "created_by"]


class CheckpointInline(ReadOnlyInline):
    model = Checkpoint
    fields = ["name", "metrics", "files", "saved_at"]


@admin.register(ModelVersion)
class ModelVersionAdmin(ReadOnlyAdmin):
    list_display = ["__str__", "project", "training_version", "recommended", "is_partial", "created_at", "hidden_at"]
    list_filter = ["is_partial"]
    search_fields = ["registered_model__name", "registered_model__project__name", "weights_id"]
    list_select_related = ["registered_model__project", "training_version__dataset", "recommended"]
    date_hierarchy = "created_at"
    inlines = [CheckpointInline]

    @admin.display(description=_("project"), ordering="registered_model__project__name")
    def project(self, version: ModelVersion) -> str:
        return version.registered_model.project.name


@admin.register(Prediction)
class PredictionAdmin(ReadOnlyAdmin):
    list_display = ["__str__", "project", "checkpoint", "asset_count", "annotation_count", "created_at"]
    search_fields = ["checkpoint__model_version__registered_model__name", "dataset_version__dataset__name"]
    list_select_related = ["project", "checkpoint__model_version__registered_model", "dataset_version__dataset"]
    date_hierarchy = "created_at"


@admin.register(Evaluation)
class EvaluationAdmin(ReadOnlyAdmin):
    list_display = ["__str__", "map50", "map50_95", "created_at"]
    search_fields = [
        "prediction__checkpoint__model_version__registered_model__name",
        "prediction__dataset_version__dataset__name",
    ]
    list_select_related = [
        "prediction__checkpoint__model_version__registered_model",
        "prediction__dataset_version__dataset",
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Evaluation]:
        """Leave the reports unread: a list needs none."""
        found: QuerySet[Evaluation] = super().get_queryset(request)
        return found.defer("report")
