"""The digest by which a built image knows the source it was built from."""

import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

from executors.runners import shipped


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in {
        "start.sh": "run",
        "code/a.py": "a = 1",
        ".dockerignore": "tests\ntools\n",
        "tests/t.py": "t",
    }.items():
        path = tmp_path / "executor" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path / "executor"


@pytest.mark.parametrize("name", ["tests/t.py", "tests/new.py", ".hidden", "code/__pycache__/a.pyc"])
def test_what_is_not_built_in_does_not_count(folder: Path, name: str) -> None:
    before = shipped.digest(folder)
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_text("other")
    assert shipped.digest(folder) == before


@pytest.mark.parametrize("name", ["start.sh", "code/a.py", "code/tests", "Dockerfile"])
def test_what_is_built_in_counts(folder: Path, name: str) -> None:
    before = shipped.digest(folder)
    (folder / name).write_text("other")
    assert shipped.digest(folder) != before


def test_builds_can_ask_for_it(folder: Path) -> None:
    command = [sys.executable, "-m", "executors.runners.shipped", str(folder)]
    answer = subprocess.run(command, cwd=settings.BASE_DIR, capture_output=True, text=True, check=True)
    assert answer.stdout == f"{shipped.digest(folder)}\n"
