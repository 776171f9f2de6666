"""Models, predictions and evaluations as the API shows and takes them."""

from typing import Any

from django.utils.translation import gettext as _
from rest_framework import serializers

from executors.contract import documents
from models.models import Checkpoint, Evaluation, ModelVersion, Prediction


class CheckpointSerializer(serializers.ModelSerializer[Checkpoint]):
    """Weights saved during a training."""

    class Meta:
        model = Checkpoint
        fields = ["id", "name", "metrics", "files", "saved_at"]
        read_only_fields = fields


class ModelVersionSerializer(serializers.ModelSerializer[ModelVersion]):
    """A model version with its checkpoints."""

    model = serializers.CharField(source="registered_model.name")
    project = serializers.IntegerField(source="registered_model.project_id")
    version = serializers.IntegerField(source="number")
    checkpoints = CheckpointSerializer(many=True)
    recommended = serializers.CharField(source="recommended.name", allow_null=True, default=None)

    class Meta:
        model = ModelVersion
        fields = [
            "id",
            "project",
            "model",
            "version",
            "ref",
            "class_names",
            "checkpoints",
            "recommended",
            "training_version",
            "validation_version",
            "parent",
            "config",
            "is_partial",
            "message",
            "created_at",
        ]
        read_only_fields = fields


class PredictionSerializer(serializers.ModelSerializer[Prediction]):
    """What a checkpoint found on a dataset version."""

    model_version = serializers.IntegerField(source="checkpoint.model_version_id")

    class Meta:
        model = Prediction
        fields = [
            "id",
            "project",
            "model_version",
            "checkpoint",
            "dataset_version",
            "asset_count",
            "annotation_count",
            "class_counts",
            "created_at",
        ]
        read_only_fields = fields


class EvaluationSerializer(serializers.ModelSerializer[Evaluation]):
    """A prediction judged."""

    mAP50 = serializers.FloatField(source="map50")  # noqa: N815 # what everybody calls it
    mAP50_95 = serializers.FloatField(source="map50_95")  # noqa: N815

    class Meta:
        model = Evaluation
        fields = ["id", "prediction", "mAP50", "mAP50_95", "params", "report", "created_at"]
        read_only_fields = fields


class EvaluationRowSerializer(EvaluationSerializer):
    """An evaluation in a list: its report is read one at a time."""

    class Meta(EvaluationSerializer.Meta):
        fields = [name for name in EvaluationSerializer.Meta.fields if name != "report"]
        read_only_fields = fields


class RunSerializer(serializers.Serializer[Any]):
    """What every run of an executor image takes."""

    image = serializers.IntegerField()
    config = serializers.DictField(required=False, default=dict)
    gpu_count = serializers.IntegerField(min_value=0, max_value=64, required=False, default=0)

    def validate_config(self, config: dict[str, Any]) -> dict[str, Any]:
        if documents.as_json(config) != config:  # NUL, half a letter: no database holds them
            raise serializers.ValidationError(_("The request is not valid."))
        return config


class TrainSerializer(RunSerializer):
    """A training."""

    project = serializers.IntegerField()
    name = serializers.CharField(max_length=80)
    training = serializers.IntegerField(help_text="Dataset version to train on")
    validation = serializers.IntegerField(help_text="Dataset version that chooses the best checkpoint")
    classes = serializers.ListField(child=serializers.CharField(), required=False, default=list)
    checkpoint = serializers.IntegerField(
        required=False, allow_null=True, default=None, help_text="Checkpoint to start from"
    )
    message = serializers.CharField(max_length=500, required=False, allow_blank=True, default="")


class MineSerializer(RunSerializer):
    """A mining run of this model."""

    name = serializers.CharField(max_length=80)
    dataset = serializers.IntegerField(help_text="Dataset version with the candidates")
    top_k = serializers.IntegerField(min_value=1)
    message = serializers.CharField(max_length=500, required=False, allow_blank=True, default="")


class InferSerializer(RunSerializer):
    """An inference run of this model."""

    dataset = serializers.IntegerField(help_text="Dataset version to look at")
    evaluate = serializers.BooleanField(required=False, default=False)
