"""The scripts in tools/."""

import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import polib
import pytest

TOOLS = Path(__file__).resolve().parent.parent.parent / "tools"


def load(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, TOOLS / f"{name}.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def catalogue(tmp_path: Path) -> Path:
    folder = tmp_path / "zh_Hans" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    return folder / "django.po"


def save(path: Path, *entries: polib.POEntry) -> None:
    file = polib.POFile()
    file.metadata = {"Content-Type": "text/plain; charset=UTF-8", "Plural-Forms": "nplurals=1; plural=0;"}
    file.extend(entries)
    file.save(str(path))


def test_translations_are_compiled_once(catalogue: Path, tmp_path: Path) -> None:
    compile_messages = load("compile_messages")
    save(catalogue, polib.POEntry(msgid="Train", msgstr="训练"))
    assert compile_messages.compile_all(tmp_path) == 1
    assert compile_messages.compile_all(tmp_path) == 0
    assert polib.mofile(str(catalogue.with_suffix(".mo")))[0].msgstr == "训练"


@pytest.mark.parametrize(
    ("entry", "fault"),
    [
        (polib.POEntry(msgid="Train"), "not translated"),
        (polib.POEntry(msgid="Train", msgstr="训练", flags=["fuzzy"]), "marked fuzzy"),
        (polib.POEntry(msgid="{count} images", msgstr="图像"), "fields differ"),
        (polib.POEntry(msgid="%(n)s images", msgstr="%(m)s 图像"), "fields differ"),
        (polib.POEntry(msgid="one", msgid_plural="{n} images", msgstr_plural={0: "图像"}), "fields differ"),
    ],
)
def test_a_missing_or_wrong_translation_is_found(catalogue: Path, entry: polib.POEntry, fault: str) -> None:
    save(catalogue, entry, polib.POEntry(msgid="{n} boxes", msgstr="{n} 个框"))
    found = load("check_messages").faults(catalogue)
    assert len(found) == 1
    assert fault in found[0]


def test_local_folders_of_pip_are_found(tmp_path: Path) -> None:
    (tmp_path / "index" / "simple").mkdir(parents=True)
    (tmp_path / "wheels").mkdir()
    settings = {
        "PIP_INDEX_URL": f"file://{tmp_path}/index/simple",
        "PIP_FIND_LINKS": f"{tmp_path}/wheels https://example.org/wheels {tmp_path}/absent",
    }
    assert load("gather_wheels").local_folders(settings) == {tmp_path / "index", tmp_path / "wheels"}


def test_a_failing_test_fails_the_suite_and_is_counted(tmp_path: Path) -> None:
    report = tmp_path / "report.xml"
    (tmp_path / "test_two.py").write_text("def test_a(): pass\ndef test_b(): assert False\n")
    words = ["-q", "-p", "no:cacheprovider", "-p", "no:django", "-c", "/dev/null", f"--junitxml={report}"]
    command = [sys.executable, "-m", "pytest", *words, str(tmp_path)]
    subprocess.run(command, cwd=tmp_path, capture_output=True, check=False)
    assert load("run_tests")._counts(report) == {"passed": 1, "failed": 1}
