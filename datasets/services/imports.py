"""Bringing images and annotations in: the good ones become a version, every fault is in the report."""

import json
import shutil
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.db import models, transaction
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from common import archives, files
from common.errors import DomainError
from common.wording import Wording
from datasets.formats import importing
from datasets.formats.coco import BrokenAnnotationsError
from datasets.formats.faults import Fault
from datasets.formats.importing import Draft, Imported
from datasets.models import DatasetVersion
from datasets.services import versions
from datasets.store.assets import AssetStore
from datasets.store.schema import TooManyClassesError
from datasets.store.writer import write_version
from executors.models import Job
from executors.services import jobs
from labels import services as labels
from projects import services as projects
from projects.models import Project

Progress = Callable[[float, str], None]
FORMATS = ("auto", "voc", "coco", "images")
ARCHIVE_REASONS = {
    "broken": _("it is damaged, or no zip"),
    "too_many_entries": _("it holds too many files"),
    "too_large": _("it would unpack to more than the limits"),
    "bomb": _("it would unpack to over 100 times its size"),
}


class Unknown(models.TextChoices):
    """What becomes of classes that the project does not have."""

    ADD = "add", _("add them to the project")
    IGNORE = "ignore", _("leave their annotations out")
    STOP = "stop", _("stop the import")


class SourceNotFound(DomainError):
    """The folder or zip is not there (any more)."""

    id = "datasets.source_not_found"
    status = 404
    message = _("There is nothing at {path}.")
    hint = _("Check the path; it is read on the machine where the worker runs.")
    field = "path"


class BrokenArchive(DomainError):
    """A zip that cannot be read, or that would unpack beyond the limits."""

    id = "datasets.broken_archive"
    message = _("{file} cannot be read: {reason}.")
    hint = _("Make the zip again, or import its folder.")
    field = "path"


class NothingToImport(DomainError):
    """There are no images."""

    id = "datasets.nothing_to_import"
    message = _("{file} holds no images.")
    hint = _("Put JPEG, PNG, BMP or WebP files into a folder named images, annotations beside it.")
    field = "path"


class FormatNotFound(DomainError):
    """There are no annotations of the format that was asked for."""

    id = "datasets.format_not_found"
    message = _("{file} holds no annotations of the format {format}.")
    hint = _("Choose “auto”, or “images” to import without annotations.")
    field = "format"


class BrokenAnnotations(DomainError):
    """One file holds all annotations, and it cannot be read to its end: half of them would be worse than none."""

    id = "datasets.broken_annotations"
    message = _("{file}, line {line}: {detail}")
    hint = _("Nothing was imported. Mend the file and import again.")
    field = "path"


class UnknownClasses(DomainError):
    """The annotations name classes that the project does not have, and the import was told to stop then."""

    id = "datasets.unknown_classes"
    status = 409
    message = _("The project does not have these classes: {names}.")
    hint = _("Add them to the project or as aliases, or import with “add” or “ignore”. Nothing was imported.")
    field = "unknown"


class PathNotShared(DomainError):
    """The path leads out of the folders that the operator has opened for imports, or to nothing."""

    id = "datasets.path_not_shared"
    status = 404
    message = _("There is nothing that may be imported at this path.")
    hint = _("Name a folder or zip inside {places}.")
    field = "path"


class UploadTooLarge(DomainError):
    """An upload over the limit of the installation."""

    id = "datasets.upload_too_large"
    status = 413
    message = _("The upload is larger than {limit} MB.")
    hint = _("Split it, or import from a folder of the server.")
    field = "file"


def shared_path(given: str) -> Path:
    """Return a path on the server that people may import from: inside one of YMIR_IMPORT_ROOTS, links followed.

    Raises:
        PathNotShared
    """
    roots = [root.resolve() for root in settings.YMIR_IMPORT_ROOTS]
    try:
        path = Path(given).resolve(strict=True)
    except (OSError, ValueError, RuntimeError) as error:
        raise PathNotShared(places=_places()) from error
    if not any(path.is_relative_to(root) for root in roots):
        raise PathNotShared(places=_places())
    return path


def _places() -> str:
    return ", ".join(str(root) for root in settings.YMIR_IMPORT_ROOTS) or gettext("(no folder is open for imports)")


def submit(
    *,
    project: Project,
    name: str,
    source: Path,
    by: User | None,
    format: str = "auto",  # noqa: A002 # the word that commands and forms use
    unknown: str = Unknown.ADD,
    message: str = "",
    keep_source: bool = True,
    dedupe_key: str = "",
) -> Job:
    """Import a folder or zip as the next version of a dataset; an upload (`keep_source=False`) is removed after.

    Raises:
        SourceNotFound
        datasets.services.versions.BadDatasetName
    """
    versions.check_name(name)
    if not source.exists():
        raise SourceNotFound(path=source if keep_source else source.name)
    return jobs.submit(
        kind="datasets.import",
        title=Wording(_("Import {name}"), name=name),
        params={
            "name": name,
            "source": str(source.resolve()),
            "format": format,
            "unknown": str(unknown),
            "message": message,
            "keep_source": keep_source,
        },
        project=project,
        dedupe_key=dedupe_key,
        by=by,
    )


def run(*, job: Job, progress: Progress) -> DatasetVersion:
    """Do what `submit` asked for. Called again for the same job it makes the same version.

    Raises:
        SourceNotFound, BrokenArchive, NothingToImport, FormatNotFound, BrokenAnnotations, UnknownClasses
        datasets.services.versions.TooManyClasses
    """
    version = DatasetVersion.objects.filter(job=job).first() or _import(job, progress)
    if not job.params["keep_source"]:
        forget_upload(Path(job.params["source"]))
    return version


def _import(job: Job, progress: Progress) -> DatasetVersion:
    params, project, source = job.params, job.project, Path(job.params["source"])
    assert project is not None  # noqa: S101 # `submit` asks for one
    if source.resolve() != source:  # a link took a place in it since it was looked at: it could lead anywhere
        raise SourceNotFound(path=source.name)
    imported, strangers, ignored = _read(source, project, params, progress)
    written = write_version(Path(settings.YMIR_DATA_ROOT), imported.tables)
    _write_report(job, imported)
    dataset = versions.dataset(project=project, name=params["name"], by=job.created_by)
    with transaction.atomic():  # an import that fails leaves the project's classes as they were
        added = projects.add_classes(project=project, names=strangers, by=job.created_by)
        return versions.commit(
            dataset=dataset,
            written=written,
            parents=[],
            operation=DatasetVersion.Operation.IMPORT,
            params={
                "source": source.name,
                "format": params["format"],
                "unknown": params["unknown"],
                "classes_added": [label.name for label in added],
                "classes_ignored": ignored,
            },
            job=job,
            by=job.created_by,
            message=params["message"],
            fault_count=imported.log.fault_count,
        )


def forget_upload(source: Path) -> None:
    """Remove an uploaded source; anything outside the folder of uploads is left alone."""
    if uploads() not in source.parents:
        return
    whole = uploads() / source.relative_to(uploads()).parts[0]  # each upload has a folder, so that it keeps its name
    if whole.is_dir():
        shutil.rmtree(whole, ignore_errors=True)
    else:
        whole.unlink(missing_ok=True)


def uploads() -> Path:
    """Return the folder in which uploads wait for their import."""
    return (Path(settings.YMIR_DATA_ROOT) / "uploads").resolve()


def _read(
    source: Path, project: Project, params: Mapping[str, Any], progress: Progress
) -> tuple[Imported, list[str], dict[str, int]]:
    """Store the images and return the tables, the classes in them that the project does not have, and what was ignored.

    What was ignored are the classes whose annotations were left out, with their number.
    """
    try:
        with importing.open_draft(source, format_name=params["format"], progress=_part(progress, 0.0, 0.4)) as draft:
            classes, strangers = _settle_classes(draft, project, Unknown(params["unknown"]))
            store = AssetStore(Path(settings.YMIR_DATA_ROOT))
            imported = draft.store(store, classes=classes, unknown="ignore", progress=_part(progress, 0.4, 1.0))
            ignored = {name: count for name, count in draft.class_counts.items() if count and name not in classes}
            return imported, strangers, ignored
    except FileNotFoundError as error:
        if source.exists():
            raise  # one of ours is missing
        raise SourceNotFound(path=source.name) from error
    except TooManyClassesError as error:
        raise versions.TooManyClasses(count=error.count, limit=error.limit) from error
    except archives.ArchiveError as error:
        raise BrokenArchive(file=source.name, reason=ARCHIVE_REASONS[error.reason]) from error
    except importing.NothingToImportError as error:
        raise NothingToImport(file=source.name) from error
    except importing.UnknownFormatError as error:
        raise FormatNotFound(file=source.name, format=params["format"]) from error
    except BrokenAnnotationsError as error:
        fault = error.fault
        raise BrokenAnnotations(file=fault.file, line=fault.line or 1, detail=Wording.of(fault.detail)) from error


def _settle_classes(draft: Draft, project: Project, unknown: Unknown) -> tuple[dict[str, str | None], list[str]]:
    """Map each name in the files to a class, by name or alias, and list the classes that the project must get.

    Names that are not in the map leave their annotations out.
    """
    found = [name for name, count in draft.class_counts.items() if count and labels.is_valid_name(name)]
    known = labels.resolve(found)
    held = set(project.project_classes.values_list("label_class_id", flat=True))
    mine = {name: label.name for name, label in known.items() if label.pk in held}
    strangers = [name for name in found if name not in mine]
    if strangers and unknown is Unknown.STOP:
        raise UnknownClasses(names=", ".join(strangers))
    if unknown is not Unknown.ADD:
        return {**mine}, []
    fresh: dict[str, str] = {}  # by the name in small letters: classes do not differ by case alone
    for name in strangers:
        cleaned = known[name].name if name in known else labels.clean_name(name)
        mine[name] = fresh.setdefault(cleaned.lower(), cleaned)
    return {**mine}, list(fresh.values())


def _write_report(job: Job, imported: Imported) -> None:
    report = {"faults": _as_json(imported.faults), "notices": _as_json(imported.notices)}
    target = versions.report_file(job.pk)
    target.parent.mkdir(parents=True, exist_ok=True)
    files.write_atomic(target, json.dumps(report, ensure_ascii=False).encode())


def _as_json(found: Iterable[Fault]) -> list[dict[str, Any]]:
    return [fault.as_json() for fault in found]


def _part(progress: Progress, begin: float, end: float) -> Progress:
    """Give a piece of the work its part of the whole progress."""
    return lambda fraction, words: progress(begin + (end - begin) * fraction, words)
