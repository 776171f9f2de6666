"""Asking for a filter: what names no class, or keeps everything, is refused before a job starts."""

import pytest

from datasets.services import operations
from executors.models import Job

pytestmark = pytest.mark.django_db


@pytest.fixture
def ask(project, owner, make_version):
    source = make_version()

    def submit(**values):
        return operations.submit_filter(project=project, name="x", source=source, by=owner, **values)

    return submit


@pytest.mark.parametrize("which", ["classes", "exclude_classes"])
def test_a_class_that_is_none_is_refused_with_the_nearest(ask, which):
    with pytest.raises(operations.UnknownClass) as caught:
        ask(**{which: ["rbcs"]})
    assert "rbcs" in caught.value.text()
    assert "Did you mean “RBC”?" in caught.value.advice()
    assert not Job.objects.filter(kind="datasets.filter").exists()


def test_a_filter_without_a_condition_is_refused(ask):
    with pytest.raises(operations.NoCondition):
        ask()
    assert ask(classes=["RBC"]).kind == "datasets.filter"
