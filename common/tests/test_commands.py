"""Commands while the site is stopped, and refusals in words."""

import json
import os
import subprocess
import sys
from typing import ClassVar

from django.conf import settings

from common.errors import DomainError


def run(*words: str) -> subprocess.CompletedProcess[str]:
    environ = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "ymir_site.settings",
        "DATABASE_URL": "postgres://ymir:ymir@127.0.0.1:9/ymir",
        "REDIS_URL": "redis://127.0.0.1:9/0",
    }
    return subprocess.run(
        [sys.executable, settings.BASE_DIR / "manage.py", *words],
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_command_says_in_a_line_that_the_site_is_stopped() -> None:
    said = run("dataset_log", "--project", "Smears", "training")
    assert (said.returncode, said.stdout) == (1, "")
    [line] = said.stderr.strip().splitlines()
    assert line.startswith("common.database_unreachable: ")
    assert "make start" in line


def test_machines_are_told_so_in_an_object() -> None:
    said = run("dataset_log", "--project", "P", "training", "--json")
    assert said.returncode == 1
    error = json.loads(said.stdout)["error"]
    assert error["id"] == "common.database_unreachable"
    assert "make start" in error["hint"]


class Unended(DomainError):
    id = "tests.unended"
    message: ClassVar[str] = "The job: {cause}"
    hint: ClassVar[str] = "Look at it."


def test_a_reason_without_an_end_gets_one_before_the_hint() -> None:
    assert Unended(cause="too large").words() == "The job: too large. Look at it."
    assert Unended(cause="too large!").words() == "The job: too large! Look at it."
