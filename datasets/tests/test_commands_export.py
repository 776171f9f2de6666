"""The export command at places where nothing can be written."""

import os

import pytest
from django.core.management import call_command

pytestmark = pytest.mark.django_db


def export(project, version, path):
    words = ("export_dataset", "--project", str(project.pk), version.ref, "--format", "voc", str(path), "--wait")
    try:
        call_command(*words)
    except SystemExit as ended:
        return ended.code
    return 0


def test_a_place_below_a_file_is_refused_in_words(project, make_version, tmp_path, capsys):
    (tmp_path / "file").write_text("x")
    for path in (tmp_path / "file" / "out", tmp_path / "file" / "deep" / "out.zip"):
        assert export(project, make_version(), path) == 1
        assert "datasets.cannot_write" in capsys.readouterr().err


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_may_not_be_written_is_refused_in_words(project, make_version, tmp_path, capsys):
    tmp_path.chmod(0o500)
    assert export(project, make_version(), tmp_path / "out") == 1
    assert "datasets.cannot_write" in capsys.readouterr().err


def test_a_place_that_cannot_be_made_is_refused_in_words(project, make_version, capsys):
    assert export(project, make_version(), "/proc/nothing/out") == 1
    assert "datasets.cannot_write" in capsys.readouterr().err
