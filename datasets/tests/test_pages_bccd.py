"""Real photographs, from the import to the grid."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from datasets.models import DatasetVersion
from datasets.services import imports
from projects import services as projects
from projects.models import Project


@pytest.fixture
def cells(bccd: Path, project: Project, owner: User) -> DatasetVersion:
    """The BCCD data as a version."""
    projects.add_classes(project=project, names=["Platelets"], by=owner)
    job = imports.submit(project=project, name="bccd", source=bccd, by=owner)
    return imports.run(job=job, progress=lambda _fraction, _words: None)


def test_blood_cells_are_shown_with_their_boxes_and_their_two_faults(
    cells: DatasetVersion, viewer: User, as_user: Callable[[User], Client]
) -> None:
    client = as_user(viewer)
    page = client.get(reverse("datasets:version", args=[cells.pk]), {"q": "class:Platelets", "size": "s"})
    content = page.content.decode()
    assert content.count("<figure") == 60
    assert re.search(r"1–60 of \d{3}", content)
    assert {f'class="{color}" data-class' for color in ("c1", "c2", "c3")} <= set(
        re.findall(r'class="c\d" data-class', content)
    )
    thumbnail = client.get(re.search(r'src="([^"]+/thumbnails/[^"]+)"', content)[1])  # type: ignore[index]
    assert thumbnail["Content-Type"] == "image/webp"
    faults = client.get(reverse("datasets:faults", args=[cells.pk])).content.decode()
    assert faults.count("box without area") == 3  # two rows and their group
