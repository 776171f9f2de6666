"""Every page of the site, in both languages, both widths and both themes: nothing broken, nothing off the edge."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from itertools import product

import pytest

from tests.browser.conftest import NARROW, WIDE, Watched

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

LANGUAGES = {"en": (WIDE, NARROW), "zh-hans": (NARROW, WIDE)}
"""The languages, and the widths in the order seen: each page is loaded once wide and once narrow."""
CHINESE = re.compile(r"[\u4e00-\u9fff]")


@dataclass(frozen=True)
class Place:
    """A page: its address with {names} of things, its status, and whether its heading is somebody's own words."""

    address: str
    status: int = 200
    named: bool = False
    known: bool = True


PLACES = {
    "sign-in": Place("/login/", known=False),
    "projects": Place("/projects/"),
    "new-project": Place("/projects/new/"),
    "overview": Place("/projects/{project}/", named=True),
    "project-settings": Place("/projects/{project}/settings/"),
    "datasets": Place("/projects/{project}/datasets/"),
    "dataset-trash": Place("/projects/{project}/datasets/trash/"),
    "import": Place("/projects/{project}/datasets/import/"),
    "merge": Place("/projects/{project}/datasets/merge/"),
    "filter": Place("/projects/{project}/datasets/filter/?version={test}"),
    "sample": Place("/projects/{project}/datasets/sample/?version={test}"),
    "exclude": Place("/projects/{project}/datasets/exclude/?version={test}"),
    "dataset": Place("/datasets/{dataset}/", named=True),
    "version": Place("/dataset-versions/{test}/", named=True),
    "version-of-a-class": Place("/dataset-versions/{test}/?q=class:bolt", named=True),
    "statistics": Place("/dataset-versions/{test}/statistics/", named=True),
    "lineage": Place("/dataset-versions/{merged}/lineage/", named=True),
    "faults": Place("/dataset-versions/{test}/faults/", named=True),
    "export": Place("/dataset-versions/{test}/export/"),
    "image": Place("/dataset-versions/{test}/images/{asset}/", named=True),
    "models": Place("/projects/{project}/models/"),
    "model-trash": Place("/projects/{project}/models/trash/"),
    "model": Place("/model-versions/{model}/", named=True),
    "train": Place("/projects/{project}/train/"),
    "mine": Place("/projects/{project}/mine/"),
    "infer": Place("/projects/{project}/infer/"),
    "analysis": Place("/projects/{project}/analysis/"),
    "prediction": Place("/predictions/{prediction}/", named=True),
    "predicted-image": Place("/predictions/{prediction}/images/{asset}/", named=True),
    "evaluation": Place("/evaluations/{evaluation}/", named=True),
    "iterations": Place("/projects/{project}/iterations/"),
    "round": Place("/iterations/{round}/"),
    "loop-settings": Place("/projects/{project}/loop/"),
    "jobs": Place("/projects/{project}/jobs/"),
    "training-job": Place("/jobs/{training}/"),
    "import-job": Place("/jobs/{importing}/"),
    "images": Place("/images/"),
    "executor-image": Place("/images/{executor}/", named=True),
    "new-image": Place("/images/add/"),
    "compute": Place("/compute/"),
    "classes": Place("/classes/"),
    "aliases": Place("/classes/{klass}/aliases/", named=True),
    "profile": Place("/profile/", named=True),
    "password": Place("/profile/password/"),
    "nowhere": Place("/nowhere/", status=404),
    "admin": Place("/admin/"),
    "admin-jobs": Place("/admin/executors/job/"),
    "api": Place("/api/v1/docs/"),
}
FOREIGN = {"admin", "admin-jobs", "api"}
"""Pages of Django's admin and of the API browser, which have a look of their own."""


@pytest.mark.parametrize("name", PLACES)
def test_a_page_is_whole_in_both_languages_widths_and_themes(
    look: Callable[..., Watched], things: dict[str, object], name: str
) -> None:
    place, headings = PLACES[name], {}
    address = place.address.format(**things)
    for language, widths in LANGUAGES.items():
        watched = look(language=language, known=place.known, width=widths[0])
        page = watched.page
        answer = page.goto(address)
        assert answer is not None
        assert answer.status == place.status
        if name in FOREIGN:
            page.wait_for_load_state("networkidle")
        else:
            for width, theme in product(widths, ("light", "dark")):
                page.set_viewport_size({"width": width, "height": 900})
                page.evaluate("theme => { document.documentElement.dataset.theme = theme }", theme)
                assert off_the_edge(watched) == [], f"{language}, {width} px, {theme}"
            assert page.locator("html").get_attribute("lang") == language
            assert page.title().endswith("· YMIR")
            headings[language] = page.locator("h1").all_inner_texts()
            assert len(headings[language]) == 1
            assert headings[language][0].strip()
        assert watched.errors == []
    if headings and not place.named:
        assert CHINESE.search(headings["zh-hans"][0]), headings


def off_the_edge(watched: Watched) -> list[str]:
    """Return what makes the page wider than the window: the elements that reach beyond it, outermost last."""
    found: list[str] = watched.page.evaluate(
        """() => {
          const wide = document.documentElement.clientWidth;
          if (document.documentElement.scrollWidth <= wide) return [];
          return [...document.querySelectorAll("body *")]
            .filter((element) => element.getBoundingClientRect().right > wide + 1)
            .slice(-6).map((element) => `${element.tagName}.${element.className} ${element.textContent.slice(0, 40)}`)
        }"""
    )
    return found
