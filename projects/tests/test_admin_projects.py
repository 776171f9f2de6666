"""Projects in the admin."""

import pytest
from django.urls import reverse

from projects.models import Membership, Project, Role

pytestmark = pytest.mark.django_db
ADD = "admin:projects_project_add"
NO_MEMBERS = {
    "memberships-TOTAL_FORMS": 0,
    "memberships-INITIAL_FORMS": 0,
    "memberships-MIN_NUM_FORMS": 0,
    "memberships-MAX_NUM_FORMS": 100,
}


@pytest.fixture
def root(make_user):
    return make_user("root", is_staff=True, is_superuser=True)


@pytest.fixture
def add(as_user, root):
    client = as_user(root)

    def post(**values):
        return client.post(reverse(ADD), {"name": "Signs", "description": "", "object_type": 2, **NO_MEMBERS, **values})

    return post


def test_whoever_adds_a_project_made_and_owns_it(add, root, as_user):
    assert add().status_code == 302
    project = Project.objects.get()
    assert project.created_by == root
    assert project.memberships.get().role == Role.OWNER
    assert as_user(root).get(reverse("projects:settings", args=[project.pk])).status_code == 200


def test_another_owner_is_enough(add, owner):
    add(**{"memberships-TOTAL_FORMS": 1, "memberships-0-user": owner.pk, "memberships-0-role": Role.OWNER})
    assert Membership.objects.get().user == owner


def test_a_second_project_of_the_same_name_is_refused_in_words(add):
    add()
    again = add()
    assert again.status_code == 200
    assert "You have a project named" in again.content.decode()


def test_taking_the_last_owner_out_makes_the_administrator_one(as_user, root, project, owner):
    kept = Membership.objects.get(user=owner)
    Membership.objects.exclude(pk=kept.pk).delete()
    values = {
        "name": "Smears",
        "description": "",
        "object_type": 2,
        **NO_MEMBERS,
        "memberships-TOTAL_FORMS": 1,
        "memberships-INITIAL_FORMS": 1,
        "memberships-0-id": kept.pk,
        "memberships-0-project": project.pk,
        "memberships-0-user": owner.pk,
        "memberships-0-role": Role.OWNER,
        "memberships-0-DELETE": "on",
    }
    address = reverse("admin:projects_project_change", args=[project.pk])
    assert as_user(root).post(address, values).status_code == 302
    assert Membership.objects.get().user == root
