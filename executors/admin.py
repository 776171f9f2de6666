"""Executor images in the admin (add → pull → inspect → templates); jobs and GPUs to look at."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from common.admin import ReadOnlyAdmin, ReadOnlyInline
from common.errors import DomainError
from common.http import signed_in
from executors.models import ExecutorImage, Gpu, Job, JobAttempt, TaskTemplate
from executors.services import images, jobs


class TemplateInline(admin.TabularInline[TaskTemplate, ExecutorImage]):
    model = TaskTemplate
    extra = 0
    can_delete = False
    readonly_fields = ["object_type", "task", "source"]

    def has_add_permission(self, request: HttpRequest, obj: ExecutorImage | None = None) -> bool:
        """Templates come from the image."""
        return False


@admin.register(ExecutorImage)
class ExecutorImageAdmin(admin.ModelAdmin[ExecutorImage]):
    list_display = ["name", "reference", "runner", "state", "enabled", "network_allowed", "root_allowed", "created_at"]
    list_filter = ["state", "runner", "enabled"]
    search_fields = ["name", "reference"]
    fields = [
        *("reference", "runner", "name", "description", "enabled", "network_allowed", "root_allowed"),
        *("state", "error", "digest", "manifest", "created_by", "created_at"),
    ]
    readonly_fields = ["state", "error", "digest", "manifest", "created_by", "created_at"]
    inlines = [TemplateInline]
    actions = ["inspect", "enable", "disable"]

    def get_readonly_fields(self, request: HttpRequest, obj: ExecutorImage | None = None) -> list[str]:
        """What an image is called by its runner never changes: jobs refer to it."""
        return [*self.readonly_fields, "reference", "runner"] if obj else list(self.readonly_fields)

    def save_model(self, request: HttpRequest, obj: ExecutorImage, form: Any, change: bool) -> None:
        if change:
            super().save_model(request, obj, form, change)
            return
        obj.created_by = signed_in(request)
        super().save_model(request, obj, form, change)
        images.refresh(image=obj, by=obj.created_by)

    def has_delete_permission(self, request: HttpRequest, obj: ExecutorImage | None = None) -> bool:
        """Images that jobs used are disabled, not deleted."""
        return super().has_delete_permission(request, obj) and not (obj and obj.jobs.exists())

    @admin.action(description=_("Pull where missing, and inspect again"), permissions=["change"])
    def inspect(self, request: HttpRequest, queryset: QuerySet[ExecutorImage]) -> None:
        for image in queryset:
            images.refresh(image=image, by=signed_in(request))
        self._say(request, ngettext("%d image is inspected.", "%d images are inspected.", len(queryset)), len(queryset))

    @admin.action(description=_("Offer to new jobs"), permissions=["change"])
    def enable(self, request: HttpRequest, queryset: QuerySet[ExecutorImage]) -> None:
        self._set_enabled(request, queryset, enabled=True)

    @admin.action(description=_("Offer to new jobs no longer"), permissions=["change"])
    def disable(self, request: HttpRequest, queryset: QuerySet[ExecutorImage]) -> None:
        self._set_enabled(request, queryset, enabled=False)

    def _set_enabled(self, request: HttpRequest, queryset: QuerySet[ExecutorImage], *, enabled: bool) -> None:
        for image in queryset:
            images.set_enabled(image=image, enabled=enabled)
        self._say(request, ngettext("%d image was changed.", "%d images were changed.", len(queryset)), len(queryset))

    def _say(self, request: HttpRequest, words: str, count: int) -> None:
        self.message_user(request, words % count)


class AttemptInline(ReadOnlyInline):
    model = JobAttempt
    fields = ["number", "worker", "adopted", "started_at", "finished_at", "outcome", "facts"]


@admin.register(Job)
class JobAdmin(ReadOnlyAdmin):
    list_display = ["id", "title", "kind", "project", "state", "phase", "created_by", "created_at", "finished_at"]
    list_filter = ["state", "kind"]
    search_fields = ["=id", "title", "project__name", "error_id"]
    list_select_related = ["project", "created_by"]
    date_hierarchy = "created_at"
    inlines = [AttemptInline]
    actions = ["stop"]

    @admin.action(description=_("Stop and keep what is there"), permissions=["view"])
    def stop(self, request: HttpRequest, queryset: QuerySet[Job]) -> None:
        if not request.user.has_perm("executors.change_job"):
            self.message_user(request, str(_("You may not stop jobs.")), messages.ERROR)
            return
        for job in queryset:
            try:
                jobs.cancel(job=job, mode=Job.Cancel.KEEP)
            except DomainError as error:
                self.message_user(request, error.text(), messages.WARNING)


@admin.register(Gpu)
class GpuAdmin(ReadOnlyAdmin):
    list_display = ["host", "index", "name", "memory_mb", "job", "seen_at"]
    list_filter = ["host"]
    list_select_related = ["job"]
