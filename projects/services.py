"""Making and changing projects."""

import unicodedata
from collections.abc import Iterable

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from common.errors import DomainError
from labels import services as labels
from labels.models import LabelClass
from projects.models import NAME_LENGTH, Membership, ObjectType, Project, ProjectClass, Role


class ProjectNameTaken(DomainError):
    """The person has a project with this name."""

    id = "projects.name_taken"
    status = 409
    message = _("You have a project named “{name}”.")
    hint = _("Choose another name.")
    field = "name"


class BadProjectName(DomainError):
    """A name that nobody could read, or that the database cannot hold."""

    id = "projects.bad_name"
    message = _("“{name}” cannot be the name of a project.")
    hint = _("Use 1 to 80 characters on one line, not only blanks.")
    field = "name"


class LastOwner(DomainError):
    """A project without an owner could be managed by nobody."""

    id = "projects.last_owner"
    status = 409
    message = _("{user} is the only owner.")
    hint = _("Make someone else an owner first.")
    field = "role"


class ProjectNotFound(DomainError):
    """A command named no project, or more than one."""

    id = "projects.not_found"
    status = 404
    message = _("There is no project “{name}”, or more than one.")
    hint = _("Use the project's number when several people have a project with this name.")
    field = "project"


def find(name_or_id: str) -> Project:
    """Return the active project with this name, or with this number.

    Raises:
        ProjectNotFound: when there is none, or several with this name.
    """
    found = list(Project.objects.active().filter(name=name_or_id)[:2])
    if not found and name_or_id.isdecimal():
        found = list(Project.objects.active().filter(pk=int(name_or_id)))
    if len(found) != 1:
        raise ProjectNotFound(name=name_or_id)
    return found[0]


def clean_name(name: str) -> str:
    """Return a project's name without blanks around it.

    Raises:
        BadProjectName: it is empty, too long, or holds characters that nobody sees.
    """
    cleaned = name.strip()
    hidden = any(unicodedata.category(char) in {"Cc", "Cs", "Zl", "Zp"} for char in cleaned)
    seen = any(unicodedata.category(char)[0] not in "CZ" for char in cleaned)
    if not seen or hidden or len(cleaned) > NAME_LENGTH:
        raise BadProjectName(name=cleaned.replace("\0", "␀")[:NAME_LENGTH])
    return cleaned


@transaction.atomic
def create(
    *,
    name: str,
    classes: Iterable[str],
    by: User,
    description: str = "",
    object_type: int = ObjectType.DETECTION,
    is_sample: bool = False,
) -> Project:
    """Create a project owned by `by`; unknown classes are added to the vocabulary.

    Raises:
        BadProjectName, ProjectNameTaken, labels.services.BadClassName
    """
    name = clean_name(name)
    try:
        with transaction.atomic():
            project = Project.objects.create(
                name=name, description=description, object_type=object_type, created_by=by, is_sample=is_sample
            )
    except IntegrityError as error:
        raise ProjectNameTaken(name=name) from error
    Membership.objects.create(project=project, user=by, role=Role.OWNER)
    add_classes(project=project, names=classes, by=by)
    return project


@transaction.atomic
def update(*, project: Project, name: str, description: str) -> Project:
    """Rename or describe a project.

    Raises:
        BadProjectName, ProjectNameTaken
    """
    project.name, project.description = clean_name(name), description
    try:
        with transaction.atomic():
            project.save(update_fields=["name", "description"])
    except IntegrityError as error:
        raise ProjectNameTaken(name=name) from error
    return project


@transaction.atomic
def add_classes(*, project: Project, names: Iterable[str], by: User | None) -> list[LabelClass]:
    """Append classes to a project (those it has already are left alone); their order decides colours and indices."""
    wanted = labels.ensure(names=names, by=by)
    Project.objects.select_for_update().get(pk=project.pk)
    held = set(project.project_classes.values_list("label_class_id", flat=True))
    fresh = [label for label in wanted if label.pk not in held]
    ProjectClass.objects.bulk_create(
        ProjectClass(project=project, label_class=label, position=len(held) + offset)
        for offset, label in enumerate(fresh)
    )
    return fresh


def class_names(project: Project) -> list[str]:
    """Return the names of the project's classes in order."""
    return list(project.project_classes.order_by("position").values_list("label_class__name", flat=True))


@transaction.atomic
def set_member(*, project: Project, user: User, role: Role) -> Membership:
    """Add a person, or change a member's role.

    Raises:
        LastOwner
    """
    _keep_an_owner(project, user, role)
    membership, _created = Membership.objects.update_or_create(project=project, user=user, defaults={"role": role})
    return membership


@transaction.atomic
def remove_member(*, project: Project, user: User) -> None:
    """Take a person out of a project.

    Raises:
        LastOwner
    """
    _keep_an_owner(project, user, None)
    Membership.objects.filter(project=project, user=user).delete()


def hide(*, project: Project) -> None:
    """Move a project to the trash."""
    project.hide()


def restore(*, project: Project) -> None:
    """Take a project out of the trash.

    Raises:
        ProjectNameTaken: when a newer project has its name by now.
    """
    try:
        with transaction.atomic():
            project.restore()
    except IntegrityError as error:
        raise ProjectNameTaken(name=project.name) from error


def _keep_an_owner(project: Project, user: User, role: Role | None) -> None:
    Project.objects.select_for_update().get(pk=project.pk)
    owners = set(project.memberships.filter(role=Role.OWNER).values_list("user_id", flat=True))
    if owners == {user.pk} and role != Role.OWNER:
        raise LastOwner(user=user.get_username())
