"""The pages of one dataset version."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from datasets.models import DatasetVersion
from datasets.services import versions
from datasets.tests.conftest import MakeJob, MakeVersion
from executors.models import Job

LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
SignIn = Callable[[User], Client]
Operation = DatasetVersion.Operation


@pytest.fixture
def browser(editor: User, as_user: SignIn) -> Client:
    return as_user(editor)


def open_grid(client: Client, version: DatasetVersion, **params: object) -> HttpResponse:
    """Open the version's grid."""
    return client.get(reverse("datasets:version", args=[version.pk]), params)


def captions(response: HttpResponse) -> list[str]:
    """Return the names under the photographs, in order."""
    return re.findall(r'<figcaption>\s*<span class="mono">([^<]*)</span>', response.content.decode())


def test_the_grid_shows_every_image_with_boxes_in_class_colors(browser: Client, make_version: MakeVersion) -> None:
    response = open_grid(browser, make_version())
    assert sorted(captions(response)) == ["a", "b", "c"]
    page = response.content.decode()
    assert '<g class="c1" data-class="0"' in page
    assert '<g class="c2" data-class="1"' in page
    assert "2 boxes" in page
    assert "no boxes" in page


def test_classes_outside_the_project_follow_its_own(browser: Client, make_version: MakeVersion) -> None:
    version = make_version(boxes=[("a", "Zebra", 1, 1, 9, 9), ("a", "Ant", 1, 1, 9, 9)])
    page = open_grid(browser, version).content.decode()
    assert '<span class="cls c3">Ant</span>' in page
    assert '<span class="cls c4">Zebra</span>' in page


def test_ticks_and_the_filter_line_choose_the_same_images(browser: Client, make_version: MakeVersion) -> None:
    version = make_version()
    assert captions(open_grid(browser, version, **{"class": "WBC"})) == ["a"]
    assert captions(open_grid(browser, version, q="class:WBC")) == ["a"]
    ticked = open_grid(browser, version, **{"class": ["RBC", "WBC"]})
    assert sorted(captions(ticked)) == ["a", "b"]
    assert 'value="class:RBC class:WBC"' in ticked.content.decode()


def test_a_filter_ticks_its_classes_and_says_how_many_match(browser: Client, make_version: MakeVersion) -> None:
    page = open_grid(browser, make_version(), q="class:WBC boxes:>=2").content.decode()
    assert re.search(r'value="WBC"[^>]*checked', page)
    assert not re.search(r'value="RBC"[^>]*checked', page)
    assert "1 of 3" in page
    assert 'name="q" value="boxes:&gt;=2"' in page


def test_a_filter_that_matches_nothing_leads_back(browser: Client, make_version: MakeVersion) -> None:
    page = open_grid(browser, make_version(), q="class:Nothing").content.decode()
    assert "No asset matches" in page
    assert "Show all 3 assets" in page


def test_a_bad_filter_is_named(browser: Client, make_version: MakeVersion) -> None:
    response = open_grid(browser, make_version(), q="color:red")
    assert response.status_code == 422
    assert "“color:red” is no filter" in response.content.decode()
    assert 'value="color:red"' in response.content.decode()


@pytest.mark.parametrize("params", [{"page": "x"}, {"page": "-1"}, {"page": "9999999"}, {"sort": "x"}, {"size": "x"}])
def test_what_makes_no_sense_in_the_address_is_as_if_it_were_not_there(
    params: dict[str, str], browser: Client, make_version: MakeVersion
) -> None:
    assert len(captions(open_grid(browser, make_version(), **params))) == 3


def test_images_are_sorted(browser: Client, make_version: MakeVersion) -> None:
    version = make_version()
    assert captions(open_grid(browser, version, sort="name")) == ["a", "b", "c"]
    assert captions(open_grid(browser, version, sort="most")) == ["a", "b", "c"]
    assert captions(open_grid(browser, version, sort="fewest")) == ["c", "b", "a"]


def test_pages_follow_each_other(browser: Client, make_version: MakeVersion) -> None:
    version = make_version(images=LETTERS, boxes=[])
    first, third = (captions(open_grid(browser, version, sort="name", page=page)) for page in (1, 3))
    assert first == sorted(LETTERS)[:24]
    assert third == sorted(LETTERS)[48:]
    assert len(captions(open_grid(browser, version, size="s"))) == 52


def test_the_grid_links_to_images_within_its_filter(browser: Client, make_version: MakeVersion) -> None:
    page = open_grid(browser, make_version(), q="class:WBC", sort="name").content.decode()
    assert re.search(r'/images/[0-9a-f]{64}/\?q=class%3AWBC&amp;sort=name"', page)


def test_the_number_of_queries_is_the_same_for_any_number_of_images_and_versions(
    browser: Client, make_version: MakeVersion
) -> None:
    def count(version: DatasetVersion) -> int:
        open_grid(browser, version, size="s")
        with CaptureQueriesContext(connection) as captured:
            open_grid(browser, version, size="s")
        return len(captured)

    small = make_version("small", images="a", parents=[make_version("pool")])
    version = make_version("large", images=LETTERS, parents=[small])
    for _number in range(3):
        version = make_version("large", images=LETTERS, parents=[version, small])
    assert count(version) == count(small)


def test_a_mined_version_shows_scores_highest_first(
    browser: Client, make_version: MakeVersion, make_job: MakeJob, data_root: Path
) -> None:
    job = make_job(kind="models.mine", state="succeeded")
    version = make_version("mined", boxes=[], operation=Operation.MINE, job=job)
    found = versions.load(version)
    ranked = dict(zip(found.assets["file_name"], found.hex(), strict=True))
    (data_root / "scores").mkdir()
    scores = {"asset": [ranked["b.jpg"], ranked["a.jpg"], ranked["c.jpg"]], "score": [0.9, 0.5, 0.1]}
    pl.DataFrame(scores).write_parquet(data_root / "scores" / f"{job.pk}.parquet")
    response = open_grid(browser, version)
    assert captions(response) == ["b", "a", "c"]
    assert "0.900" in response.content.decode()
    assert captions(open_grid(browser, version, sort="name")) == ["a", "b", "c"]
    assert captions(browser.get(reverse("datasets:strip", args=[version.pk]))) == ["b", "a", "c"]


def test_an_empty_version_says_so(browser: Client, make_version: MakeVersion) -> None:
    assert "This version has no assets" in open_grid(browser, make_version(images="", boxes=[])).content.decode()


def test_a_version_without_boxes_can_be_looked_at(browser: Client, make_version: MakeVersion) -> None:
    version = make_version(boxes=[])
    assert len(captions(open_grid(browser, version))) == 3
    assert browser.get(reverse("datasets:statistics", args=[version.pk])).status_code == 200


def test_statistics_count_boxes_and_images_of_each_class(browser: Client, make_version: MakeVersion) -> None:
    page = browser.get(reverse("datasets:statistics", args=[make_version().pk])).content.decode()
    assert re.search(r'RBC</span></a></td>\s*<td class="num">2</td>', page)
    assert "100 × 80" in page
    assert "Box size, 3 boxes" in page


def write_report(version: DatasetVersion, faults: list[dict[str, object]], notices: list[dict[str, object]]) -> None:
    """Write the report of the import that made a version."""
    assert version.job_id is not None
    path = versions.report_file(version.job_id)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"faults": faults, "notices": notices}))


@pytest.fixture
def imported(make_version: MakeVersion, make_job: MakeJob) -> DatasetVersion:
    """An import with two faults and a notice."""
    version = make_version(job=make_job(state="succeeded"), fault_count=2)
    write_report(
        version,
        [
            {"file": "annotations/a.xml", "reason": "empty_box", "detail": "width 0", "line": 12, "object": 3},
            {"file": "images/<b>.jpg", "reason": "truncated_image"},
        ],
        [{"file": "=cmd()|x.png", "reason": "wrong_extension", "detail": "the file is a jpeg image"}],
    )
    return version


def test_faults_are_named_grouped_and_searched(browser: Client, imported: DatasetVersion) -> None:
    url = reverse("datasets:faults", args=[imported.pk])
    page = browser.get(url).content.decode()
    assert "annotations/a.xml" in page
    assert "images/&lt;b&gt;.jpg" in page
    assert "box without area" in page
    assert "truncated image" in browser.get(url, {"reason": "truncated_image"}).content.decode()
    assert "annotations/a.xml" not in browser.get(url, {"reason": "truncated_image"}).content.decode()
    assert "annotations/a.xml" not in browser.get(url, {"q": "extension"}).content.decode()
    assert "Nothing in the report matches" in browser.get(url, {"q": "zzz"}).content.decode()


def test_the_report_can_be_taken_away_without_running_anything(browser: Client, imported: DatasetVersion) -> None:
    response = browser.get(reverse("datasets:faults_csv", args=[imported.pk]))
    lines = b"".join(response.streaming_content).decode().splitlines()  # type: ignore[attr-defined]
    assert lines[0] == "kind,reason,file,line,object,detail"
    assert lines[1] == "fault,empty_box,annotations/a.xml,12,3,width 0"
    assert lines[3].startswith("notice,wrong_extension,'=cmd()")
    assert response["Content-Disposition"] == 'attachment; filename="smears-v1-report.csv"'


def test_details_are_told_in_the_language_of_the_reader(browser: Client, imported: DatasetVersion) -> None:
    detail = {"text": "Job {number} is over already.", "values": {"number": 7}}
    write_report(imported, [{"file": "a.xml", "reason": "empty_box", "detail": detail}], [])
    url = reverse("datasets:faults", args=[imported.pk])
    assert "Job 7 is over already." in browser.get(url).content.decode()
    assert "任务 7 已结束。" in browser.get(url, headers={"Accept-Language": "zh-hans"}).content.decode()
    api = f"/api/v1/dataset-versions/{imported.pk}/"
    assert browser.get(api, headers={"Accept-Language": "zh-hans"}).json()["faults"][0]["detail"] == "任务 7 已结束。"


@pytest.mark.parametrize("page", ["datasets:version", "datasets:faults", "executors:job"])
def test_faults_and_added_classes_are_told_wherever_an_import_is_shown(
    page: str, browser: Client, imported: DatasetVersion
) -> None:
    added = [f"class-{number:02}" for number in range(12)]
    DatasetVersion.objects.update(params={"classes_added": added})
    Job.objects.update(result={"type": "dataset_version", "id": imported.pk})
    shown = browser.get(reverse(page, args=[imported.job_id if page == "executors:job" else imported.pk]))
    text = shown.content.decode()
    assert f'<a href="{reverse("datasets:faults", args=[imported.pk])}">2 faults left out</a>' in text
    assert "12 classes added: class-00, class-01" in text
    assert "class-09 and 2 more" in text


def test_only_imports_have_a_report(browser: Client, make_version: MakeVersion) -> None:
    version = make_version(parents=[make_version("pool")], operation=Operation.SAMPLE)
    assert browser.get(reverse("datasets:faults", args=[version.pk])).status_code == 404
    assert "Faults" not in open_grid(browser, version).content.decode()


def test_lineage_leads_to_parents_and_children(browser: Client, make_version: MakeVersion) -> None:
    pool = make_version("pool", images="abcdef")
    first = make_version(images="ab", parents=[pool], operation=Operation.SAMPLE)
    second = make_version(images="abc", parents=[first, pool], operation=Operation.MERGE)
    page = browser.get(reverse("datasets:lineage", args=[first.pk])).content.decode()
    assert "smears v1 comes from pool v1 and went into smears v2." in page
    for relative in (pool, second):
        assert reverse("datasets:version", args=[relative.pk]) in page


def test_the_number_of_queries_does_not_grow_with_the_lineage(browser: Client, make_version: MakeVersion) -> None:
    version = make_version(parents=[make_version("pool")])

    def count() -> int:
        with CaptureQueriesContext(connection) as captured:
            browser.get(reverse("datasets:lineage", args=[version.pk]))
        return len(captured)

    count()
    before = count()
    child = version
    for _number in range(4):
        child = make_version(parents=[child, version], operation=Operation.MERGE)
    assert count() == before


def test_a_version_in_the_trash_says_so_and_comes_back(browser: Client, make_version: MakeVersion) -> None:
    version = make_version()
    browser.post(reverse("datasets:hide", args=[version.pk]))
    page = open_grid(browser, version).content.decode()
    assert "in the trash" in page
    assert reverse("datasets:restore", args=[version.pk]) in page
    assert browser.post(reverse("datasets:restore", args=[version.pk])).status_code == 302
