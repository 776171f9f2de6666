"""Who may change the vocabulary that all projects share."""

import pytest
from django.urls import reverse

from labels import services as labels
from labels.models import LabelClass
from projects import services
from projects.models import Role

pytestmark = pytest.mark.django_db


@pytest.fixture
def aliases_of():
    return lambda name: reverse("labels:aliases", args=[LabelClass.objects.get(name=name).pk])


def test_who_may_only_look_changes_no_vocabulary(as_user, project, viewer, aliases_of):
    client = as_user(viewer)
    refused = client.post(reverse("labels:add"), {"lines": "cat"})
    assert (refused.status_code, LabelClass.objects.filter(name="cat").exists()) == (403, False)
    assert "editor or owner" in refused.content.decode()
    assert client.post(aliases_of("RBC"), {"aliases": "erythrocyte"}).status_code == 403
    assert not labels.resolve(["erythrocyte"])


def test_who_may_only_look_is_offered_no_change(as_user, project, viewer):
    page = as_user(viewer).get(reverse("labels:list")).content.decode()
    assert "RBC" in page
    assert "Edit aliases" not in page
    assert "<textarea" not in page


def test_an_editor_changes_aliases_of_own_classes(as_user, project, editor, aliases_of):
    assert as_user(editor).post(aliases_of("RBC"), {"aliases": "erythrocyte"}).status_code == 302
    assert labels.resolve(["erythrocyte"])["erythrocyte"].name == "RBC"


def test_a_class_of_other_projects_keeps_its_aliases(as_user, project, editor, stranger, aliases_of):
    services.create(name="Signs", classes=["RBC", "stop"], by=stranger)
    client = as_user(editor)
    refused = client.post(aliases_of("RBC"), {"aliases": "erythrocyte"})
    assert refused.status_code == 403
    assert "RBC" in refused.content.decode()
    page = client.get(reverse("labels:list")).content.decode()
    assert aliases_of("WBC") in page
    assert aliases_of("RBC") not in page


def test_an_administrator_changes_all(admin_client, project, aliases_of):
    assert admin_client.post(aliases_of("RBC"), {"aliases": "erythrocyte"}).status_code == 302


def test_an_editor_of_both_projects_changes_what_they_share(as_user, project, editor, stranger, aliases_of):
    other = services.create(name="Signs", classes=["RBC"], by=stranger)
    services.set_member(project=other, user=editor, role=Role.EDITOR)
    assert as_user(editor).post(aliases_of("RBC"), {"aliases": "erythrocyte"}).status_code == 302
