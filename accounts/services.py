"""People's accounts."""

import secrets

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _
from rest_framework.authtoken.models import Token

from common.errors import DomainError


class NoSuchUser(DomainError):
    """A command named a person who does not exist, or there is no superuser to act as."""

    id = "accounts.no_such_user"
    status = 404
    message = _("There is no active user “{username}”.")
    hint = _("Run `manage.py ensure_admin`, or name an existing user.")
    field = "username"


class AdminNameTaken(DomainError):
    """There is no active superuser, and the name for a new one belongs to somebody whom nobody made one."""

    id = "accounts.admin_name_taken"
    status = 409
    message = _("There is no active superuser, and “{username}” is another person's account.")
    hint = _("Name another one: `manage.py ensure_admin --username NAME`.")
    field = "username"


class TooManyAttempts(DomainError):
    """Many wrong passwords for one name from one address: the next ones are not even looked at for a while."""

    id = "accounts.too_many_attempts"
    status = 429
    message = _("Too many wrong passwords.")
    hint = _("Wait {minutes} minutes and try again, or ask an administrator for a new password.")
    field = "password"


def ensure_admin(*, username: str, password: str = "") -> tuple[User, str]:
    """Return the first superuser, made when there is none, and the password if one was generated just now ("" else).

    Raises:
        AdminNameTaken
    """
    admin = _first_admin()
    if admin is not None:
        return admin, ""
    chosen = password or secrets.token_urlsafe(9)
    try:
        with transaction.atomic():
            admin = User.objects.create_superuser(username=username, password=chosen)
    except IntegrityError as error:
        admin = _first_admin()
        if admin is None:
            raise AdminNameTaken(username=username) from error
        return admin, ""  # someone else has made it at the same time
    return admin, "" if password else chosen


def acting_user(username: str = "") -> User:
    """Return the person a command acts as: the one named, or the first superuser.

    Raises:
        NoSuchUser
    """
    user = User.objects.filter(username=username, is_active=True).first() if username else _first_admin()
    if user is None:
        raise NoSuchUser(username=username or "admin")
    return user


@transaction.atomic
def renew_token(*, user: User) -> Token:
    """Replace the person's API token; the old one stops working."""
    User.objects.select_for_update().get(pk=user.pk)  # two clicks at once: the second token counts
    Token.objects.filter(user=user).delete()
    return Token.objects.create(user=user)


def _first_admin() -> User | None:
    return User.objects.filter(is_superuser=True, is_active=True).order_by("pk").first()
