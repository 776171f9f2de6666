"""Dataset versions in the API."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django_filters import rest_framework as filters
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.parsers import JSONParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from common.api import idempotency_key, validated
from common.http import signed_in
from datasets.models import Dataset, DatasetVersion
from datasets.serializers import (
    AssetPageSerializer,
    DatasetSerializer,
    ExcludeSerializer,
    ExportSerializer,
    FilterSerializer,
    ImportSerializer,
    MergeSerializer,
    SampleSerializer,
    VersionDetailSerializer,
    VersionSerializer,
)
from datasets.services import exports, imports, operations, versions
from datasets.store import reader
from datasets.uploads import DataRootUploadHandler
from executors.api import submitted
from executors.serializers import SubmittedSerializer
from projects import access
from projects.models import Project, Role

MOST_ASSETS = 200


class DatasetFilter(filters.FilterSet):
    """Datasets by project and name, in the trash or not."""

    in_trash = filters.BooleanFilter(field_name="hidden_at", lookup_expr="isnull", exclude=True)

    class Meta:
        model = Dataset
        fields = ["project", "name"]


class DatasetViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Dataset]):
    """Lines of versions. In the trash a dataset and its versions are in no other list."""

    serializer_class = DatasetSerializer
    queryset = Dataset.objects.none()
    filterset_class = DatasetFilter
    lookup_value_regex = r"\d+"

    def get_queryset(self) -> QuerySet[Dataset]:
        projects = Project.objects.active().visible_to(self.request.user)
        return Dataset.objects.filter(project__in=projects).select_related("project").order_by("-pk")

    @extend_schema(request=None, responses={200: DatasetSerializer})
    @action(detail=True, methods=["post"])
    def hide(self, request: Request, pk: str) -> Response:
        """Move a dataset with all its versions to the trash."""
        return self._moved(request, versions.hide)

    @extend_schema(request=None, responses={200: DatasetSerializer})
    @action(detail=True, methods=["post"])
    def restore(self, request: Request, pk: str) -> Response:
        """Take a dataset out of the trash."""
        return self._moved(request, versions.restore)

    def _moved(self, request: Request, move: Callable[..., None]) -> Response:
        dataset = self.get_object()
        access.require(request.user, dataset.project, Role.EDITOR)
        move(thing=dataset)
        dataset.refresh_from_db()
        return Response(self.get_serializer(dataset).data)


class VersionFilter(filters.FilterSet):
    """Versions by project, dataset and operation."""

    project = filters.NumberFilter(field_name="dataset__project")
    dataset = filters.CharFilter(field_name="dataset__name")

    class Meta:
        model = DatasetVersion
        fields = ["project", "dataset", "operation"]


class DatasetVersionViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[DatasetVersion]):
    """Immutable versions of datasets. Every action that makes one answers 202 with the job to follow."""

    queryset = DatasetVersion.objects.none()
    filterset_class = VersionFilter
    lookup_value_regex = r"\d+"
    parser_classes = [JSONParser, MultiPartParser]

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Let the upload of an import go straight to the data root, and remove it when nothing took it."""
        self.uploads = DataRootUploadHandler(request, admits=lambda: self._may_upload(request))
        request.upload_handlers = [self.uploads]
        try:
            response: HttpResponseBase = super().dispatch(request, *args, **kwargs)
        finally:
            self.uploads.discard_untaken()
        return response

    def _may_upload(self, request: HttpRequest) -> bool:
        """Tell, before a byte is stored, whether the person may import anywhere; which project stands in the body."""
        return self.action == "import_" and Project.objects.editable_by(request.user).exists()

    def get_queryset(self) -> QuerySet[DatasetVersion]:
        return self._visible(DatasetVersion.objects.active().for_list())

    def _visible(self, found: QuerySet[DatasetVersion]) -> QuerySet[DatasetVersion]:
        return found.filter(dataset__project__in=Project.objects.active().visible_to(self.request.user))

    def get_serializer_class(self) -> type[serializers.BaseSerializer[DatasetVersion]]:
        return VersionSerializer if self.action == "list" else VersionDetailSerializer

    @extend_schema(request=ImportSerializer, responses={202: SubmittedSerializer})
    @action(detail=False, methods=["post"], url_path="import")
    def import_(self, request: Request) -> Response:
        """Import an uploaded zip, or a folder or zip below an import folder of the installation."""
        data = validated(ImportSerializer, request)
        project = access.project_or_404(request.user, data["project"], Role.EDITOR)
        upload = data.get("file")
        if upload is not None and upload.path is None:
            raise imports.UploadTooLarge(limit=settings.YMIR_MAX_UPLOAD_MB)
        source = upload.path if upload else imports.shared_path(data["path"])
        job = imports.submit(
            project=project,
            name=data["name"],
            source=source,
            format=data["format"],
            unknown=data["unknown"],
            message=data["message"],
            keep_source=upload is None,
            dedupe_key=idempotency_key(request),
            by=signed_in(request),
        )
        if upload and job.params["source"] == str(source.resolve()):  # else the same key was sent before
            upload.take()
        return submitted(job)

    @extend_schema(request=None, responses={204: None})
    @action(detail=True, methods=["post"])
    def hide(self, request: Request, pk: str) -> Response:
        """Move a version to the trash: no list has it any more, what was made from it stays."""
        versions.hide(thing=self._editable(request))
        return Response(status=204)

    @extend_schema(request=None, responses={200: VersionDetailSerializer})
    @action(detail=True, methods=["post"])
    def restore(self, request: Request, pk: str) -> Response:
        """Take a version out of the trash."""
        version = get_object_or_404(self._visible(DatasetVersion.objects.for_list()), pk=pk)
        access.require(request.user, version.dataset.project, Role.EDITOR)
        versions.restore(thing=version)
        return Response(VersionDetailSerializer(version).data)

    @extend_schema(request=MergeSerializer, responses={202: SubmittedSerializer})
    @action(detail=True, methods=["post"])
    def merge(self, request: Request, pk: str) -> Response:
        """Unite this version with others."""
        version, data = self._editable(request), validated(MergeSerializer, request)
        job = operations.submit_merge(
            project=version.dataset.project,
            name=data["name"],
            sources=[version, *self._others(data["others"], version)],
            strategy=data["strategy"],
            message=data["message"],
            dedupe_key=idempotency_key(request),
            by=signed_in(request),
        )
        return submitted(job)

    @extend_schema(request=FilterSerializer, responses={202: SubmittedSerializer})
    @action(detail=True, methods=["post"], url_path="filter")
    def filter_(self, request: Request, pk: str) -> Response:
        """Keep assets by class."""
        version, data = self._editable(request), validated(FilterSerializer, request)
        job = operations.submit_filter(
            project=version.dataset.project,
            source=version,
            dedupe_key=idempotency_key(request),
            by=signed_in(request),
            **data,
        )
        return submitted(job)

    @extend_schema(request=SampleSerializer, responses={202: SubmittedSerializer})
    @action(detail=True, methods=["post"])
    def sample(self, request: Request, pk: str) -> Response:
        """Draw assets by lot."""
        version, data = self._editable(request), validated(SampleSerializer, request)
        job = operations.submit_sample(
            project=version.dataset.project,
            source=version,
            dedupe_key=idempotency_key(request),
            by=signed_in(request),
            **data,
        )
        return submitted(job)

    @extend_schema(request=ExcludeSerializer, responses={202: SubmittedSerializer})
    @action(detail=True, methods=["post"])
    def exclude(self, request: Request, pk: str) -> Response:
        """Leave out the assets of other versions."""
        version, data = self._editable(request), validated(ExcludeSerializer, request)
        job = operations.submit_exclude(
            project=version.dataset.project,
            name=data["name"],
            source=version,
            excluded=self._others(data["others"], version),
            message=data["message"],
            dedupe_key=idempotency_key(request),
            by=signed_in(request),
        )
        return submitted(job)

    @extend_schema(request=ExportSerializer, responses={202: SubmittedSerializer})
    @action(detail=True, methods=["post"])
    def export(self, request: Request, pk: str) -> Response:
        """Make a zip for download."""
        version = self.get_object()
        return submitted(exports.submit(version=version, by=signed_in(request), **validated(ExportSerializer, request)))

    @extend_schema(
        parameters=[
            OpenApiParameter("classes", str, description="Only images with any of these classes (commas between)"),
            OpenApiParameter("offset", int),
            OpenApiParameter("limit", int),
        ],
        responses={200: AssetPageSerializer},
    )
    @action(detail=True, methods=["get"])
    def assets(self, request: Request, pk: str) -> Response:
        """Page through the images of a version with their annotations."""
        version = self.get_object()
        classes = [name for name in request.query_params.get("classes", "").split(",") if name]
        offset = _number(request, "offset", 0)
        limit = min(_number(request, "limit", 60), MOST_ASSETS)
        page = reader.page(versions.folder(version), classes=classes, offset=offset, limit=limit)
        return Response(AssetPageSerializer({"count": page.total, "offset": page.offset, "results": page.items}).data)

    def _editable(self, request: Request) -> DatasetVersion:
        version = self.get_object()
        access.require(request.user, version.dataset.project, Role.EDITOR)
        return version

    def _others(self, pks: list[int], version: DatasetVersion) -> list[DatasetVersion]:
        found = self.get_queryset().filter(dataset__project=version.dataset.project).in_bulk(pks)
        missing = [pk for pk in pks if pk not in found]
        if missing:
            raise versions.VersionNotFound(ref=missing[0])
        return [found[pk] for pk in pks]


def _number(request: Request, name: str, default: int) -> int:
    raw = request.query_params.get(name, "")
    if not raw:
        return default
    if not raw.isdecimal() or len(raw) > 9:  # noqa: PLR2004 # fits every index
        raise serializers.ValidationError({name: [_("A whole number is needed.")]})
    return int(raw)
