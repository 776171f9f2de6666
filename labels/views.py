"""Pages of the class vocabulary: everyone may read them, editors of projects change them (labels/access.py)."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from common.errors import DomainError
from common.http import search_words, signed_in
from labels import access, services
from labels.forms import AddClassesForm, AliasesForm, initial_aliases
from labels.models import LabelClass

PAGE_SIZE = 50


@require_GET
def class_list(request: HttpRequest) -> HttpResponse:
    """List classes with their aliases, searchable by either."""
    return _render_list(request, AddClassesForm())


@require_POST
def add(request: HttpRequest) -> HttpResponse:
    """Add the classes of a form; all of them or, when one is refused, none."""
    access.require_adding(signed_in(request))
    form = AddClassesForm(request.POST)
    if form.is_valid():
        try:
            with transaction.atomic():
                for name, aliases in form.entries():
                    services.create(name=name, aliases=aliases, by=signed_in(request))
        except DomainError as error:
            form.add_error("lines", error.words())
        else:
            count = len(form.entries())
            messages.success(
                request, ngettext("%(count)d class added", "%(count)d classes added", count) % {"count": count}
            )
            return redirect("labels:list")
    return _render_list(request, form, status=422)


@require_http_methods(["GET", "POST"])
def aliases(request: HttpRequest, pk: int) -> HttpResponse:
    """Change the aliases of one class."""
    label = get_object_or_404(LabelClass, pk=pk)
    access.require_editing(signed_in(request), label)
    form = AliasesForm(request.POST or None, initial=initial_aliases(label))
    if request.method == "POST" and form.is_valid():
        try:
            services.set_aliases(label_class=label, aliases=form.names())
        except DomainError as error:
            form.add_error("aliases", error.words())
        else:
            return redirect("labels:list")
    return render(request, "labels/aliases.html", {"label": label, "form": form}, status=422 if form.errors else 200)


def _render_list(request: HttpRequest, form: AddClassesForm, status: int = 200) -> HttpResponse:
    query = search_words(request)
    found = LabelClass.objects.prefetch_related("aliases")
    if query:
        found = found.filter(Q(name__icontains=query) | Q(aliases__name__icontains=query)).distinct()
    page = Paginator(found, PAGE_SIZE).get_page(request.GET.get("page"))
    person = signed_in(request)
    context = {
        "page": page,
        "query": query,
        "form": form if access.may_add(person) else None,
        "editable": access.editable(person, [label.pk for label in page]),
    }
    return render(request, "labels/list.html", context, status=status)
