"""What the import command says to people."""

import pytest
from django.core.management import load_command_class
from django.urls import reverse

FACTS = {"job": 3, "ref": "smears@1", "id": 7, "asset_count": 364}


def fault(number):
    return {"file": f"a/{number}.xml", "reason": "empty_box", "detail": "0 × 4", "line": None, "object": "RBC"}


def said(faults):
    return load_command_class("datasets", "import_dataset").describe({**FACTS, "faults": faults}).splitlines()


def test_faults_are_listed_by_file_and_reason():
    lines = said([fault(1), {**fault(2), "line": 12, "reason": "malformed_json", "detail": ""}])
    assert lines[:4] == ["job: 3", "ref: smears@1", "id: 7", "asset_count: 364"]
    assert lines[4] == "left out:"
    assert lines[5].startswith("  a/1.xml: ")
    assert lines[5].endswith(" (0 × 4)")
    assert lines[6].startswith("  a/2.xml:12: ")
    assert len(lines) == 7


@pytest.mark.parametrize(("count", "more"), [(20, ""), (21, "and 1 more"), (5000, "and 4980 more")])
def test_only_the_first_twenty_are_listed(count, more):
    lines = said([fault(number) for number in range(count)])
    assert sum(line.startswith("  a/") for line in lines) == 20
    assert lines[-1].startswith(more or "  a/19.xml")
    assert (reverse("datasets:faults", args=[7]) in lines[-1]) == bool(more)


def test_an_import_without_faults_says_nothing_of_them():
    assert said([]) == ["job: 3", "ref: smears@1", "id: 7", "asset_count: 364"]


def test_what_was_ignored_is_counted_by_class():
    facts = {**FACTS, "faults": [], "classes_ignored": {"dog": 10, "cat": 2}}
    lines = load_command_class("datasets", "import_dataset").describe(facts).splitlines()
    assert lines[-1] == "12 annotations of classes that the project does not have were left out: dog 10, cat 2"
