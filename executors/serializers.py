"""Jobs as the API shows them."""

from pathlib import PurePath
from typing import Any

from rest_framework import serializers

from executors.models import ExecutorImage, Job


class JobSerializer(serializers.ModelSerializer[Job]):
    """A job: where it stands, what it made or why it failed."""

    params = serializers.SerializerMethodField()
    error = serializers.SerializerMethodField()

    class Meta:
        model = Job
        fields = [
            "id",
            "project",
            "kind",
            "title",
            "state",
            "phase",
            "progress",
            "note",
            "params",
            "image",
            "gpu_count",
            "attempt",
            "result",
            "error",
            "created_at",
            "started_at",
            "finished_at",
        ]
        read_only_fields = fields

    def get_params(self, job: Job) -> dict[str, Any]:
        """Leave out where a source lies on the host: that is nobody's business here."""
        params = dict(job.params)
        if isinstance(params.get("source"), str):
            params["source"] = PurePath(params["source"]).name
        return params

    def get_error(self, job: Job) -> dict[str, str] | None:
        if not job.error_id:
            return None
        return {"id": job.error_id, "message": job.error_message, "hint": job.error_hint}


class SubmittedSerializer(serializers.Serializer[dict[str, Job]]):
    """What every endpoint answers that starts work: the job to follow."""

    job = JobSerializer()


class CancelSerializer(serializers.Serializer[Job]):
    """How to stop a job."""

    mode = serializers.ChoiceField(choices=[Job.Cancel.KEEP, Job.Cancel.DISCARD], default=Job.Cancel.DISCARD)


class ImageSerializer(serializers.ModelSerializer[ExecutorImage]):
    """A registered executor image and what it can do."""

    tasks = serializers.SerializerMethodField()

    class Meta:
        model = ExecutorImage
        fields = ["id", "name", "reference", "runner", "description", "state", "enabled", "digest", "tasks"]
        read_only_fields = fields

    def get_tasks(self, image: ExecutorImage) -> list[str]:
        return sorted({template.task for template in image.templates.all()})
