"""Making projects: a name that people can read, wherever it is typed."""

import io
import json

import pytest
from django.core.management import call_command
from django.urls import reverse
from rest_framework.test import APIClient

from projects import services
from projects.models import Project

pytestmark = pytest.mark.django_db
NAMELESS = ["", "   ", "\u200b", "a\0b", "two\nlines", "x" * 81]


@pytest.mark.parametrize("name", NAMELESS)
def test_a_project_needs_a_name_that_can_be_read(owner, name):
    with pytest.raises(services.BadProjectName):
        services.create(name=name, classes=[], by=owner)


@pytest.mark.parametrize("name", NAMELESS)
def test_every_way_in_refuses_it(as_user, owner, admin_user, name):
    client = APIClient()
    client.force_authenticate(owner)
    assert client.post("/api/v1/projects/", {"name": name}, format="json").status_code == 400
    assert as_user(owner).post(reverse("projects:create"), {"name": name, "classes": ""}).status_code == 422
    out = io.StringIO()
    with pytest.raises(SystemExit):
        call_command("create_project", name, "--json", stdout=out, stderr=io.StringIO())
    assert json.loads(out.getvalue())["error"]["id"] == "projects.bad_name"
    assert not Project.objects.exists()


def test_blanks_around_a_name_are_dropped_and_it_stays_readable_later(owner):
    project = services.create(name="  血细胞 1 ", classes=[], by=owner)
    assert project.name == "血细胞 1"
    with pytest.raises(services.BadProjectName):
        services.update(project=project, name=" ", description="")
