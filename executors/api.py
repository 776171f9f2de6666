"""Jobs and executor images in the API."""

from typing import Any

from django.db.models import QuerySet
from django.http import Http404
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from common.http import signed_in
from executors.models import ExecutorImage, Job
from executors.serializers import CancelSerializer, ImageSerializer, JobSerializer, SubmittedSerializer
from executors.services import jobs
from projects import access
from projects.models import Role


class JobFilter(filters.FilterSet):
    """Jobs by project, state and kind."""

    class Meta:
        model = Job
        fields = ["project", "state", "kind"]


class JobViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Job]):
    """Background work of the caller's projects."""

    serializer_class = JobSerializer
    queryset = Job.objects.none()
    filterset_class = JobFilter
    lookup_value_regex = r"\d+"

    def get_queryset(self) -> QuerySet[Job]:
        return Job.objects.visible_to(self.request.user).order_by("-created_at", "-pk")

    @extend_schema(request=CancelSerializer, responses={200: JobSerializer})
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Stop a job, keeping or discarding what it made so far."""
        job = self._changeable(request)
        data = CancelSerializer(data=request.data)
        data.is_valid(raise_exception=True)
        jobs.cancel(job=job, mode=Job.Cancel(data.validated_data["mode"]))
        job.refresh_from_db()
        return Response(self.get_serializer(job).data)

    @extend_schema(request=None, responses={202: SubmittedSerializer})
    @action(detail=True, methods=["post"])
    def retry(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Run a job that ended once more."""
        job = jobs.retry(job=self._changeable(request), by=signed_in(request))
        return submitted(job)

    def _changeable(self, request: Request) -> Job:
        job = self.get_object()
        if job.project is None:
            if not request.user.is_superuser:
                raise Http404
        else:
            access.require(request.user, job.project, Role.EDITOR)
        return job


class ImageViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[ExecutorImage]):
    """Registered executor images; they are added in the admin or by command."""

    serializer_class = ImageSerializer
    queryset = ExecutorImage.objects.filter(hidden_at=None).prefetch_related("templates").order_by("name", "pk")
    lookup_value_regex = r"\d+"


def submitted(job: Job) -> Response:
    """Answer 202 with the job to follow."""
    return Response(SubmittedSerializer({"job": job}).data, status=202)
