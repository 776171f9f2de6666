"""Growing and looking up the class vocabulary."""

import re
import unicodedata
from collections.abc import Iterable

from django.contrib.auth.models import User
from django.db import connection, transaction
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from common.errors import DomainError
from labels.models import NAME_LENGTH, ClassAlias, LabelClass

# Names go into index files, lists and config files of executors, where these would cut them apart.
FORBIDDEN = set(";,\t\r\n\"'\\")
VOCABULARY_LOCK = 0x594D4952  # any number that no other part of the product locks


class BadClassName(DomainError):
    """A class name that files or executors could not carry."""

    id = "labels.bad_name"
    message = _("“{name}” cannot be a class name.")
    hint = _("Use 1 to 64 characters without commas, semicolons, quotes, backslashes or line breaks.")
    field = "name"


class NameTaken(DomainError):
    """A class or alias with this name exists already."""

    id = "labels.name_taken"
    status = 409
    message = _("“{name}” is a class or an alias already.")
    hint = _("Choose another name, or use the class that has it.")
    field = "name"


def clean_name(name: str) -> str:
    """Return the name in the form it is stored in: NFC, without blanks around.

    Raises:
        BadClassName: when it is empty, too long, or holds characters that files could not carry.
    """
    cleaned = unicodedata.normalize("NFC", name).strip()
    bad = any(char in FORBIDDEN or unicodedata.category(char).startswith("C") for char in cleaned)
    if not cleaned or len(cleaned) > NAME_LENGTH or bad:
        raise BadClassName(name=name)
    return cleaned


def split_names(text: str) -> list[str]:
    """Split names at commas (Western or Chinese) and line breaks; empty ones are dropped."""
    return [name.strip() for name in re.split(r"[,，、\n]", text) if name.strip()]


def is_valid_name(name: str) -> bool:
    """Tell whether `clean_name` would accept the name."""
    try:
        clean_name(name)
    except BadClassName:
        return False
    return True


def resolve(names: Iterable[str]) -> dict[str, LabelClass]:
    """Map each known name or alias (case ignored) to its class; unknown names are left out."""
    wanted = {name: name.strip().lower() for name in names}
    # Python and Postgres do not write every letter small alike (İ): the name as it is finds it then
    same = Q(key__in=set(wanted.values())) | Q(name__in={name.strip() for name in wanted})
    named = LabelClass.objects.alias(key=Lower("name")).filter(same)
    found: dict[str, LabelClass] = {label.name.lower(): label for label in named}
    for alias in ClassAlias.objects.select_related("label_class").alias(key=Lower("name")).filter(same):
        found.setdefault(alias.name.lower(), alias.label_class)
    return {name: found[key] for name, key in wanted.items() if key in found}


@transaction.atomic
def ensure(*, names: Iterable[str], by: User | None) -> list[LabelClass]:
    """Return a class for each name, in order; those unknown are added.

    Raises:
        BadClassName: nothing is added then.
    """
    cleaned = [clean_name(name) for name in names]
    _lock_vocabulary()
    known = resolve(cleaned)
    labels: dict[int, LabelClass] = {}
    fresh: dict[str, LabelClass] = {}  # by the name in small letters: a file may name thousands of classes
    for name in cleaned:
        label = known.get(name) or fresh.get(name.lower())
        if label is None:
            label = fresh[name.lower()] = LabelClass.objects.create(name=name, created_by=by)
        labels.setdefault(label.pk, label)
    return list(labels.values())


@transaction.atomic
def create(*, name: str, aliases: Iterable[str], by: User | None) -> LabelClass:
    """Add one class with its aliases.

    Raises:
        BadClassName, NameTaken: nothing is added then.
    """
    cleaned = clean_name(name)
    _lock_vocabulary()
    if resolve([cleaned]):
        raise NameTaken(name=cleaned)
    label = LabelClass.objects.create(name=cleaned, created_by=by)
    _add_aliases(label, aliases)
    return label


@transaction.atomic
def set_aliases(*, label_class: LabelClass, aliases: Iterable[str]) -> None:
    """Replace the aliases of a class.

    Raises:
        BadClassName, NameTaken: the old aliases stay then.
    """
    _lock_vocabulary()
    label_class.aliases.all().delete()
    _add_aliases(label_class, aliases)


def _add_aliases(label: LabelClass, aliases: Iterable[str]) -> None:
    for alias in aliases:
        cleaned = clean_name(alias)
        if resolve([cleaned]):
            raise NameTaken(name=cleaned)
        ClassAlias.objects.create(label_class=label, name=cleaned)


def _lock_vocabulary() -> None:
    """Two people adding at once must not both find a name free: names and aliases live in two tables."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [VOCABULARY_LOCK])
