"""The class vocabulary in the admin."""

from django.contrib import admin

from labels.models import ClassAlias, LabelClass


class AliasInline(admin.TabularInline[ClassAlias, LabelClass]):
    model = ClassAlias
    extra = 1


@admin.register(LabelClass)
class LabelClassAdmin(admin.ModelAdmin[LabelClass]):
    list_display = ["name", "created_by", "created_at"]
    search_fields = ["name", "aliases__name"]
    inlines = [AliasInline]

    def get_readonly_fields(self, request: object, obj: LabelClass | None = None) -> list[str]:
        """Data refers to a class by its name: it never changes."""
        return ["name"] if obj else []
