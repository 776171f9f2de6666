"""The trash of datasets and versions in the API."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.test import Client

from datasets.tests.conftest import MakeVersion

SignIn = Callable[[User], Client]


def test_a_dataset_goes_to_the_trash_and_comes_back(editor: User, as_user: SignIn, make_version: MakeVersion) -> None:
    client, version = as_user(editor), make_version()
    place = f"/api/v1/datasets/{version.dataset_id}/"
    assert client.post(f"{place}hide/").json()["hidden_at"]
    assert client.get(f"/api/v1/dataset-versions/{version.pk}/").status_code == 404
    listed = [client.get("/api/v1/datasets/", {"in_trash": word}).json()["count"] for word in ("true", "false")]
    assert listed == [1, 0]
    assert client.post(f"{place}restore/").json()["hidden_at"] is None
    assert client.get(f"/api/v1/dataset-versions/{version.pk}/").status_code == 200


def test_a_version_goes_to_the_trash_and_comes_back(editor: User, as_user: SignIn, make_version: MakeVersion) -> None:
    client, version = as_user(editor), make_version()
    place = f"/api/v1/dataset-versions/{version.pk}/"
    assert client.post(f"{place}hide/").status_code == 204
    assert client.get(place).status_code == 404
    assert client.post(f"{place}restore/").status_code == 200
    assert client.get(place).status_code == 200


@pytest.mark.parametrize("verb", ["hide", "restore"])
def test_strangers_find_nothing_and_viewers_may_not(
    verb: str, stranger: User, viewer: User, as_user: SignIn, make_version: MakeVersion
) -> None:
    version = make_version()
    for place in (f"datasets/{version.dataset_id}", f"dataset-versions/{version.pk}"):
        assert as_user(stranger).post(f"/api/v1/{place}/{verb}/").status_code == 404
        assert as_user(viewer).post(f"/api/v1/{place}/{verb}/").status_code == 403
