"""Projects and their members in the admin."""

from django.contrib import admin

from projects.models import Membership, Project


class MembershipInline(admin.TabularInline[Membership, Project]):
    model = Membership
    extra = 1
    autocomplete_fields = ["user"]


@admin.register(Project)
class ProjectAdmin(admin.ModelAdmin[Project]):
    list_display = ["name", "object_type", "created_by", "created_at", "hidden_at"]
    list_filter = ["object_type", "is_sample"]
    search_fields = ["name", "description"]
    inlines = [MembershipInline]
