"""Taking a version out: annotations in a common format, with or without the images."""

import errno
import os
from collections.abc import Callable
from pathlib import Path

from django.conf import settings
from django.contrib.auth.models import User
from django.utils.translation import gettext_lazy as _

from common.errors import DomainError
from common.wording import Wording
from datasets.formats import exporting
from datasets.models import DatasetVersion
from datasets.services import versions
from datasets.store.assets import AssetStore
from executors.models import Job
from executors.services import jobs

FORMATS = ("voc", "coco")


class CannotWrite(DomainError):
    """The place of an export cannot be made or written."""

    id = "datasets.cannot_write"
    message = _("Nothing can be written at {path}: {reason}.")
    hint = _("Name a path in a folder that you may write to.")
    field = "path"


class TargetExists(DomainError):
    """An export never writes over something."""

    id = "datasets.target_exists"
    status = 409
    message = _("There is something at {path} already.")
    hint = _("Name a path that does not exist yet.")
    field = "path"


def write(
    *,
    version: DatasetVersion,
    format: str,  # noqa: A002 # the word that commands and forms use
    destination: Path,
    with_images: bool = True,
    progress: Callable[[float, str], None] = lambda _fraction, _words: None,
) -> Path:
    """Write a version to a folder, or to a zip when the destination ends in .zip; returns the destination.

    Raises:
        TargetExists, CannotWrite
    """
    _require_writable(destination)
    try:
        return exporting.export(
            versions.load(version),
            AssetStore(Path(settings.YMIR_DATA_ROOT)),
            destination,
            format_name=format,
            with_images=with_images,
            progress=progress,
        )
    except exporting.TargetExistsError as error:
        raise TargetExists(path=destination) from error


def _require_writable(destination: Path) -> None:
    """Pass when the folder of an export is there, or can be made, and lets files in.

    Raises:
        CannotWrite
    """
    folder = destination.parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
        destination.exists()
    except OSError as error:
        raise CannotWrite(path=destination, reason=error.strerror or error) from error
    if not os.access(folder, os.W_OK | os.X_OK):
        raise CannotWrite(path=destination, reason=os.strerror(errno.EACCES))


def submit(*, version: DatasetVersion, format: str, with_images: bool, by: User | None) -> Job:  # noqa: A002
    """Make a zip for download; the job's result names it."""
    return jobs.submit(
        kind="datasets.export",
        title=Wording(_("Export {version}"), version=version),
        params={"version": version.pk, "format": format, "with_images": with_images},
        project=version.dataset.project,
        dedupe_key=f"export:{version.pk}:{format}:{with_images}",
        by=by,
    )


def file_of(job: Job) -> Path:
    """Return where the zip of an export job lies."""
    version = DatasetVersion.objects.select_related("dataset").get(pk=job.params["version"])
    return jobs.folder(job) / f"{version.dataset.name}-v{version.number}-{job.params['format']}.zip"


def run(*, job: Job, progress: Callable[[float, str], None]) -> Path:
    """Do what `submit` asked for; a repeated job finds its zip made."""
    target = file_of(job)
    if target.exists():
        return target
    version = DatasetVersion.objects.select_related("dataset").get(pk=job.params["version"])
    return write(
        version=version,
        format=job.params["format"],
        destination=target,
        with_images=job.params["with_images"],
        progress=progress,
    )
