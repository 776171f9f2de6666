"""The pictures of the README: the sample project's home page in both languages, written on request."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.browser.conftest import Watched
from tests.installation import ROOT, Answer

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]

IMAGES = ROOT / "docs" / "img"


@pytest.mark.parametrize(("file", "language"), [("overview.png", "en"), ("overview-zh.png", "zh-hans")])
def test_the_home_page_is_pictured(
    look: Callable[..., Watched], demo: Answer, tmp_path: Path, file: str, language: str
) -> None:
    """With YMIR_WRITE_SCREENSHOTS=1 the pictures in docs/img are replaced; on a full demo's site (YMIR_TEST_SITE)."""
    folder = IMAGES if os.environ.get("YMIR_WRITE_SCREENSHOTS") == "1" else tmp_path
    watched = look(language=language)
    watched.page.goto(demo["address"])
    watched.page.screenshot(path=folder / file, full_page=True, animations="disabled")
    assert (folder / file).stat().st_size > 10_000
    assert watched.errors == []
