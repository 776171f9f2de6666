"""Who may change the vocabulary. Projects know who works on which classes; they say so when they are ready."""

from collections.abc import Callable, Collection
from dataclasses import dataclass

from django.contrib.auth.models import User
from django.utils.translation import gettext_lazy as _

from common.errors import DomainError
from labels.models import LabelClass


class NotAnEditor(DomainError):
    """Somebody who may only look wants to change the vocabulary of everybody."""

    id = "labels.not_an_editor"
    status = 403
    message = _("The vocabulary is changed by people who are an editor or owner of a project.")
    hint = _("Start a project of your own, or ask the owner of one to make you an editor.")


class UsedByOthers(DomainError):
    """The class belongs to projects that the person may not change."""

    id = "labels.used_by_others"
    status = 403
    message = _("“{name}” is a class of projects in which you are not an editor.")
    hint = _("Ask an administrator, or the owners of those projects to make you an editor.")
    field = "aliases"


@dataclass(frozen=True)
class Rules:
    """What projects know of a person: whether they edit any, and which of some classes projects of others have."""

    edits_any: Callable[[User], bool]
    used_by_others: Callable[[User, Collection[int]], set[int]]


_rules: list[Rules] = []


def register(rules: Rules) -> None:
    """Let an app above decide."""
    _rules[:] = [rules]


def may_add(user: User) -> bool:
    """Tell whether a person may add classes."""
    return user.is_superuser or any(rules.edits_any(user) for rules in _rules)


def editable(user: User, classes: Collection[int]) -> set[int]:
    """Return those of the classes (by id) whose aliases the person may change."""
    if user.is_superuser:
        return set(classes)
    if not may_add(user):
        return set()
    return set(classes).difference(*(rules.used_by_others(user, classes) for rules in _rules))


def require_adding(user: User) -> None:
    """Pass when a person may add classes.

    Raises:
        NotAnEditor
    """
    if not may_add(user):
        raise NotAnEditor


def require_editing(user: User, label: LabelClass) -> None:
    """Pass when a person may change the aliases of a class.

    Raises:
        NotAnEditor, UsedByOthers
    """
    require_adding(user)
    if label.pk not in editable(user, [label.pk]):
        raise UsedByOthers(name=label.name)
