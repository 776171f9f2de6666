"""HTTP concerns of every page: the content security policy, and refusals turned into pages."""

from collections.abc import Callable
from ipaddress import ip_address

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render

from common.errors import DomainError

POLICY = "; ".join(
    (
        "default-src 'self'",
        "img-src 'self' data: blob:",
        "style-src 'self'",
        "script-src 'self'",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
STOP_POLLING = 286  # htmx's own status: swap this answer in, then ask no more
GetResponse = Callable[[HttpRequest], HttpResponse]


class ContentSecurityPolicyMiddleware:
    """Nothing inline, nothing from elsewhere. Django's admin and the API browser keep their own inline styles."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        policy = POLICY
        if request.path.startswith(("/admin/", "/api/v1/docs/")):
            policy = POLICY.replace("style-src 'self'", "style-src 'self' 'unsafe-inline'").replace(
                "script-src 'self'", "script-src 'self' 'unsafe-inline'"
            )
        response.headers.setdefault("Content-Security-Policy", policy)
        return response


class DomainErrorMiddleware:
    """A refusal that no form caught becomes a page with its words, its next step and its status."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponseBase | None:
        if not isinstance(exception, DomainError):
            return None
        return render(request, "errors/refused.html", {"error": exception}, status=exception.status)


def flash_error(request: HttpRequest, error: DomainError) -> None:
    """Show a refusal as a toast on the next page."""
    messages.error(request, error.words())


def search_words(request: HttpRequest, name: str = "q") -> str:
    """Return what an address asks for, as the database can be asked: without NUL and blanks around."""
    return request.GET.get(name, "").replace("\0", "").strip()


def client_address(request: HttpRequest) -> str | None:
    """Return the network address of the browser; None when there is none, as behind a socket file.

    Each of the YMIR_PROXIES in front adds the address it was asked from at the end of X-Forwarded-For, so what stands
    before those was written by the browser and is not believed.
    """
    told = (part.strip() for part in request.headers.get("X-Forwarded-For", "").split(","))
    seen = [*filter(None, told), request.META.get("REMOTE_ADDR", "")]  # its place counts even where it is empty
    proxies = settings.YMIR_PROXIES
    try:
        return str(ip_address(seen[-1 - proxies] if proxies < len(seen) else seen[0]))
    except (ValueError, IndexError):
        return None


def signed_in(request: HttpRequest) -> User:
    """Return the person behind the request (every page but those marked otherwise asks for sign-in).

    Raises:
        PermissionDenied: when nobody is signed in.
    """
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user
