"""Pages of one's own account."""

import pytest
from django.urls import reverse
from rest_framework.authtoken.models import Token

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("name", ["accounts:profile", "password_change"])
def test_signing_in_is_asked_for(client, name):
    answer = client.get(reverse(name))
    assert answer.status_code == 302
    assert reverse("login") in answer.url


def test_people_change_their_own_name_and_nothing_else(as_user, viewer):
    client = as_user(viewer)
    assert client.get(reverse("accounts:profile")).status_code == 200
    posted = {"first_name": "Vera", "last_name": "Weiss", "email": "", "is_superuser": "on", "username": "root"}
    assert client.post(reverse("accounts:profile"), posted).status_code == 302
    name = viewer.username
    viewer.refresh_from_db()
    assert (viewer.first_name, viewer.username, viewer.is_superuser) == ("Vera", name, False)


def test_an_address_that_is_none_is_refused(as_user, viewer):
    assert as_user(viewer).post(reverse("accounts:profile"), {"email": "nobody"}).status_code == 422


def test_a_token_is_shown_once_and_the_old_one_stops_working(as_user, viewer):
    client, old = as_user(viewer), Token.objects.create(user=viewer)
    assert client.get(reverse("accounts:renew_token")).status_code == 405
    page = client.post(reverse("accounts:renew_token")).content.decode()
    new = Token.objects.get(user=viewer)
    assert new.key != old.key
    assert new.key in page
    assert new.key not in client.get(reverse("accounts:profile")).content.decode()
