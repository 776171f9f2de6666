"""What belongs to no app: the home address, health, language and theme, and the pages of errors."""

import logging
import os
import threading
import uuid
from pathlib import Path
from typing import Any

import django_rq
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import check_for_language
from django.views.decorators.http import require_GET, require_POST
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularAPIView
from redis.exceptions import RedisError
from rest_framework.request import Request
from rest_framework.response import Response

logger = logging.getLogger(__name__)
YEAR_SECONDS = 365 * 24 * 3600
THEMES = {"light", "dark"}


@require_GET
def home(request: HttpRequest) -> HttpResponse:
    """The home page is the list of projects."""
    return redirect("projects:list")


@login_not_required
@require_GET
def health(request: HttpRequest) -> JsonResponse:
    """Tell a supervisor whether the database, Redis and the data folder answer."""
    checks = {"database": _database_answers(), "redis": _redis_answers(), "data": _data_folder_is_writable()}
    return JsonResponse({"ok": all(checks.values()), **checks}, status=200 if all(checks.values()) else 503)


@login_not_required
@require_POST
def set_language(request: HttpRequest) -> HttpResponse:
    """Remember the language in a cookie and return to the page."""
    response = redirect(_back(request))
    language = request.POST.get("language", "")
    if check_for_language(language):
        response.set_cookie(settings.LANGUAGE_COOKIE_NAME, language, max_age=YEAR_SECONDS, samesite="Lax")
    return response


@login_not_required
@require_POST
def set_theme(request: HttpRequest) -> HttpResponse:
    """Remember light or dark in a cookie (anything else: follow the system) and return to the page."""
    response = redirect(_back(request))
    theme = request.POST.get("theme", "")
    if theme in THEMES:
        response.set_cookie("theme", theme, max_age=YEAR_SECONDS, samesite="Lax")
    else:
        response.delete_cookie("theme")
    return response


class SchemaView(SpectacularAPIView):
    """The API's schema. One at a time: two first requests at once would fail over half-loaded extensions."""

    lock = threading.Lock()

    @extend_schema(exclude=True)
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        with self.lock:
            response: Response = super().get(request, *args, **kwargs)  # type: ignore[no-untyped-call]
        return response


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return render(request, "errors/400.html", status=400)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return render(request, "errors/403.html", status=403)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return render(request, "errors/404.html", status=404)


def server_error(request: HttpRequest) -> HttpResponse:
    """A bug: the traceback is in the log; the incident id on the page finds it."""
    incident = uuid.uuid4().hex[:8]
    logger.error("incident %s at %s", incident, request.path)
    return render(request, "errors/500.html", {"incident": incident}, status=500)


def _back(request: HttpRequest) -> str:
    target = request.POST.get("next") or request.headers.get("referer", "")
    safe = url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=request.is_secure())
    return target if safe else "/"


def _database_answers() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return False
    return True


def _redis_answers() -> bool:
    try:
        return bool(django_rq.get_connection("default").ping())
    except RedisError:
        return False


def _data_folder_is_writable() -> bool:
    root = Path(settings.YMIR_DATA_ROOT)
    try:
        root.mkdir(parents=True, exist_ok=True)
    except OSError:
        return False
    return os.access(root, os.W_OK)
