"""Fixtures of every test: people, a project, and the real data where it lies beside the checkout."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import docker
import pytest
from django.contrib.auth.models import User
from django.test import Client

from projects import services as projects
from projects.models import Project, Role

HERE = Path(__file__).resolve().parent


@pytest.fixture(scope="session")
def bccd() -> Path:
    """The BCCD blood-cell photographs (Pascal VOC), from $YMIR_SHARED or ../shared."""
    folder = Path(os.environ.get("YMIR_SHARED", HERE.parent / "shared")) / "data" / "bccd"
    if not folder.is_dir():
        pytest.skip(f"the BCCD data is not at {folder}")
    return folder


@pytest.fixture(scope="session")
def docker_engine() -> docker.DockerClient:
    """A client of the host's engine; tests are skipped where none answers."""
    try:
        client = docker.from_env(timeout=60)
        client.ping()
    except docker.errors.DockerException as error:
        pytest.skip(f"no Docker engine: {error}")
    return client


@pytest.fixture(autouse=True)
def data_root(settings: object, tmp_path: Path) -> Path:
    """A data root of the test's own."""
    root = tmp_path / "data"
    root.mkdir()
    settings.YMIR_DATA_ROOT = root  # type: ignore[attr-defined]
    return root


@pytest.fixture
def make_user(db: None) -> Callable[..., User]:
    """Make people by name."""

    def make(username: str, **values: Any) -> User:
        return User.objects.create_user(username=username, password="quiet-harbor-9", **values)

    return make


@pytest.fixture
def owner(make_user: Callable[..., User]) -> User:
    return make_user("olga")


@pytest.fixture
def editor(make_user: Callable[..., User]) -> User:
    return make_user("edda")


@pytest.fixture
def viewer(make_user: Callable[..., User]) -> User:
    return make_user("vera")


@pytest.fixture
def stranger(make_user: Callable[..., User]) -> User:
    return make_user("stan")


@pytest.fixture
def project(owner: User, editor: User, viewer: User) -> Project:
    """A project with two classes, an owner, an editor and a viewer."""
    made = projects.create(name="Smears", classes=["RBC", "WBC"], by=owner)
    projects.set_member(project=made, user=editor, role=Role.EDITOR)
    projects.set_member(project=made, user=viewer, role=Role.VIEWER)
    return made


@pytest.fixture
def as_user() -> Callable[[User], Client]:
    """Make a browser in which a person is signed in."""

    def sign_in(user: User) -> Client:
        client = Client()
        client.force_login(user)
        return client

    return sign_in


@pytest.fixture
def make_project(owner: User) -> Callable[[str], Project]:
    """Make further projects of the owner by name."""

    def make(name: str) -> Project:
        return projects.create(name=name, classes=["RBC"], by=owner)

    return make
