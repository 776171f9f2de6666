"""A full disk while a version is published: the job says so, and nothing is half stored."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from PIL import Image

from datasets.models import DatasetVersion
from datasets.services import imports
from executors import pipeline
from executors.models import Job
from projects.models import Project

pytestmark = pytest.mark.django_db(transaction=True)
ROOM = "2m"


@pytest.fixture
def small_disk(settings: object, tmp_path: Path) -> Iterator[Path]:
    """A data root on a file system of its own with little room."""
    root = tmp_path / "small"
    root.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={ROOM}", "ymir-test", root], check=False)
    if mounted.returncode:
        pytest.skip("a file system can be mounted by root only")
    settings.YMIR_DATA_ROOT = root  # type: ignore[attr-defined]
    yield root
    subprocess.run(["umount", root], check=True)


@pytest.fixture
def photographs(tmp_path: Path) -> Path:
    """Images of noise: 40 of about 110 kB, more than the small disk can hold."""
    folder = tmp_path / "photographs" / "images"
    folder.mkdir(parents=True)
    for number in range(40):
        Image.frombytes("RGB", (192, 192), os.urandom(192 * 192 * 3)).save(folder / f"{number}.png")
    return folder.parent


def test_an_import_that_does_not_fit_leaves_nothing(
    small_disk: Path, photographs: Path, project: Project, owner: User
) -> None:
    job = imports.submit(project=project, name="noise", source=photographs, by=owner)
    pipeline.run(job.pk, worker="test:1")
    job.refresh_from_db()
    assert job.state == Job.State.FAILED
    assert job.error_id == "executors.disk_full"
    assert not DatasetVersion.objects.exists()
    for folder in ("versions", "tmp"):
        assert not [path for path in (small_disk / folder).rglob("*") if path.is_file()]


def test_there_is_room_again_and_the_same_job_runs(
    small_disk: Path, photographs: Path, project: Project, owner: User
) -> None:
    job = imports.submit(project=project, name="noise", source=photographs, by=owner)
    pipeline.run(job.pk, worker="test:1")
    subprocess.run(["mount", "-o", "remount,size=64m", small_disk], check=True)
    again = imports.submit(project=project, name="noise", source=photographs, by=owner)
    pipeline.run(again.pk, worker="test:1")
    assert DatasetVersion.objects.get(job=again).asset_count == 40
