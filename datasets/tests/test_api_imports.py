"""Uploads through the API: who may, how much, and that nothing stays of what is refused."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from rest_framework.authtoken.models import Token

from datasets import uploads
from datasets.tests.conftest import MakeVersion
from executors.models import Job
from projects import services as projects
from projects.models import Project

ADDRESS = "/api/v1/dataset-versions/import/"
Send = Callable[..., Any]
MakeSend = Callable[[User], Send]


@pytest.fixture(params=["session", "token"])
def sender(request: pytest.FixtureRequest, project: Project, as_user: Callable[[User], Client]) -> MakeSend:
    """Make something that uploads a file as a person, signed in either way."""

    def make(user: User) -> Send:
        client, headers = as_user(user), {}
        if request.param == "token":
            client, headers = Client(), {"Authorization": f"Token {Token.objects.get_or_create(user=user)[0].key}"}

        def send(data: bytes = b"PK", address: str = ADDRESS, **values: Any) -> Any:
            file = SimpleUploadedFile("ward.zip", data)
            return client.post(
                address, {"project": project.pk, "name": "ward", "file": file, **values}, headers=headers
            )

        return send

    return make


@pytest.fixture
def stored(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of all files that were ever put into the folder of uploads."""
    names: list[str] = []

    def kept_name(name: str) -> str:
        names.append(name)
        return name

    monkeypatch.setattr(uploads, "kept_name", kept_name)
    return names


def left(data_root: Path) -> list[Path]:
    """Return every file and folder of uploads."""
    return list((data_root / "uploads").rglob("*"))


def test_an_upload_becomes_a_job_and_stays_for_it(sender: MakeSend, editor: User, data_root: Path) -> None:
    answer = sender(editor)()
    assert answer.status_code == 202
    assert Path(Job.objects.get().params["source"]).read_bytes() == b"PK"


def test_of_people_who_may_import_nowhere_nothing_is_stored(
    sender: MakeSend, viewer: User, stranger: User, stored: list[str], data_root: Path
) -> None:
    assert [sender(user)().status_code for user in (viewer, stranger)] == [403, 404]
    assert stored == []
    assert not (data_root / "uploads").exists()


def test_editors_of_other_projects_leave_nothing(sender: MakeSend, stranger: User, data_root: Path) -> None:
    projects.create(name="Own", classes=[], by=stranger)
    assert sender(stranger)().status_code == 404
    assert left(data_root) == []
    assert not Job.objects.exists()


def test_without_signing_in_nothing_is_stored(client: Client, stored: list[str]) -> None:
    answer = client.post(ADDRESS, {"file": SimpleUploadedFile("ward.zip", b"PK")})
    assert answer.status_code == 401
    assert stored == []


def test_what_is_over_the_limit_is_refused(
    sender: MakeSend, editor: User, data_root: Path, settings: Any, stored: list[str]
) -> None:
    settings.YMIR_MAX_UPLOAD_MB = 1
    answer = sender(editor)(b"x" * (1024 * 1024 + 1))
    assert (answer.status_code, answer.json()["error"]["id"]) == (413, "datasets.upload_too_large")
    assert len(stored) == 1
    assert sender(editor)(b"x" * (2 * 1024 * 1024)).status_code == 413
    assert len(stored) == 1, "the length of the request said it before"
    assert left(data_root) == []


@pytest.mark.parametrize("values", [{"name": "a@b"}, {"name": ""}, {"format": "zip"}])
def test_a_refused_import_leaves_nothing(
    values: dict[str, str], sender: MakeSend, editor: User, data_root: Path
) -> None:
    assert sender(editor)(**values).status_code == 400
    assert left(data_root) == []


def test_other_actions_store_no_files(
    sender: MakeSend, editor: User, make_version: MakeVersion, stored: list[str]
) -> None:
    address = reverse("api-dataset-version-export", args=[make_version().pk])
    assert sender(editor)(address=address, format="voc").status_code == 202
    assert stored == []
