"""The sample project's loop, from `quickstart` to the next round: what `make demo` does, at a tenth of its size."""

from typing import Any

import pytest

from tests.installation import Answer, Installation, wait_for

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

CLASSES = ["bolt", "washer", "gear", "nut", "wing nut", "lock washer"]
INITIAL, POOL, VALIDATION, TEST = 12, 40, 12, 16
"""Assets of the quick scale."""
VERSIONS = {
    "training@1": ("import", INITIAL, []),
    "validation@1": ("import", VALIDATION, []),
    "test@1": ("import", TEST, []),
    "pool-truth@1": ("import", POOL, []),
    "pool@1": ("prepare", POOL, ["pool-truth@1"]),
    "candidates@1": ("prepare", POOL, ["pool@1", "training@1", "validation@1", "test@1"]),
    "mined@1": ("mine", INITIAL, ["candidates@1"]),
    "labeled@1": ("label", INITIAL, ["mined@1", "pool-truth@1"]),
    "training@2": ("merge", 2 * INITIAL, ["training@1", "labeled@1"]),
    "candidates-random@1": ("prepare", POOL, ["pool@1", "training@1", "validation@1", "test@1"]),
    "random@1": ("sample", INITIAL, ["candidates-random@1"]),
    "labeled-random@1": ("label", INITIAL, ["random@1", "pool-truth@1"]),
    "training-random@1": ("merge", 2 * INITIAL, ["training@1", "labeled-random@1"]),
}


def dataset_versions(site: Installation, demo: Answer) -> dict[str, dict[str, Any]]:
    return {each["ref"]: each for each in site.listed(f"dataset-versions/?project={demo['id']}")}


def test_the_table_has_a_row_for_each_round_and_both_arms(demo: Answer) -> None:
    assert set(demo.facts or {}) == {"project", "id", "address", "seconds", "rounds"}
    assert demo["project"] == "Workbench parts"
    rows = demo["rounds"][:2]
    assert [(row["round"], row["labeled"]) for row in rows] == [(0, INITIAL), (1, 2 * INITIAL)]
    for row in rows:
        for map50, map50_95 in (row["mined"], row["random"]):
            assert 0 <= map50_95 <= map50 <= 1
    assert rows[0]["mined"] == rows[0]["random"]


def test_every_step_left_its_version(site: Installation, demo: Answer) -> None:
    found = dataset_versions(site, demo)
    for ref, (operation, assets, _parents) in VERSIONS.items():
        assert (found[ref]["operation"], found[ref]["asset_count"]) == (operation, assets), ref
    assert all(found[ref]["annotation_count"] == 0 for ref in ("pool@1", "candidates@1", "mined@1", "random@1"))
    assert all(found[ref]["annotation_count"] > 0 for ref in ("labeled@1", "training@2", "test@1"))


@pytest.mark.parametrize("name", ["training", "labeled", "candidates"])
def test_the_log_tells_what_each_version_was_made_of(site: Installation, demo: Answer, name: str) -> None:
    log = site.done("dataset_log", "--project", demo["id"], name)
    assert log["dataset"] == name
    known = {each["ref"]: (each["operation"], each["asset_count"], each["parents"]) for each in log["versions"]}
    wanted = {ref: facts for ref, facts in VERSIONS.items() if ref.partition("@")[0] == name}
    assert known | wanted == known
    numbers = [each["version"] for each in log["versions"]]
    assert numbers == sorted(numbers, reverse=True)


def test_the_mined_images_were_not_labeled_before_and_none_is_tested_on(site: Installation, demo: Answer) -> None:
    found = dataset_versions(site, demo)

    def assets(ref: str) -> set[str]:
        _status, page = site.api(f"dataset-versions/{found[ref]['id']}/assets/?limit=200")
        return {each["asset"] for each in page["results"]}

    training, mined, pool = assets("training@1"), assets("mined@1"), assets("pool@1")
    assert mined <= pool
    assert not mined & training
    assert assets("training@2") == training | mined
    assert not assets("training@2") & (assets("test@1") | assets("validation@1"))
    assert not assets("training-random@1") & assets("test@1")


def test_every_training_left_a_model_with_its_parent(site: Installation, demo: Answer) -> None:
    models = {each["ref"]: each for each in site.listed(f"model-versions/?project={demo['id']}")}
    found = dataset_versions(site, demo)
    for ref, training, parent in (
        ("detector@1", "training@1", None),
        ("detector@2", "training@2", "detector@1"),
        ("detector-random@1", "training-random@1", "detector@1"),
    ):
        model = models[ref]
        assert model["class_names"] == CLASSES
        assert model["training_version"] == found[training]["id"]
        assert model["validation_version"] == found["validation@1"]["id"]
        assert model["parent"] == (models[parent]["id"] if parent else None)
        assert model["recommended"] in {checkpoint["name"] for checkpoint in model["checkpoints"]}


def test_every_model_was_judged_on_the_test_set(site: Installation, demo: Answer) -> None:
    test = dataset_versions(site, demo)["test@1"]["id"]
    models = {each["id"]: each["ref"] for each in site.listed(f"model-versions/?project={demo['id']}")}
    judged = {
        models[each["model_version"]]: each["id"]
        for each in site.listed(f"predictions/?project={demo['id']}")
        if each["dataset_version"] == test
    }
    evaluations = {each["prediction"]: each for each in site.listed(f"evaluations/?project={demo['id']}")}
    curve = {row["round"]: row for row in demo["rounds"]}
    for ref, number, arm in (
        ("detector@1", 0, "mined"),
        ("detector@2", 1, "mined"),
        ("detector-random@1", 1, "random"),
    ):
        evaluation = evaluations[judged[ref]]
        assert [evaluation["mAP50"], evaluation["mAP50_95"]] == pytest.approx(curve[number][arm])


def test_every_job_ended_well(site: Installation, demo: Answer) -> None:
    made = {each["id"] for each in dataset_versions(site, demo).values() if each["ref"] in VERSIONS}
    jobs = [
        each
        for each in site.listed(f"jobs/?project={demo['id']}")
        if (each["result"] or {}).get("type") == "dataset_version" and each["result"]["id"] in made
    ]
    assert len(jobs) == len(VERSIONS)
    assert {each["state"] for each in jobs} == {"succeeded"}


def test_a_second_call_goes_on_without_doing_anything_again(site: Installation, demo: Answer) -> None:
    before = {each["id"] for each in site.listed(f"jobs/?project={demo['id']}")}
    again = site.done("quickstart", "--quick", "--rounds", "1")
    assert again["id"] == demo["id"]
    assert again["rounds"][:2] == demo["rounds"][:2]
    assert {each["id"] for each in site.listed(f"jobs/?project={demo['id']}")} == before


def test_iterate_takes_the_loop_round_once_more(site: Installation, demo: Answer) -> None:
    ended = site.done("iterate", "--project", demo["project"], "--wait")
    assert (ended["project"], ended["arm"], ended["finished"]) == (demo["project"], "mined", True)
    assert set(ended["steps"].values()) == {"done"}
    assert list(ended["steps"]) == ["prepare", "mine", "label", "merge", "train", "evaluate"]
    assert ended["model"] == f"detector@{ended['round'] + 1}"
    found = dataset_versions(site, demo)
    number = ended["round"]
    assert found[f"candidates@{number}"]["asset_count"] == POOL - INITIAL * (number - 1)
    assert found[f"training@{number + 1}"]["asset_count"] == INITIAL * (number + 1)


def test_a_round_goes_on_by_itself_until_it_is_stopped(site: Installation, demo: Answer) -> None:
    begun = site.done("iterate", "--project", demo["project"], "--arm", "random")
    assert begun["arm"] == "random"
    assert begun["finished"] is False

    def training() -> dict[str, Any] | None:
        jobs = site.listed(f"jobs/?project={demo['id']}&kind=models.train")
        return next((each for each in jobs if each["state"] == "running"), None)

    job = wait_for(training, every=0.5)
    status, stopped = site.api(f"jobs/{job['id']}/cancel/", {"mode": "discard"})
    assert status == 200, stopped
    ended = wait_for(lambda: (found := site.api(f"jobs/{job['id']}/")[1])["state"] == "canceled" and found)
    assert not ended["result"]
    again = site.done("iterate", "--project", demo["project"], "--arm", "random")
    assert (again["round"], again["steps"]["merge"], again["steps"]["train"]) == (begun["round"], "done", "canceled")
