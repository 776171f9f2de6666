"""Chromium, signed in, and an eye on everything that a page may get wrong."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Response, StorageState, sync_playwright

from tests.installation import ADMIN, PASSWORD, Answer, Installation

CHROMIUM = Path("/usr/bin/chromium")
QUIET = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync", "--disable-dev-shm-usage"),
)
WIDE, NARROW = 1280, 390


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's Chromium."""
    if not CHROMIUM.exists():
        pytest.skip(f"there is no {CHROMIUM}; `apt-get install chromium` brings it")
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"  # playwright runs an event loop in the tests' own thread
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=list(QUIET))
        yield started
        started.close()


@dataclass
class Watched:
    """A page, and all that went wrong on it since it was opened."""

    page: Page
    errors: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self.errors.append(f"script: {error}"))
        self.page.on("response", self._see)

    def _hear(self, message: ConsoleMessage) -> None:
        # What the server answers is noted by `_see`, with its address.
        if message.type in {"error", "warning"} and "Failed to load resource" not in message.text:
            self.errors.append(f"console: {message.text}")

    def _see(self, response: Response) -> None:
        if response.status >= 400 and not response.request.is_navigation_request():
            self.errors.append(f"{response.status}: {response.url}")


@pytest.fixture(scope="session")
def signed_in(browser: Browser, site: Installation) -> StorageState:
    """The cookies of the admin, who came in by the form."""
    context = browser.new_context(base_url=site.url)
    page = context.new_page()
    sign_in(page)
    state = context.storage_state()
    context.close()
    return state


def sign_in(page: Page) -> None:
    """Sign in as the admin."""
    page.goto("/login/")
    page.get_by_label("Username").fill(ADMIN)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/projects/")


@pytest.fixture
def look(browser: Browser, site: Installation, signed_in: StorageState) -> Iterator[Callable[..., Watched]]:
    """Open a browser: its width, language, theme, whether it has scripts, and whether somebody is signed in."""
    opened: list[BrowserContext] = []

    def open_one(
        *, width: int = WIDE, language: str = "en", theme: str = "light", scripts: bool = True, known: bool = True
    ) -> Watched:
        context = browser.new_context(
            base_url=site.url,
            viewport={"width": width, "height": 900},
            java_script_enabled=scripts,
            storage_state=signed_in if known else None,
            reduced_motion="reduce",
        )
        context.add_cookies(
            [
                {"name": "django_language", "value": language, "url": site.url},
                {"name": "theme", "value": theme, "url": site.url},
            ]
        )
        opened.append(context)
        return Watched(context.new_page())

    yield open_one
    for context in opened:
        context.close()


@pytest.fixture(scope="session")
def things(site: Installation, demo: Answer) -> dict[str, object]:
    """The numbers of what the addresses name."""
    versions = {each["ref"]: each for each in site.listed(f"dataset-versions/?project={demo['id']}")}
    jobs = site.listed(f"jobs/?project={demo['id']}&state=succeeded")
    test = versions["test@1"]
    prediction = site.listed(f"predictions/?project={demo['id']}")[-1]
    return {
        "project": demo["id"],
        "test": test["id"],
        "dataset": test["dataset_id"],
        "merged": versions["training@2"]["id"],
        "asset": site.api(f"dataset-versions/{test['id']}/assets/?limit=1")[1]["results"][0]["asset"],
        "model": next(each["id"] for each in site.listed("model-versions/") if each["ref"] == "detector@2"),
        "prediction": prediction["id"],
        "evaluation": site.listed(f"evaluations/?project={demo['id']}")[-1]["id"],
        "round": 2,
        "training": next(each["id"] for each in jobs[::-1] if each["kind"] == "models.train"),
        "importing": next(each["id"] for each in jobs[::-1] if each["kind"] == "datasets.import"),
        "executor": next(each["id"] for each in site.listed("executor-images/") if each["reference"] == "detector"),
        "klass": 1,
    }
