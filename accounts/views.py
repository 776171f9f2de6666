"""Pages of one's own account."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST
from rest_framework.authtoken.models import Token

from accounts import services
from accounts.forms import ProfileForm
from common.http import signed_in


@require_http_methods(["GET", "POST"])
def profile(request: HttpRequest) -> HttpResponse:
    """Show and change name and e-mail address; the way to the password and the API token."""
    user = signed_in(request)
    form = ProfileForm(request.POST or None, instance=user)
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, _("Profile saved"))
        return redirect("accounts:profile")
    has_token = Token.objects.filter(user=user).exists()
    return render(
        request, "accounts/profile.html", {"form": form, "has_token": has_token}, status=422 if form.errors else 200
    )


@require_POST
def renew_token(request: HttpRequest) -> HttpResponse:
    """Make a new API token and show it, once."""
    token = services.renew_token(user=signed_in(request))
    return render(request, "accounts/token.html", {"token": token.key})


def shut_out(request: HttpRequest, _response: HttpResponse | None, _credentials: dict[str, Any] | None) -> HttpResponse:
    """Say that no password is looked at for a while; called by django-axes in place of the answer."""
    seconds = int(settings.AXES_COOLOFF_TIME.total_seconds())
    error = services.TooManyAttempts(minutes=seconds // 60)
    response = render(request, "errors/refused.html", {"error": error}, status=error.status)
    response["Retry-After"] = str(seconds)
    return response
