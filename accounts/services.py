"""People's accounts."""

import secrets

from django.contrib.auth.models import User
from rest_framework.authtoken.models import Token


def ensure_admin(*, username: str, password: str = "") -> tuple[User, str]:
    """Return the first superuser, made when there is none, and the password if one was generated just now ("" else)."""
    admin = User.objects.filter(is_superuser=True).order_by("pk").first()
    if admin is not None:
        return admin, ""
    chosen = password or secrets.token_urlsafe(9)
    admin = User.objects.create_superuser(username=username, password=chosen)
    return admin, "" if password else chosen


def renew_token(*, user: User) -> Token:
    """Replace the person's API token; the old one stops working."""
    Token.objects.filter(user=user).delete()
    return Token.objects.create(user=user)
