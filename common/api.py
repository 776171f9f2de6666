"""The API's one shape for errors: `{"error": {"id", "message", "hint", "fields"}}`."""

from typing import Any

from django.utils.translation import gettext as _
from rest_framework import exceptions
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer
from rest_framework.views import exception_handler as default_handler

from common.errors import DomainError


def exception_handler(exc: Exception, context: dict[str, Any]) -> Response | None:
    """Translate refusals, invalid input and HTTP errors; anything else is a bug and goes to the log."""
    if isinstance(exc, DomainError):
        fields = {exc.field: [exc.text()]} if exc.field else {}
        return Response(_body(exc.id, exc.text(), exc.advice(), fields), status=exc.status)
    response = default_handler(exc, context)
    if response is None:
        return None
    if isinstance(exc, exceptions.ValidationError):
        fields = response.data if isinstance(response.data, dict) else {"non_field_errors": response.data}
        response.data = _body("common.invalid", _("The request is not valid."), "", fields)
        return response
    detail = response.data.get("detail", "") if isinstance(response.data, dict) else ""
    code = getattr(exc, "default_code", "") or {404: "not_found", 403: "permission_denied"}.get(
        response.status_code, "error"
    )
    response.data = _body(f"common.{code}", str(detail), "", {})
    return response


def _body(error_id: str, message: str, hint: str, fields: dict[str, Any]) -> dict[str, Any]:
    return {"error": {"id": error_id, "message": message, "hint": hint, "fields": fields}}


def idempotency_key(request: Request) -> str:
    """Return the dedupe key for the request's `Idempotency-Key`, the caller's own; "" where none was sent."""
    key = request.headers.get("Idempotency-Key", "").strip()
    return f"api:{request.user.pk}:{key}"[:200] if key else ""


def validated(serializer: type[Serializer[Any]], request: Request) -> dict[str, Any]:
    """Return the request's data as the serializer cleaned it.

    Raises:
        ValidationError: naming the fields at fault.
    """
    data = serializer(data=request.data)
    data.is_valid(raise_exception=True)
    values: dict[str, Any] = dict(data.validated_data)
    return values
