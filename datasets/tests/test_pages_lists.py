"""The list of datasets, a dataset's log, the trash."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from datasets import selectors
from datasets.models import DatasetVersion
from datasets.services import versions
from datasets.tests.conftest import MakeJob, MakeVersion
from projects.models import Project

SignIn = Callable[[User], Client]


@pytest.fixture
def browser(editor: User, as_user: SignIn) -> Client:
    return as_user(editor)


def listed(client: Client, project: Project, **params: str) -> str:
    """Return the list's page."""
    response = client.get(reverse("datasets:list", args=[project.pk]), params)
    assert response.status_code == 200
    return response.content.decode()


def queries(client: Client, url: str) -> int:
    """Count the queries of a page, the second time it is opened."""
    client.get(url)
    with CaptureQueriesContext(connection) as captured:
        assert client.get(url).status_code == 200
    return len(captured)


def test_a_project_without_data_says_what_to_do_first(browser: Client, project: Project) -> None:
    page = listed(browser, project)
    assert "Bring in your images" in page
    assert reverse("datasets:import", args=[project.pk]) in page


def test_the_list_shows_the_newest_version_with_its_counts(
    browser: Client, project: Project, make_version: MakeVersion
) -> None:
    make_version()
    newest = make_version(images="abcd", message="one more")
    page = listed(browser, project)
    assert reverse("datasets:version", args=[newest.pk]) in page
    assert ">v2<" in page
    assert "one more" in page
    assert page.count('class="dataset-row"') == 1


def test_the_list_is_searched_by_name(browser: Client, project: Project, make_version: MakeVersion) -> None:
    make_version("alpha")
    make_version("beta")
    page = listed(browser, project, q="ALP")
    assert "alpha" in page
    assert "beta" not in page


def test_versions_in_the_trash_are_not_listed(browser: Client, project: Project, make_version: MakeVersion) -> None:
    kept, dropped = make_version(), make_version(images="abcd")
    browser.post(reverse("datasets:hide", args=[dropped.pk]))
    page = listed(browser, project)
    assert reverse("datasets:version", args=[kept.pk]) in page
    assert "1 in the trash" in page
    browser.post(reverse("datasets:hide", args=[kept.pk]))
    assert "Bring in your images" in listed(browser, project)


def test_what_was_moved_to_the_trash_comes_back(browser: Client, project: Project, make_version: MakeVersion) -> None:
    version = make_version()
    page = browser.post(reverse("datasets:hide", args=[version.pk])).content.decode()
    assert "Undo" in page
    trash = browser.get(reverse("datasets:trash", args=[project.pk])).content.decode()
    assert "smears v1" in trash
    browser.post(reverse("datasets:restore", args=[version.pk]))
    assert DatasetVersion.objects.active().filter(pk=version.pk).exists()


def test_the_number_of_queries_does_not_grow_with_the_list(
    browser: Client, project: Project, make_version: MakeVersion
) -> None:
    url = reverse("datasets:list", args=[project.pk])
    first = make_version("set-0", parents=[make_version("pool")])
    before = queries(browser, url)
    for number in range(1, 6):
        make_version(f"set-{number}", parents=[first], operation=DatasetVersion.Operation.FILTER)
    assert queries(browser, url) == before


def test_the_number_of_queries_does_not_grow_with_the_log(browser: Client, make_version: MakeVersion) -> None:
    other = make_version("pool")
    version = make_version(parents=[other])
    url = reverse("datasets:dataset", args=[version.dataset_id])
    before = queries(browser, url)
    for letters in ("abcd", "abcde", "abcdef"):
        version = make_version(images=letters, parents=[version, other])
    assert queries(browser, url) == before


def test_the_log_says_what_made_each_version_and_what_changed(browser: Client, make_version: MakeVersion) -> None:
    pool = make_version("pool", images="abcdef")
    first = make_version(images="ab", parents=[pool], operation=DatasetVersion.Operation.SAMPLE)
    make_version(images="abcd", parents=[first, pool], operation=DatasetVersion.Operation.MERGE, message="round 1")
    page = browser.get(reverse("datasets:dataset", args=[first.dataset_id])).content.decode()
    assert "merge of v1 and pool v1" in page
    assert "sample of pool v1" in page
    assert "round 1" in page
    assert "+2" in page


def test_jobs_under_way_are_shown_with_their_progress(browser: Client, project: Project, make_job: MakeJob) -> None:
    make_job(progress=0.42, title="Import ward-b")
    make_job(state="succeeded", title="Import done")
    make_job(kind="models.train", title="Train smears")
    page = listed(browser, project)
    assert "Import ward-b" in page
    assert "42" in page
    assert "Import done" not in page
    assert "Train smears" not in page
    assert "hx-get" in page


def test_a_failed_import_says_why(browser: Client, project: Project, make_job: MakeJob) -> None:
    make_job(state="failed", title="Import broken", error_message="ward.zip cannot be read")
    assert "ward.zip cannot be read" in listed(browser, project)


def test_polling_goes_on_while_a_job_is_under_way_and_then_loads_the_page(
    browser: Client, project: Project, make_job: MakeJob
) -> None:
    url = reverse("datasets:jobs", args=[project.pk])
    job = make_job()
    assert browser.get(url).status_code == 200
    type(job).objects.filter(pk=job.pk).update(state="succeeded")
    ended = browser.get(url)
    assert ended.status_code == 286
    assert ended["HX-Refresh"] == "true"


def test_other_projects_are_not_listed(
    browser: Client, project: Project, editor: User, make_version: MakeVersion
) -> None:
    from_here = make_version("here")
    other = Project.objects.create(name="Other", created_by=editor)
    make_version("elsewhere", project=other)
    page = listed(browser, project)
    assert "elsewhere" not in page
    assert reverse("datasets:version", args=[from_here.pk]) in page


def test_a_whole_dataset_goes_to_the_trash_and_comes_back(
    browser: Client, project: Project, make_version: MakeVersion
) -> None:
    first, second, kept = make_version("ward"), make_version("ward", "ab"), make_version("kept")
    assert reverse("datasets:hide_dataset", args=[first.dataset_id]) in listed(browser, project)
    hidden = browser.post(reverse("datasets:hide_dataset", args=[first.dataset_id])).content.decode()
    assert reverse("datasets:restore_dataset", args=[first.dataset_id]) in hidden
    page = listed(browser, project)
    assert reverse("datasets:version", args=[second.pk]) not in page
    assert reverse("datasets:version", args=[kept.pk]) in page
    assert "1 in the trash" in page
    assert "in the trash" in browser.get(reverse("datasets:version", args=[first.pk])).content.decode()
    trash = reverse("datasets:trash", args=[project.pk])
    assert "ward v1" not in browser.get(trash).content.decode()
    assert ">ward<" in browser.get(trash, {"what": "datasets"}).content.decode()
    browser.post(reverse("datasets:restore_dataset", args=[first.dataset_id]))
    assert reverse("datasets:version", args=[second.pk]) in listed(browser, project)


def test_a_version_that_was_in_the_trash_before_its_dataset_stays_there(
    browser: Client, project: Project, make_version: MakeVersion
) -> None:
    first, second = make_version("ward"), make_version("ward", "ab")
    for verb, key in (("hide", first.pk), ("hide_dataset", first.dataset_id), ("restore_dataset", first.dataset_id)):
        browser.post(reverse(f"datasets:{verb}", args=[key]))
    assert list(DatasetVersion.objects.active()) == [second]


def test_a_dataset_comes_back_with_a_new_version(browser: Client, project: Project, make_version: MakeVersion) -> None:
    first = make_version("ward")
    browser.post(reverse("datasets:hide_dataset", args=[first.dataset_id]))
    second = make_version("ward", "ab")
    assert set(DatasetVersion.objects.active()) == {first, second}


def test_a_dataset_without_a_version_is_not_counted(project: Project, make_version: MakeVersion) -> None:
    make_version("ward")
    versions.dataset(project=project, name="empty", by=None)
    assert selectors.dataset_count(project) == 1
