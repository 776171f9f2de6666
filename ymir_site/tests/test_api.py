"""The API: its schema, its errors, and who may see what."""

import json

import pytest
from django.core.management import call_command
from rest_framework.authtoken.models import Token

from executors.services import jobs
from models.tests import builders
from projects import services as projects
from projects.models import Project

pytestmark = pytest.mark.django_db


def test_the_schema_is_valid_and_without_warnings(tmp_path):
    call_command("spectacular", "--validate", "--fail-on-warn", "--file", str(tmp_path / "schema.yaml"))


def test_the_browsable_page_is_there(as_user, viewer):
    assert as_user(viewer).get("/api/v1/docs/").status_code == 200


@pytest.mark.parametrize(
    "path", ["projects", "dataset-versions", "jobs", "executor-images", "model-versions", "predictions", "evaluations"]
)
def test_lists_ask_for_sign_in_and_are_paged(client, as_user, viewer, path):
    assert client.get(f"/api/v1/{path}/").status_code in {401, 403}
    answer = as_user(viewer).get(f"/api/v1/{path}/").json()
    assert {"count", "next", "previous", "results"} <= answer.keys()


def test_a_token_signs_in(client, viewer, project):
    token = Token.objects.create(user=viewer)
    answer = client.get("/api/v1/projects/", headers={"Authorization": f"Token {token.key}"})
    assert [each["name"] for each in answer.json()["results"]] == ["Smears"]


def test_strangers_find_nothing(as_user, stranger, project):
    client = as_user(stranger)
    assert client.get("/api/v1/projects/").json()["count"] == 0
    answer = client.get(f"/api/v1/projects/{project.pk}/")
    assert answer.status_code == 404
    assert set(answer.json()["error"]) == {"id", "message", "hint", "fields"}


def test_a_project_is_created_with_its_classes(as_user, owner):
    answer = as_user(owner).post(
        "/api/v1/projects/", {"name": "Signs", "classes": ["stop", "yield"]}, content_type="application/json"
    )
    assert answer.status_code == 201
    assert answer.json()["classes"] == ["stop", "yield"]
    assert Project.objects.get(name="Signs").created_by == owner


def test_refusals_name_the_field(as_user, owner, project):
    answer = as_user(owner).post("/api/v1/projects/", {"name": "Smears"}, content_type="application/json")
    assert answer.status_code == 409
    assert answer.json()["error"]["id"] == "projects.name_taken"
    assert "name" in answer.json()["error"]["fields"]


def test_invalid_input_names_its_fields(as_user, owner):
    answer = as_user(owner).post("/api/v1/projects/", {}, content_type="application/json")
    assert answer.status_code == 400
    assert "name" in answer.json()["error"]["fields"]


def test_a_viewer_may_not_import(as_user, viewer, project):
    answer = as_user(viewer).post(
        "/api/v1/dataset-versions/import/",
        {"project": project.pk, "name": "x", "path": "/tmp"},
        content_type="application/json",
    )
    assert answer.status_code == 403


def test_a_path_that_is_not_shared_is_refused(as_user, editor, project):
    answer = as_user(editor).post(
        "/api/v1/dataset-versions/import/",
        {"project": project.pk, "name": "x", "path": "/etc"},
        content_type="application/json",
    )
    assert answer.status_code == 404
    assert answer.json()["error"]["id"] == "datasets.path_not_shared"


def test_what_lies_in_the_trash_with_its_project_is_not_there(as_user, owner, project):
    version = builders.version(project, "smears", builders.SCENES)
    job = jobs.submit(kind="datasets.export", title="Export", params={}, project=project, by=owner)
    client = as_user(owner)
    places = [f"/api/v1/dataset-versions/{version.pk}/", f"/api/v1/jobs/{job.pk}/"]
    assert [client.get(place).status_code for place in places] == [200, 200]
    projects.hide(project=project)
    assert [client.get(place).status_code for place in places] == [404, 404]
    assert client.post(f"/api/v1/jobs/{job.pk}/cancel/").status_code == 404
    body = {"name": "x", "count": 1}
    answer = client.post(f"/api/v1/dataset-versions/{version.pk}/sample/", body, content_type="application/json")
    assert answer.status_code == 404


@pytest.mark.parametrize(
    ("action", "body"),
    [
        ("merge", {"name": "x", "others": [10**30]}),
        ("sample", {"name": "x", "share": 0}),
        ("sample", {"name": "x", "count": 1, "seed": -1}),
    ],
)
def test_numbers_that_make_no_sense_are_refused(as_user, editor, project, action, body):
    version = builders.version(project, "smears", builders.SCENES)
    address = f"/api/v1/dataset-versions/{version.pk}/{action}/"
    assert as_user(editor).post(address, body, content_type="application/json").status_code == 400


@pytest.mark.parametrize("text", ["\\u0000", "\\ud800"])
def test_letters_that_no_database_holds_are_refused(as_user, editor, project, text):
    run = {"project": 1, "name": "x", "image": 1, "training": 1, "validation": 2, "config": {"a": ["LETTER"]}}
    body = json.dumps(run).replace("LETTER", text)
    answer = as_user(editor).post("/api/v1/model-versions/train/", body, content_type="application/json")
    assert answer.status_code == 400
    assert "config" in answer.json()["error"]["fields"]


def test_where_a_source_lies_on_the_host_is_not_told(as_user, owner, project):
    params = {"source": "/srv/secret/smears.zip", "name": "smears"}
    job = jobs.submit(kind="datasets.import", title="Import", params=params, project=project, by=owner)
    shown = as_user(owner).get(f"/api/v1/jobs/{job.pk}/").json()["params"]
    assert shown == {"source": "smears.zip", "name": "smears"}
