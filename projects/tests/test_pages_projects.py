"""Pages of projects: who may see and change what."""

import pytest
from django.urls import reverse

from projects.models import Membership, Project, Role

pytestmark = pytest.mark.django_db
POSTS = {
    "projects:add_classes": {"classes": "Platelets"},
    "projects:set_member": {"username": "stan", "role": Role.VIEWER},
    "projects:hide": {},
}


def test_signing_in_is_asked_for(client):
    response = client.get(reverse("projects:list"))
    assert response.status_code == 302
    assert reverse("login") in response.url


def test_the_list_shows_own_projects_only(as_user, project, stranger, viewer):
    address = reverse("projects:list")
    assert "Smears" in as_user(viewer).get(address).content.decode()
    assert "Smears" not in as_user(stranger).get(address).content.decode()


def test_the_list_costs_the_same_for_many_projects(as_user, owner, project, django_assert_num_queries, make_projects):
    client = as_user(owner)
    client.get(reverse("projects:list"))
    with django_assert_num_queries(6):
        client.get(reverse("projects:list"))
    make_projects(owner, 20)
    with django_assert_num_queries(6):
        client.get(reverse("projects:list"))


@pytest.fixture
def make_projects():
    def make(owner, count):
        for number in range(count):
            project = Project.objects.create(name=f"P{number}", created_by=owner)
            Membership.objects.create(project=project, user=owner, role=Role.OWNER)

    return make


def test_a_project_is_created_with_its_classes(as_user, owner):
    response = as_user(owner).post(reverse("projects:create"), {"name": "Signs", "classes": "stop, yield，stop"})
    project = Project.objects.get(name="Signs")
    assert response.url == project.get_absolute_url()
    assert [each.label_class.name for each in project.project_classes.all()] == ["stop", "yield"]


def test_a_second_project_of_the_same_name_is_refused(as_user, owner, project):
    response = as_user(owner).post(reverse("projects:create"), {"name": "Smears", "classes": ""})
    assert response.status_code == 422
    assert "You have a project named" in response.content.decode()


def test_a_bad_class_name_is_refused_and_nothing_is_made(as_user, owner):
    response = as_user(owner).post(reverse("projects:create"), {"name": "Signs", "classes": "a;b"})
    assert response.status_code == 422
    assert not Project.objects.filter(name="Signs").exists()


def test_settings_are_hidden_from_strangers(as_user, project, stranger):
    assert as_user(stranger).get(reverse("projects:settings", args=[project.pk])).status_code == 404


@pytest.mark.parametrize("name", POSTS)
def test_strangers_find_nothing_and_viewers_may_not_change(name, as_user, project, stranger, viewer):
    address = reverse(name, args=[project.pk])
    assert as_user(stranger).post(address, POSTS[name]).status_code == 404
    assert as_user(viewer).post(address, POSTS[name]).status_code == 403


def test_an_editor_adds_classes(as_user, project, editor):
    as_user(editor).post(reverse("projects:add_classes", args=[project.pk]), {"classes": "Platelets"})
    names = [each.label_class.name for each in project.project_classes.all()]
    assert names == ["RBC", "WBC", "Platelets"]


def test_the_last_owner_stays(as_user, project, owner):
    client = as_user(owner)
    response = client.post(reverse("projects:remove_member", args=[project.pk, owner.pk]), follow=True)
    assert "only owner" in response.content.decode()
    assert project.memberships.filter(user=owner).exists()


def test_an_unknown_person_cannot_become_a_member(as_user, project, owner):
    response = as_user(owner).post(
        reverse("projects:set_member", args=[project.pk]), {"username": "nobody", "role": Role.EDITOR}
    )
    assert response.status_code == 422


def test_a_project_goes_to_the_trash_and_comes_back(as_user, project, owner):
    client = as_user(owner)
    client.post(reverse("projects:hide", args=[project.pk]))
    assert client.get(reverse("projects:settings", args=[project.pk])).status_code == 404
    client.post(reverse("projects:restore", args=[project.pk]))
    assert client.get(reverse("projects:settings", args=[project.pk])).status_code == 200
