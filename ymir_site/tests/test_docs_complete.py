"""The documentation names what the code declares."""

import pytest
from django.conf import settings
from django.core.management import get_commands

from executors import kinds
from ymir_site import error_catalogue

DOCS = settings.BASE_DIR / "docs"
OUR_APPS = {"ymir_site", "accounts", "labels", "projects", "executors", "datasets", "models", "iterations"}


def test_the_error_page_is_up_to_date():
    assert (DOCS / "errors.md").read_text() == error_catalogue.as_markdown(), "run manage.py write_error_docs"


def test_every_error_has_its_own_id_words_and_status():
    declared = list(error_catalogue.error_classes())
    assert len({each.id for each in declared}) == len(declared)
    assert all(each.message and 400 <= each.status <= 599 for each in declared)


@pytest.mark.parametrize("command", sorted(name for name, app in get_commands().items() if app in OUR_APPS))
def test_every_command_is_documented(command):
    assert f"`{command}" in (DOCS / "guide" / "commands.md").read_text()


@pytest.mark.parametrize(
    "kind", [kind.name for kind in kinds.all_kinds() if not kind.name.startswith("executors_tests.")]
)
def test_every_job_kind_is_documented(kind):
    assert f"`{kind}`" in (DOCS / "development" / "jobs.md").read_text()
