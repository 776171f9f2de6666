"""Pages of projects."""

from django.contrib import messages
from django.contrib.auth.models import User
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from common.errors import DomainError
from common.forms import show_only
from common.http import flash_error, search_words, signed_in
from projects import access, selectors, services
from projects.forms import ClassesForm, MemberForm, NewProjectForm, ProjectForm
from projects.models import Project, Role

PAGE_SIZE = 24


@require_GET
def project_list(request: HttpRequest) -> HttpResponse:
    """The person's projects."""
    query = search_words(request)
    page = Paginator(selectors.project_list(signed_in(request), query), PAGE_SIZE).get_page(request.GET.get("page"))
    return render(request, "projects/list.html", {"page": page, "query": query})


@require_http_methods(["GET", "POST"])
def create(request: HttpRequest) -> HttpResponse:
    """Start a project."""
    form = NewProjectForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            project = services.create(**form.cleaned_data, by=signed_in(request))
        except DomainError as error:
            form.add_error("classes" if error.id.startswith("labels.") else "name", error.words())
        else:
            return redirect(project)
    return render(request, "projects/create.html", {"form": form}, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
def settings(request: HttpRequest, pk: int) -> HttpResponse:
    """Name, classes, members and the trash of a project; owners change, members look."""
    role = Role.OWNER if request.method == "POST" else Role.VIEWER
    project = access.project_or_404(request.user, pk, role)
    form = ProjectForm(request.POST or None, instance=Project.objects.get(pk=pk))
    if request.method == "POST" and form.is_valid():
        try:
            services.update(project=project, **form.cleaned_data)
        except DomainError as error:
            form.add_error("name", error.words())
        else:
            messages.success(request, _("Project saved"))
            return redirect("projects:settings", pk)
    return _render_settings(request, project, form=form)


@require_POST
def add_classes(request: HttpRequest, pk: int) -> HttpResponse:
    """Append classes."""
    project = access.project_or_404(request.user, pk, Role.EDITOR)
    form = ClassesForm(request.POST)
    if form.is_valid():
        try:
            services.add_classes(project=project, names=form.cleaned_data["classes"], by=signed_in(request))
        except DomainError as error:
            form.add_error("classes", error.words())
        else:
            return redirect("projects:settings", pk)
    return _render_settings(request, project, classes_form=form)


@require_POST
def set_member(request: HttpRequest, pk: int) -> HttpResponse:
    """Add a person or change a role."""
    project = access.project_or_404(request.user, pk, Role.OWNER)
    form = MemberForm(request.POST)
    if form.is_valid():
        try:
            services.set_member(project=project, user=form.cleaned_data["username"], role=form.cleaned_data["role"])
        except DomainError as error:
            form.add_error("role", error.words())
        else:
            return redirect("projects:settings", pk)
    return _render_settings(request, project, member_form=form)


@require_POST
def remove_member(request: HttpRequest, pk: int, user_pk: int) -> HttpResponse:
    """Take a person out."""
    project = access.project_or_404(request.user, pk, Role.OWNER)
    try:
        services.remove_member(project=project, user=get_object_or_404(User, pk=user_pk))
    except DomainError as error:
        flash_error(request, error)
    return redirect("projects:settings", pk)


@require_POST
def hide(request: HttpRequest, pk: int) -> HttpResponse:
    """Move a project to the trash."""
    project = access.project_or_404(request.user, pk, Role.OWNER)
    services.hide(project=project)
    context = {"thing": project, "restore_url": reverse("projects:restore", args=[pk])}
    return render(request, "projects/hidden.html", context)


@require_POST
def restore(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a project out of the trash."""
    project = Project.objects.filter(pk=pk).exclude(hidden_at=None).first()
    if project is None:
        raise Http404
    access.require(request.user, project, Role.OWNER)
    try:
        services.restore(project=project)
    except DomainError as error:
        flash_error(request, error)
        return redirect("projects:list")
    return redirect(project)


def _render_settings(
    request: HttpRequest,
    project: Project,
    *,
    form: ProjectForm | None = None,
    classes_form: ClassesForm | None = None,
    member_form: MemberForm | None = None,
) -> HttpResponse:
    invalid = any(each is not None and each.errors for each in (form, classes_form, member_form))
    role, form = access.role_in(request.user, project), form or ProjectForm(instance=project)
    if role != Role.OWNER:
        show_only(form)
    context = {
        "project": project,
        "role": role,
        "owner": Role.OWNER,
        "editor": Role.EDITOR,
        "form": form,
        "classes_form": classes_form or ClassesForm(),
        "member_form": member_form or MemberForm(),
        "memberships": project.memberships.select_related("user"),
    }
    return render(request, "projects/settings.html", context, status=422 if invalid else 200)
