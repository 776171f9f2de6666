"""The commands of datasets, as people type them: what they print, how they end, and that their results agree."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tests.installation import Answer, Installation

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

VERSION_KEYS = {
    *("dataset", "version", "ref", "content_id", "asset_count", "annotation_count", "class_counts"),
    *("parents", "operation", "params", "message", "faults"),
}


def version_of(site: Installation, project: str, command: str, *words: object) -> Answer:
    answer = site.done(command, "--project", project, *words, "--wait")
    assert set(answer.facts or {}) >= {*VERSION_KEYS, "job"}
    return answer


@pytest.fixture(scope="module")
def made(site: Installation, project: str, packages: dict[str, Path]) -> dict[str, Answer]:
    """The packages as versions of three datasets."""
    with ThreadPoolExecutor(3) as pool:
        answers = pool.map(
            lambda item: version_of(site, project, "import_dataset", "--name", item[0], item[1]), packages.items()
        )
        return dict(zip(packages, answers, strict=True))


def test_an_import_says_what_came_in(made: dict[str, Answer]) -> None:
    first = made["first"]
    assert (first["dataset"], first["version"], first["ref"], first["operation"]) == ("first", 1, "first@1", "import")
    assert (first["asset_count"], first["annotation_count"]) == (3, 3)
    assert first["class_counts"] == {"cat": 1, "dog": 2}
    assert (first["parents"], first["faults"]) == ([], [])
    assert made["third"]["class_counts"] == {"cat": 1, "dog": 1}


def test_without_wait_the_job_is_named(site: Installation, project: str, packages: dict[str, Path]) -> None:
    submitted = site.done("import_dataset", "--project", project, "--name", "later", packages["first"])
    assert set(submitted.facts or {}) == {"job", "state"}
    assert submitted["state"] == "pending"
    assert site.api(f"jobs/{submitted['job']}/")[1]["kind"] == "datasets.import"


def test_the_blood_cells_come_in_but_for_two_boxes(site: Installation, project: str, bccd: Path) -> None:
    cells = version_of(site, project, "import_dataset", "--name", "bccd", bccd)
    assert (cells["asset_count"], cells["annotation_count"]) == (364, 4886)
    assert [Path(fault["file"]).stem for fault in cells["faults"]] == ["BloodImage_00338", "BloodImage_00343"]
    assert {fault["reason"] for fault in cells["faults"]} == {"empty_box"}


@pytest.mark.parametrize("end", ["newest", "oldest"])
def test_a_merge_unites_and_one_side_wins(site: Installation, project: str, made: dict[str, Answer], end: str) -> None:
    merged = version_of(
        site, project, "merge_datasets", "--name", f"merged-{end}", "first@1", "second", "--strategy", end
    )
    assert merged["asset_count"] == 4
    assert merged["class_counts"] == ({"cat": 3, "dog": 1} if end == "newest" else {"cat": 2, "dog": 3})
    assert merged["parents"] == ["first@1", "second@1"]
    assert (merged["operation"], merged["params"]["strategy"]) == ("merge", end)


def test_a_merge_told_to_stop_names_the_conflict(site: Installation, project: str, made: dict[str, Answer]) -> None:
    words = ("--project", project, "--name", "stopped", "first", "second", "--strategy", "stop", "--wait")
    refused = site.command("merge_datasets", *words)
    assert refused.code == 1
    assert refused["error"]["id"] == "datasets.merge_conflict"
    missing = site.command("dataset_log", "--project", project, "stopped")
    assert (missing.code, missing["error"]["id"]) == (1, "datasets.version_not_found")


def test_a_filter_keeps_assets_with_all_their_annotations(
    site: Installation, project: str, made: dict[str, Answer]
) -> None:
    with ThreadPoolExecutor(2) as pool:
        ways = [("dogs", "second", "--classes", "dog"), ("no-dogs", "first", "--exclude-classes", "dog")]
        dogs, without = pool.map(lambda way: version_of(site, project, "filter_dataset", "--name", *way), ways)
    assert (dogs["asset_count"], dogs["class_counts"]) == (1, {"cat": 1, "dog": 1})
    assert dogs["params"] == {"classes": ["dog"], "exclude_classes": []}
    assert (without["asset_count"], without["class_counts"]) == (2, {"cat": 1})


def test_the_same_seed_draws_the_same(site: Installation, project: str, made: dict[str, Answer]) -> None:
    sizes = [("--count", 2), ("--count", 2), ("--share", 0.67)]
    with ThreadPoolExecutor(3) as pool:
        drawn = list(
            pool.map(
                lambda size: version_of(
                    site, project, "sample_dataset", "--name", "drawn", "first@1", *size, "--seed", 7
                ),
                sizes,
            )
        )
    assert {each["asset_count"] for each in drawn} == {2}
    assert len({each["content_id"] for each in drawn}) == 1
    assert sorted(each["version"] for each in drawn) == [1, 2, 3]


def test_an_exclusion_leaves_out_what_others_hold(site: Installation, project: str, made: dict[str, Answer]) -> None:
    rest = version_of(site, project, "exclude_dataset", "--name", "rest", "first", "second", "--message", "no twins")
    assert (rest["asset_count"], rest["class_counts"], rest["message"]) == (2, {"cat": 1}, "no twins")
    assert rest["parents"] == ["first@1", "second@1"]
    nothing = site.command("exclude_dataset", "--project", project, "--name", "none", "first", "first", "--wait")
    assert nothing.code == 1
    assert nothing["error"]["id"] == "datasets.nothing_left"


@pytest.mark.parametrize(("format_name", "end"), [("voc", ""), ("coco", ".zip")])
def test_what_is_exported_comes_in_as_the_same_content(
    site: Installation, project: str, made: dict[str, Answer], tmp_path: Path, format_name: str, end: str
) -> None:
    target = tmp_path / f"out{end}"
    words = ("--project", project, "first@1", "--format", format_name, target)
    written = site.done("export_dataset", *words)
    assert (written["version"], written["format"], written["path"]) == ("first@1", format_name, str(target))
    again = version_of(site, project, "import_dataset", "--name", f"again-{format_name}{end}", target)
    assert again["content_id"] == made["first"]["content_id"]
    assert again["faults"] == []
    if not end:
        refused = site.command("export_dataset", *words)
        assert (refused.code, refused["error"]["id"]) == (1, "datasets.target_exists")


def test_a_coco_export_is_what_other_programs_read(
    site: Installation, project: str, made: dict[str, Answer], tmp_path: Path
) -> None:
    words = ("--format", "coco", tmp_path / "out", "--annotations-only")
    site.done("export_dataset", "--project", project, "third", *words)
    [file] = (tmp_path / "out").rglob("*.json")
    content: dict[str, list[dict[str, Any]]] = json.loads(file.read_text())
    assert {image["file_name"] for image in content["images"]} == {"e.jpg", "f.jpg"}
    assert [20.0, 30.0] in [annotation["bbox"][2:] for annotation in content["annotations"]]
    assert not list((tmp_path / "out").rglob("*.jpg"))


def test_unknown_classes_are_added_ignored_or_stop_the_import(site: Installation, packages: dict[str, Path]) -> None:
    name = f"Classes {uuid4().hex[:6]}"
    site.done("create_project", name, "--classes", "cat")
    words = ("import_dataset", "--project", name, "--wait", packages["first"])
    stopped = site.command(*words, "--name", "stop", "--unknown", "stop")
    assert (stopped.code, stopped["error"]["id"]) == (1, "datasets.unknown_classes")
    assert "dog" in stopped["error"]["message"]
    ignored = site.done(*words, "--name", "ignored", "--unknown", "ignore")
    assert (ignored["asset_count"], ignored["class_counts"]) == (3, {"cat": 1})
    added = site.done(*words, "--name", "added", "--unknown", "add")
    assert added["class_counts"] == {"cat": 1, "dog": 2}
    [found] = [each for each in site.listed("projects/") if each["name"] == name]
    assert found["classes"] == ["cat", "dog"]


REFUSED = {
    "projects.not_found": ("dataset_log", "--project", "nowhere", "first"),
    "datasets.version_not_found": ("sample_dataset", "--name", "x", "first@99", "--count", 1),
    "datasets.bad_name": ("filter_dataset", "--name", "a/b", "first", "--classes", "cat"),
    "datasets.source_not_found": ("import_dataset", "--name", "x", "/nowhere/at/all"),
}


def test_a_refusal_carries_its_id_and_a_next_step(site: Installation, project: str, made: dict[str, Answer]) -> None:
    def ask(command: str, *words: object) -> Answer:
        return site.command(command, *(() if "--project" in words else ("--project", project)), *words)

    with ThreadPoolExecutor(3) as pool:
        answers = list(pool.map(lambda words: ask(*words), REFUSED.values()))
    for error, answer in zip(REFUSED, answers, strict=True):
        assert answer.code == 1
        assert set(answer.facts or {}) == {"error"}
        assert answer["error"]["id"] == error
        assert answer["error"]["message"]
        assert answer["error"]["hint"]
        assert error in answer.stderr


WRONG_USES = [
    ("import_dataset", "--project", "P", "--name", "N"),
    ("merge_datasets", "--project", "P", "--name", "N", "A", "--strategy", "best"),
    ("sample_dataset", "--project", "P", "--name", "N", "A", "--count", "1", "--share", "0.5"),
    ("quickstart", "--data", "/nowhere/at/all"),
]


def test_wrong_use_ends_with_two_and_prints_no_object(site: Installation) -> None:
    with ThreadPoolExecutor(3) as pool:
        answers = list(pool.map(lambda words: site.command(*words), WRONG_USES))
    for answer in answers:
        assert (answer.code, answer.facts) == (2, None)
        assert answer.stderr


def test_merges_at_the_same_time_get_numbers_of_their_own(
    site: Installation, project: str, made: dict[str, Answer]
) -> None:
    pairs = [("first", "second"), ("second", "third"), ("third", "first")]
    with ThreadPoolExecutor(3) as pool:
        answers = list(
            pool.map(lambda pair: version_of(site, project, "merge_datasets", "--name", "at-once", *pair), pairs)
        )
    assert sorted(each["version"] for each in answers) == [1, 2, 3]
    log = site.done("dataset_log", "--project", project, "at-once")
    assert [each["version"] for each in log["versions"]] == [3, 2, 1]


def test_asking_twice_with_one_key_gives_one_job(site: Installation, project: str, made: dict[str, Answer]) -> None:
    path, key = f"dataset-versions/{made['first']['id']}/sample/", uuid4().hex
    body = {"name": "once", "count": 2, "seed": 1}
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda _: site.api(path, body, **{"Idempotency-Key": key}), range(2)))
    assert [status for status, _body in answers] == [202, 202]
    assert len({found["job"]["id"] for _status, found in answers}) == 1
