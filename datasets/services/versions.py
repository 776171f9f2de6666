"""Dataset lines and their versions: naming, committing, finding, hiding."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext_lazy as _

from common import lines
from common.errors import DomainError
from common.wording import Wording
from datasets.models import Dataset, DatasetVersion, VersionParent
from datasets.store import reader
from datasets.store.layout import Layout
from datasets.store.schema import Tables
from datasets.store.writer import Written
from executors.models import Job
from projects.models import Project


class BadDatasetName(DomainError):
    """A name that commands and addresses could not carry."""

    id = "datasets.bad_name"
    message = _("“{name}” cannot be a dataset name.")
    hint = _("Use 1 to 80 characters without @, slashes, commas or semicolons.")
    field = "name"


class VersionNotFound(DomainError):
    """A command or form named a version that the project does not have."""

    id = "datasets.version_not_found"
    status = 404
    message = _("The project has no dataset version “{ref}”.")
    hint = _("Write NAME for the newest version or NAME@NUMBER; `list_datasets` lists the names.")
    field = "dataset"


class TooManyClasses(DomainError):
    """A version names its classes by a code of 16 bits."""

    id = "datasets.too_many_classes"
    message = _("{count} classes are named, a version holds at most {limit}.")
    hint = _("Look whether names of images or boxes stand where classes should, or bring the data in by parts.")
    field = "path"


def dataset(*, project: Project, name: str, by: User | None) -> Dataset:
    """Return the dataset with this name; made when the project has none.

    Raises:
        BadDatasetName
    """
    check_name(name)
    found, _created = Dataset.objects.get_or_create(project=project, name=name, defaults={"created_by": by})
    return found


def check_name(name: str) -> None:
    """Pass when a dataset may have this name.

    Raises:
        BadDatasetName
    """
    if not lines.is_name(name):
        raise BadDatasetName(name=name)


def resolve(project: Project, ref: str) -> DatasetVersion:
    """Return the version named `NAME@3`, or the newest one of `NAME`.

    Raises:
        VersionNotFound
    """
    active = DatasetVersion.objects.in_project(project).active().select_related("dataset", "dataset__project")
    version = lines.find(active, line="dataset", ref=ref)
    if version is None:
        raise VersionNotFound(ref=ref)
    return version


def commit(
    *,
    dataset: Dataset,
    written: Written,
    parents: Sequence[DatasetVersion],
    operation: DatasetVersion.Operation,
    params: dict[str, Any],
    job: Job | None,
    by: User | None,
    message: str = "",
    fault_count: int = 0,
) -> DatasetVersion:
    """Record what lies in the store as the next version of a dataset; its files are there already.

    Called again for the same job it returns the same version, so that a repeated job changes nothing. A dataset in the
    trash comes back with its new version, else nobody would see that.
    """
    with transaction.atomic():
        Dataset.objects.select_for_update().get(pk=dataset.pk)
        if job is not None:
            known = DatasetVersion.objects.filter(job=job).first()
            if known is not None:
                return known
        restore(thing=dataset)
        newest = dataset.versions.aggregate(newest=Max("number"))["newest"] or 0
        version = DatasetVersion.objects.create(
            dataset=dataset,
            number=newest + 1,
            content_id=written.content_id,
            operation=operation,
            params=params,
            message=message,
            job=job,
            created_by=by,
            asset_count=written.stats["asset_count"],
            annotation_count=written.stats["annotation_count"],
            class_counts=class_counts(written.stats),
            fault_count=fault_count,
        )
        VersionParent.objects.bulk_create(
            VersionParent(version=version, parent=parent, position=position) for position, parent in enumerate(parents)
        )
    return version


def class_counts(stats: dict[str, Any]) -> dict[str, int]:
    """Return the annotations of each class from the statistics counted at commit."""
    counts: dict[str, int] = stats["class_counts"]
    return counts


def folder(version: DatasetVersion) -> Path:
    """Return where the version's tables lie."""
    return Layout(Path(settings.YMIR_DATA_ROOT)).version(version.content_id)


def load(version: DatasetVersion) -> Tables:
    """Read the version's whole tables."""
    return reader.load(folder(version))


def report_file(job_id: int) -> Path:
    """Return where the report of an import lies: its faults and notices, kept when the job's folder is cleared."""
    return Path(settings.YMIR_DATA_ROOT) / "reports" / f"{job_id}.json"


def report(version: DatasetVersion) -> dict[str, Any]:
    """Return the import report of a version: {"faults": [...], "notices": [...]}; empty for other operations.

    Details are in the active language.
    """
    path = report_file(version.job_id) if version.job_id else None
    if path is None or not path.exists():
        return {"faults": [], "notices": []}
    content: dict[str, Any] = json.loads(path.read_text())
    for entry in (*content["faults"], *content["notices"]):
        if "detail" in entry:
            entry["detail"] = Wording.of(entry["detail"])
    return content


def facts(version: DatasetVersion) -> dict[str, Any]:
    """Return a version as commands and the API print it."""
    links = version.parent_links.select_related("parent__dataset").order_by("position")
    return {
        "dataset": version.dataset.name,
        "version": version.number,
        "ref": version.ref,
        "id": version.pk,
        "content_id": version.content_id,
        "asset_count": version.asset_count,
        "annotation_count": version.annotation_count,
        "class_counts": version.class_counts,
        "parents": [link.parent.ref for link in links],
        "operation": version.operation,
        "params": version.params,
        "classes_ignored": version.params.get("classes_ignored", {}),
        "message": version.message,
        "created_at": version.created_at.isoformat(),
        "faults": report(version)["faults"],
    }


def log(dataset: Dataset) -> list[DatasetVersion]:
    """Return the versions of a dataset, newest first, with their parents fetched."""
    found = dataset.versions.select_related("dataset", "created_by", "job")
    return list(found.prefetch_related("parent_links__parent__dataset").order_by("-number"))


def hide(*, thing: Dataset | DatasetVersion) -> None:
    """Move a dataset with all its versions, or one version, to the trash; what was made from it stays."""
    thing.hide()


def restore(*, thing: Dataset | DatasetVersion) -> None:
    """Take something out of the trash."""
    thing.restore()
