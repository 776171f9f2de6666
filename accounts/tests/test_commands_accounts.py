"""The command that makes the first superuser."""

import json
import threading

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection

from accounts import services

pytestmark = pytest.mark.django_db(transaction=True)


def said(capsys, *words):
    call_command("ensure_admin", "--json", *words)
    return json.loads(capsys.readouterr().out)


def test_the_first_superuser_is_made_once(capsys):
    first = said(capsys, "--username", "anna")
    assert User.objects.get(is_superuser=True).check_password(first["password"])
    assert said(capsys, "--username", "berta") == {"username": "anna", "password": ""}


def test_two_starts_at_once_make_one_superuser():
    start, made = threading.Barrier(4), []

    def ensure():
        start.wait()
        made.append(services.ensure_admin(username="anna"))
        connection.close()

    threads = [threading.Thread(target=ensure) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {admin.pk for admin, _password in made} == {User.objects.get().pk}
    assert sum(bool(password) for _admin, password in made) == 1


@pytest.mark.parametrize("values", [{"is_superuser": False}, {"is_superuser": True, "is_active": False}])
def test_nobody_is_made_superuser_because_of_a_name(make_user, capsys, values):
    make_user("anna", **values)
    with pytest.raises(SystemExit):
        call_command("ensure_admin", "--username", "anna")
    assert "accounts.admin_name_taken" in capsys.readouterr().err
    assert not User.objects.filter(is_superuser=True, is_active=True).exists()
    assert said(capsys, "--username", "berta")["username"] == "berta"
