"""What people do, from signing in to a model, with scripts and without."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import pytest
from playwright.sync_api import Page, expect

from datasets.scenes.sets import SceneCounts, write_scenes
from tests.browser.conftest import NARROW, Watched, sign_in
from tests.installation import Answer, wait_for

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

JOB_TIME = 120_000
"""Milliseconds that a small job may take on a busy machine."""
TRAINING = {"epochs": "30", "max_minutes": "0.15", "input_size": "160", "width": "0.5", "batch_size": "4"}


@pytest.fixture(scope="module")
def scenes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Two zips of drawn scenes, one to train on and one to validate on."""
    folder = tmp_path_factory.mktemp("scenes")
    write_scenes(folder, seed=5, counts=SceneCounts(initial=8, pool=2, validation=6, test=2))
    return {
        name: Path(shutil.make_archive(str(folder / name), "zip", folder / name)) for name in ("initial", "validation")
    }


def start_project(page: Page, classes: str = "") -> str:
    """Create a project by its form; return its address."""
    page.get_by_role("link", name="New project").first.click()
    page.get_by_label("Name").fill(f"Journey {uuid4().hex[:6]}")
    page.get_by_label("Classes").fill(classes)
    page.get_by_role("button", name="Create project").click()
    page.wait_for_url(re.compile(r"/projects/\d+/$"))
    return page.url


def upload(page: Page, project: str, name: str, file: Path) -> None:
    """Import a zip by the form; ends on the job's page."""
    page.goto(f"{project}datasets/import/")
    page.get_by_label("Dataset").fill(name)
    page.get_by_label("Zip file").set_input_files(file)
    page.get_by_role("button", name="Import", exact=True).click()
    page.wait_for_url(re.compile(r"/jobs/\d+/$"))


def follow_to_result(page: Page) -> None:
    """Wait on a job's page, which follows the job by itself, and go where its result is."""
    outcome = page.locator(".outcome")
    expect(outcome).to_be_visible(timeout=JOB_TIME)
    outcome.get_by_role("link").first.click()


def thumbnails_loaded(page: Page) -> int:
    return int(
        page.evaluate("() => [...document.querySelectorAll('figure img')].filter((image) => image.naturalWidth).length")
    )


def test_from_signing_in_to_a_model(look: Callable[..., Watched], demo: Answer, scenes: dict[str, Path]) -> None:
    watched = look(known=False)
    page = watched.page
    sign_in(page)
    project = start_project(page)
    page.get_by_role("link", name=re.compile(r"^Datasets\b")).click()
    page.get_by_role("link", name="Import images").click()
    for name in ("initial", "validation"):
        upload(page, project, name, scenes[name])
        follow_to_result(page)
        expect(page).to_have_url(re.compile(r"/dataset-versions/\d+/$"))
    expect(page.locator("figure.tile")).to_have_count(6)
    expect(page.locator("figure.tile svg.boxes path.line")).not_to_have_count(0)
    wait_for(lambda: thumbnails_loaded(page) > 0)

    merge_two(page, project)
    expect(page.locator("figure.tile")).to_have_count(14)

    page.goto(f"{project}models/")
    page.get_by_role("link", name="Train").first.click()
    fill_training(page)
    page.get_by_role("button", name="Train", exact=True).click()
    page.wait_for_url(re.compile(r"/jobs/\d+/$"))
    see_it_run(page)
    follow_to_result(page)
    expect(page).to_have_url(re.compile(r"/model-versions/\d+/$"))
    expect(page.locator("h1")).to_contain_text("parts-net v1")
    expect(page.get_by_role("link", name="Mine with v1")).to_be_visible()
    expect(page.get_by_text("best").first).to_be_visible()
    assert watched.errors == []


def merge_two(page: Page, project: str) -> None:
    page.goto(f"{project}datasets/merge/")
    for box in page.get_by_role("group", name="Versions to merge").get_by_role("checkbox").all():
        box.check()
    page.get_by_label("Dataset").fill("all")
    page.get_by_role("button", name="Merge").click()
    page.wait_for_url(re.compile(r"/jobs/\d+/$"))
    follow_to_result(page)
    expect(page.locator("h1")).to_contain_text("all v1")


def fill_training(page: Page) -> None:
    """The fields come from the image's template: numbers are numbers, switches are check boxes, no words are typed."""
    page.get_by_label("Model", exact=True).fill("parts-net")
    for label, version in (("Training set", "initial v1"), ("Validation set", "validation v1")):
        field = page.get_by_label(label)
        field.select_option(field.locator("option", has_text=version).first.get_attribute("value"))
    assert page.get_by_label("epochs").get_attribute("type") == "number"
    assert page.get_by_label("flip_horizontal").get_attribute("type") == "checkbox"
    for key, value in TRAINING.items():
        page.get_by_label(key, exact=True).fill(value)


def see_it_run(page: Page) -> None:
    """Progress, log and curves come without loading the page again."""
    status, log = page.locator("#job-status"), page.locator("#log")
    expect(status).to_contain_text("%", timeout=JOB_TIME)
    page.evaluate("() => { window.sameDocument = true }")
    before = status.inner_text(), log.inner_text()
    wait_for(lambda: status.inner_text() != before[0] and log.inner_text() != before[1])
    assert page.evaluate("() => window.sameDocument")
    expect(page.locator("#job-curves ym-line-chart").first).to_be_visible(timeout=JOB_TIME)


def test_without_scripts_the_main_ways_work(look: Callable[..., Watched], scenes: dict[str, Path]) -> None:
    page = look(scripts=False, known=False, width=NARROW).page
    sign_in(page)
    project = start_project(page, "bolt, nut")
    upload(page, project, "parts", scenes["initial"])
    result = page.locator(".outcome").get_by_role("link")
    wait_for(lambda: page.reload() and result.count(), every=0.5)
    result.first.click()
    expect(page.locator("figure.tile")).to_have_count(8)
    expect(page.locator("figure.tile svg.boxes path.line")).not_to_have_count(0)
    page.get_by_label("Filter assets").fill("class:gear")
    page.get_by_label("Filter assets").press("Enter")
    expect(page).to_have_url(re.compile("q=class"))
    assert page.locator("figure.tile").count() < 8
    page.goto(page.url.replace("class%3Agear", "class%3Abolt"))
    page.locator("figure.tile a").first.click()
    expect(page.locator(".viewer img")).to_be_visible()


def test_pressing_a_button_twice_asks_once(look: Callable[..., Watched], things: dict[str, object]) -> None:
    page = look().page
    page.goto("/projects/{project}/datasets/sample/?version={test}".format(**things))
    page.get_by_label("Number of assets").fill("2")
    page.get_by_label("Dataset", exact=True).fill("twice")
    addresses = page.evaluate(
        """async () => {
          const form = document.querySelector("main form");
          const press = () => fetch(form.action || location.href, { method: "POST", body: new FormData(form) });
          const answers = await Promise.all([press(), press()]);
          return answers.map((answer) => answer.url);
        }"""
    )
    assert re.search(r"/jobs/\d+/$", addresses[0])
    assert addresses[0] == addresses[1]


def test_keys_lead_through_images(look: Callable[..., Watched], things: dict[str, object]) -> None:
    watched = look()
    page = watched.page
    page.goto("/dataset-versions/{test}/".format(**things))
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox")).to_be_focused()
    page.keyboard.press("Escape")
    page.keyboard.press("f")
    expect(page.get_by_label("Filter assets")).to_be_focused()
    page.locator("figure.tile a").first.click()
    page.wait_for_url(re.compile("/images/"))
    first = page.url
    page.keyboard.press("ArrowRight")
    page.wait_for_url(lambda address: address != first)
    page.keyboard.press("ArrowLeft")
    page.wait_for_url(first)
    page.keyboard.press("+")
    expect(page.locator(".viewer-tools output")).not_to_have_text("100 %")
    page.keyboard.press("g")
    page.wait_for_url(re.compile(r"/dataset-versions/\d+/"))
    expect(page.locator("figure.tile").first).to_be_visible()
    assert watched.errors == []


def test_class_toggles_hide_boxes(look: Callable[..., Watched], things: dict[str, object]) -> None:
    page = look().page
    page.goto("/dataset-versions/{test}/images/{asset}/".format(**things))
    shown = page.locator(".viewer svg.boxes g:visible")
    before = shown.count()
    assert before > 0
    page.locator("aside input[data-hides]:not([data-hides=names])").first.uncheck()
    expect(shown).to_have_count(before - 1)


def test_language_and_theme_are_remembered(look: Callable[..., Watched]) -> None:
    page = look().page
    page.goto("/projects/")
    page.get_by_role("button", name="切换到中文").click()
    expect(page.locator("html")).to_have_attribute("lang", "zh-hans")
    expect(page.locator("h1")).to_have_text("项目")
    page.get_by_role("button", name="Switch to English").click()
    expect(page.locator("h1")).to_have_text("Projects")
    page.get_by_role("button", name="Light or dark").click()
    page.get_by_role("button", name="Dark", exact=True).click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
