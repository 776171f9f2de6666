"""Projects in the API."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, viewsets
from rest_framework.request import Request
from rest_framework.response import Response

from common.http import signed_in
from projects import services
from projects.models import Project
from projects.serializers import NewProjectSerializer, ProjectSerializer


class ProjectViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Project]):
    """The projects that the caller may see."""

    serializer_class = ProjectSerializer
    queryset = Project.objects.none()
    lookup_value_regex = r"\d+"

    def get_queryset(self) -> QuerySet[Project]:
        found = Project.objects.active().visible_to(self.request.user)
        return found.prefetch_related("project_classes__label_class")

    @extend_schema(request=NewProjectSerializer, responses={201: ProjectSerializer})
    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Start a project; the caller owns it."""
        data = NewProjectSerializer(data=request.data)
        data.is_valid(raise_exception=True)
        project = services.create(**data.validated_data, by=signed_in(request))
        return Response(self.get_serializer(project).data, status=201)
