"""What an operator reads agrees with what the programs read."""

import re
import subprocess
from pathlib import Path

import pytest

from ymir_site.launcher import environment

ROOT = Path(__file__).resolve().parent.parent.parent
READ_BY_SETTINGS = re.compile(r"env_(?:str|int|bool|path|list|secret)\(\s*\"([A-Z_]+)\"")
READ_BY_LAUNCHER = re.compile(r"environ\.get\(\"([A-Z_]+)\"\)")


def settings_read() -> set[str]:
    sources = [ROOT / "ymir_site" / "settings.py", *sorted((ROOT / "ymir_site" / "launcher").glob("*.py"))]
    return {
        name
        for source in sources
        for form in (READ_BY_SETTINGS, READ_BY_LAUNCHER)
        for name in form.findall(source.read_text())
    }


@pytest.mark.parametrize("document", [".env.example", "docs/operate/configure.md"])
def test_every_setting_is_explained(document: str) -> None:
    words = set(re.findall(r"[A-Z_]{4,}", (ROOT / document).read_text()))
    assert settings_read() - words == set()


def test_every_variable_of_compose_is_explained() -> None:
    text = (ROOT / "compose.yaml").read_text() + (ROOT / "compose.gpu.yaml").read_text()
    used = set(re.findall(r"\$\{([A-Z_]+)", text)) - {"YMIR_ENV_FILE"}
    assert used - set(re.findall(r"[A-Z_]{4,}", (ROOT / ".env.example").read_text())) == set()


def test_the_example_is_a_valid_settings_file() -> None:
    assert environment.read(ROOT / ".env.example")["YMIR_PORT"] == "12001"


def test_make_lists_every_target_it_documents() -> None:
    shown = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for target in ("demo", "start", "stop", "status", "test", "test-fast", "check", "images", "clean"):
        assert f"make {target}" in shown


def test_shell_scripts_parse() -> None:
    for script in [ROOT / ".ci" / "run", *sorted((ROOT / "tools").glob("*.sh"))]:
        subprocess.run(["bash", "-n", script], check=True)
