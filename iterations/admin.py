"""The loop in the admin: to look at; services and the project's own pages change it."""

from django.contrib import admin

from common.admin import ReadOnlyAdmin, ReadOnlyInline
from iterations.models import Iteration, IterationStep, LoopSettings


class StepInline(ReadOnlyInline):
    model = IterationStep
    fields = ["kind", "job", "dataset_version", "model_version", "skipped_at"]


@admin.register(Iteration)
class IterationAdmin(ReadOnlyAdmin):
    list_display = ["project", "number", "arm", "is_automatic", "created_by", "created_at"]
    list_filter = ["arm"]
    search_fields = ["project__name"]
    list_select_related = ["project", "created_by"]
    inlines = [StepInline]


@admin.register(LoopSettings)
class LoopSettingsAdmin(ReadOnlyAdmin):
    list_display = ["project", "strategy", "top_k", "annotator", "with_control", "fine_tune"]
    list_filter = ["strategy", "annotator"]
    search_fields = ["project__name"]
    list_select_related = ["project"]
