"""Projects and their members in the admin."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.contrib.auth.models import User
from django.http import HttpRequest

from common.http import signed_in
from projects import services
from projects.models import Membership, Project, Role


class ProjectAdminForm(forms.ModelForm[Project]):
    """A project; whoever adds it is its maker, and no maker has two of one name."""

    by: ClassVar[User]

    def clean(self) -> dict[str, Any]:
        """Check the name among the maker's projects.

        Raises:
            ValidationError: there is one, or nobody could read it.
        """
        data: dict[str, Any] = super().clean() or self.cleaned_data
        try:
            data["name"] = services.clean_name(data.get("name", ""))
        except services.BadProjectName as error:
            if "name" not in self.errors:
                self.add_error("name", error.words())
            return data
        maker = self.instance.created_by if self.instance.pk else self.by
        others = Project.objects.active().filter(created_by=maker, name=data.get("name")).exclude(pk=self.instance.pk)
        if maker is not None and self.instance.hidden_at is None and others.exists():
            self.add_error("name", services.ProjectNameTaken(name=data.get("name")).words())
        return data


class MembershipInline(admin.TabularInline[Membership, Project]):
    model = Membership
    extra = 1
    autocomplete_fields = ["user"]


@admin.register(Project)
class ProjectAdmin(admin.ModelAdmin[Project]):
    form = ProjectAdminForm
    list_display = ["name", "object_type", "created_by", "created_at", "hidden_at"]
    list_filter = ["object_type", "is_sample"]
    search_fields = ["name", "description"]
    list_select_related = ["created_by"]
    inlines = [MembershipInline]

    def get_form(
        self, request: HttpRequest, obj: Project | None = None, change: bool = False, **options: Any
    ) -> type[forms.ModelForm[Any]]:
        """Let the form know who fills it in."""
        form = super().get_form(request, obj, change, **options)
        return type(form.__name__, (form,), {"by": signed_in(request)})

    def save_model(self, request: HttpRequest, obj: Project, form: Any, change: bool) -> None:
        """A new project is made by whoever adds it."""
        if not change:
            obj.created_by = signed_in(request)
        super().save_model(request, obj, form, change)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Nobody could manage a project without an owner: whoever leaves none becomes one."""
        super().save_related(request, form, formsets, change)
        if not form.instance.memberships.filter(role=Role.OWNER).exists():
            services.set_member(project=form.instance, user=signed_in(request), role=Role.OWNER)
