"""Datasets and their versions in the admin: to look at; services change them."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from common.admin import ReadOnlyAdmin, ReadOnlyInline
from datasets.models import Dataset, DatasetVersion, VersionParent


@admin.register(Dataset)
class DatasetAdmin(ReadOnlyAdmin):
    list_display = ["name", "project", "created_by", "created_at", "hidden_at"]
    search_fields = ["name", "project__name"]
    list_select_related = ["project", "created_by"]


class ParentInline(ReadOnlyInline):
    model = VersionParent
    fk_name = "version"
    fields = ["position", "parent"]


@admin.register(DatasetVersion)
class DatasetVersionAdmin(ReadOnlyAdmin):
    list_display = ["__str__", "project", "operation", "asset_count", "annotation_count", "fault_count", "created_at"]
    list_filter = ["operation"]
    search_fields = ["dataset__name", "dataset__project__name", "content_id"]
    list_select_related = ["dataset__project"]
    date_hierarchy = "created_at"
    inlines = [ParentInline]

    @admin.display(description=_("project"), ordering="dataset__project__name")
    def project(self, version: DatasetVersion) -> str:
        return version.dataset.project.name
