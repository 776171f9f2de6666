"""Signing in: wrong passwords are counted by name and address, and forgotten after a while."""

from datetime import timedelta

import pytest
from axes.models import AccessAttempt
from django.conf import settings
from django.test import RequestFactory
from django.urls import reverse

from common.http import client_address

pytestmark = pytest.mark.django_db
RIGHT = "quiet-harbor-9"


@pytest.fixture
def sign_in(client, viewer):
    def attempt(password, *, username=viewer.username, page="login", **sent):
        return client.post(reverse(page), {"username": username, "password": password}, **sent)

    return attempt


@pytest.fixture
def shut_out(sign_in):
    """The last of as many wrong passwords as are allowed."""
    answers = [sign_in("wrong") for _ in range(settings.AXES_FAILURE_LIMIT)]
    assert {answer.status_code for answer in answers[:-1]} == {200}
    return answers[-1]


def test_many_wrong_passwords_shut_out_with_words_and_a_time(shut_out):
    assert shut_out.status_code == 429
    assert shut_out["Retry-After"] == "900"
    page = shut_out.content.decode()
    assert "accounts.too_many_attempts" in page
    assert "Wait 15 minutes" in page


@pytest.mark.parametrize("page", ["login", "admin:login"])
def test_then_the_right_password_is_refused_everywhere(shut_out, sign_in, page):
    assert sign_in(RIGHT, page=page).status_code == 429


def test_others_go_on_and_so_does_the_same_person_elsewhere(shut_out, sign_in, editor):
    assert sign_in(RIGHT, username=editor.username).status_code == 302
    assert sign_in(RIGHT, REMOTE_ADDR="10.0.0.9").status_code == 302


def test_it_ends_after_a_while_though_tried_meanwhile(shut_out, sign_in):
    sign_in("wrong")
    earlier = AccessAttempt.objects.get().attempt_time - settings.AXES_COOLOFF_TIME - timedelta(seconds=1)
    AccessAttempt.objects.update(attempt_time=earlier)
    assert sign_in(RIGHT).status_code == 302


def test_a_right_password_makes_the_wrong_ones_forgotten(client, sign_in):
    for _ in range(2):
        for _ in range(settings.AXES_FAILURE_LIMIT - 1):
            assert sign_in("wrong").status_code == 200
        assert sign_in(RIGHT).status_code == 302
        client.logout()


@pytest.mark.parametrize(
    ("proxies", "forwarded", "address"),
    [
        (0, "6.6.6.6", "10.0.0.1"),
        (1, "6.6.6.6, 1.2.3.4", "1.2.3.4"),
        (2, "6.6.6.6, 1.2.3.4, 10.0.0.2", "1.2.3.4"),
        (2, "1.2.3.4", "1.2.3.4"),
        (1, "unknown", None),
        (1, "", "10.0.0.1"),
    ],
)
def test_only_as_many_forwarded_addresses_are_believed_as_there_are_proxies(settings, proxies, forwarded, address):
    settings.YMIR_PROXIES = proxies
    request = RequestFactory().post("/", REMOTE_ADDR="10.0.0.1", HTTP_X_FORWARDED_FOR=forwarded)
    assert client_address(request) == address


@pytest.mark.parametrize(("proxies", "address"), [(0, None), (1, "1.2.3.4")])
def test_behind_a_socket_file_nothing_more_is_believed(settings, proxies, address):
    settings.YMIR_PROXIES = proxies
    request = RequestFactory().post("/", REMOTE_ADDR="", HTTP_X_FORWARDED_FOR="6.6.6.6, 1.2.3.4")
    assert client_address(request) == address
