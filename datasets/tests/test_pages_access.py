"""Who may open which page of datasets."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from datasets.models import DatasetVersion
from datasets.tests.conftest import MakeVersion
from projects.models import Project

READ = [
    "list",
    "jobs",
    "trash",
    "dataset",
    "version",
    "strip",
    "statistics",
    "faults",
    "faults_csv",
    "lineage",
    "export",
]
READ_IMAGES = ["image", "asset", "thumbnail"]
CHANGE = ["import", "merge", "filter", "sample", "exclude"]
POST_ONLY = ["hide", "restore", "hide_dataset", "restore_dataset"]
SignIn = Callable[[User], Client]


@pytest.fixture
def address(project: Project, make_version: MakeVersion, asset_named: Callable[..., str]) -> Callable[[str], str]:
    """Return the address of a page by its name."""
    version = make_version()
    image = asset_named(version, "a")

    def find(name: str) -> str:
        if name in {"list", "jobs", "trash", *CHANGE}:
            arguments: list[object] = [project.pk]
        elif name in {"dataset", "hide_dataset", "restore_dataset"}:
            arguments = [version.dataset_id]
        else:
            arguments = [version.pk, *([image] if name in READ_IMAGES else [])]
        return reverse(f"datasets:{name}", args=[*arguments, 320] if name == "thumbnail" else arguments)

    return find


@pytest.mark.parametrize("name", [*READ, *READ_IMAGES])
def test_viewers_see_every_page(name: str, viewer: User, as_user: SignIn, address: Callable[[str], str]) -> None:
    assert as_user(viewer).get(address(name)).status_code in {200, 286}


@pytest.mark.parametrize("name", [*READ, *READ_IMAGES, *CHANGE])
def test_strangers_find_nothing(name: str, stranger: User, as_user: SignIn, address: Callable[[str], str]) -> None:
    assert as_user(stranger).get(address(name)).status_code == 404


@pytest.mark.parametrize("name", [*CHANGE, *POST_ONLY, "export"])
def test_strangers_change_nothing(name: str, stranger: User, as_user: SignIn, address: Callable[[str], str]) -> None:
    assert as_user(stranger).post(address(name)).status_code == 404


@pytest.mark.parametrize("name", [*READ, *READ_IMAGES, *CHANGE])
def test_who_is_not_signed_in_is_asked_to(name: str, client: Client, address: Callable[[str], str]) -> None:
    response = client.get(address(name))
    assert response.status_code == 302
    assert response["Location"].startswith("/login/")


@pytest.mark.parametrize("name", [*CHANGE, *POST_ONLY])
def test_viewers_cannot_post(name: str, viewer: User, as_user: SignIn, address: Callable[[str], str]) -> None:
    assert as_user(viewer).post(address(name)).status_code == 403


@pytest.mark.parametrize("name", CHANGE)
def test_editors_get_every_form_and_its_faults(
    name: str, editor: User, as_user: SignIn, address: Callable[[str], str]
) -> None:
    client = as_user(editor)
    assert client.get(address(name)).status_code == 200
    assert client.post(address(name), {}).status_code == 422


@pytest.mark.parametrize("name", POST_ONLY)
def test_verbs_are_not_addresses_to_visit(
    name: str, editor: User, as_user: SignIn, address: Callable[[str], str]
) -> None:
    assert as_user(editor).get(address(name)).status_code == 405


def test_versions_of_a_project_in_the_trash_are_gone(
    viewer: User, as_user: SignIn, address: Callable[[str], str], project: Project
) -> None:
    version = address("version")
    Project.objects.filter(pk=project.pk).update(hidden_at="2026-01-01T00:00Z")
    assert as_user(viewer).get(version).status_code == 404


def test_a_viewer_is_offered_nothing_that_changes(viewer: User, as_user: SignIn, address: Callable[[str], str]) -> None:
    page = as_user(viewer).get(address("version")).content.decode()
    assert "Move to trash" not in page
    assert "/merge/" not in page


def test_an_image_is_reached_only_through_a_version_that_holds_it(
    make_version: MakeVersion, viewer: User, as_user: SignIn, asset_named: Callable[[DatasetVersion, str], str]
) -> None:
    first, second = make_version(images="ab"), make_version(images="bc")
    image = asset_named(first, "a.jpg")
    client = as_user(viewer)
    assert client.get(reverse("datasets:asset", args=[first.pk, image])).status_code == 200
    for name, more in (("asset", []), ("image", []), ("thumbnail", [320])):
        assert client.get(reverse(f"datasets:{name}", args=[second.pk, image, *more])).status_code == 404
