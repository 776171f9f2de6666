"""The commands of models and of the site's upkeep, on the sample project."""

from typing import Any
from uuid import uuid4

import pytest

from tests.installation import Answer, Installation

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

SMALL = ("max_minutes=0.05", "epochs=3", "batch_size=4", "input_size=128", "width=0.5", "export_onnx=false")


@pytest.fixture(scope="module")
def trained(site: Installation, demo: Answer) -> Answer:
    """A model trained by command, without the loop."""
    words = ("--name", "by-command", "--image", "detector", "--training", "training@1", "--validation", "validation")
    return site.done("train", "--project", demo["project"], *words, "--set", *SMALL, "--message", "tiny", "--wait")


@pytest.fixture(scope="module")
def predicted(site: Installation, demo: Answer, trained: Answer) -> Answer:
    words = ("--image", "detector", "--model", "by-command", "--dataset", "test@1")
    return site.done("infer", "--project", demo["project"], *words, "--wait")


def test_training_ends_in_a_model_with_checkpoints_and_figures(trained: Answer) -> None:
    assert (trained["model"], trained["version"], trained["ref"]) == ("by-command", trained["version"], trained["ref"])
    assert (trained["training"], trained["validation"]) == ("training@1", "validation@1")
    names = {checkpoint["name"] for checkpoint in trained["checkpoints"]}
    assert trained["recommended"] in names
    assert 0 <= trained["metrics"]["mAP"] <= 1


def test_training_goes_on_from_a_model(site: Installation, demo: Answer, trained: Answer) -> None:
    words = ("--name", "by-command", "--image", "detector", "--training", "training@1", "--validation", "validation")
    submitted = site.done("train", "--project", demo["project"], *words, "--start", "by-command", "--set", *SMALL)
    status, job = site.api(f"jobs/{submitted['job']}/")
    assert (status, job["kind"]) == (200, "models.train")
    assert site.api(f"jobs/{submitted['job']}/cancel/", {"mode": "discard"})[0] == 200


def test_mining_chooses_from_the_candidates(site: Installation, demo: Answer, trained: Answer) -> None:
    words = ("--name", "by-hand", "--image", "detector", "--model", "by-command", "--dataset", "pool@1", "--top-k", 5)
    mined = site.done("mine", "--project", demo["project"], *words, "--set", "input_size=128", "--wait")
    assert (mined["operation"], mined["asset_count"], mined["annotation_count"]) == ("mine", 5, 0)
    assert mined["parents"] == ["pool@1"]


def test_inference_and_evaluation_are_told_apart(site: Installation, demo: Answer, predicted: Answer) -> None:
    assert predicted["prediction"]
    assert (predicted["dataset"], predicted["evaluation"]) == ("test@1", None)
    judged = site.done("evaluate", "--project", demo["project"], predicted["prediction"], "--wait")
    assert 0 <= judged["mAP50_95"] <= judged["mAP50"] <= 1
    assert set(judged["per_class"]) >= {"bolt", "nut"}


def refused(site: Installation, *words: object) -> tuple[int, str]:
    answer = site.command(*words)
    return answer.code, answer["error"]["id"]


def test_refusals_carry_their_ids(site: Installation, demo: Answer, trained: Answer) -> None:
    train = ("train", "--project", demo["project"], "--name", "x", "--image", "detector", "--validation", "validation")
    assert refused(site, *train, "--training", "validation") == (1, "models.same_set")
    assert refused(site, *train, "--training", "training", "--set", "epochs=many") == (1, "executors.bad_parameter")
    assert refused(site, "evaluate", "--project", demo["project"], 999999) == (1, "models.prediction_not_found")
    infer = ("infer", "--project", demo["project"], "--image", "detector", "--dataset", "test", "--model", "nobody")
    assert refused(site, *infer) == (1, "models.version_not_found")


def test_an_image_that_comes_with_ymir_is_registered_once(site: Installation, demo: Answer) -> None:
    again: dict[str, Any] = site.done("add_image", "detector", "--wait").facts or {}
    assert (again["reference"], again["runner"], again["state"]) == ("detector", "process", "ready")
    assert again["tasks"] == ["infer", "mining", "training"]
    assert [each["reference"] for each in site.listed("executor-images/")].count("detector") == 1


def test_an_image_that_is_not_there_is_refused_by_name(site: Installation) -> None:
    missing = site.command("add_image", f"missing-{uuid4().hex[:6]}", "--runner", "process", "--wait")
    assert missing.code == 1
    assert missing["error"]["id"].startswith("executors.")
    assert "missing-" in missing["error"]["message"]


def test_the_first_admin_is_made_once(site: Installation) -> None:
    again = site.done("ensure_admin")
    assert again.facts == {"username": "admin", "password": ""}


def test_what_looks_after_jobs_finds_nothing_to_mend(site: Installation, demo: Answer) -> None:
    assert set(site.done("reap_jobs").facts or {}) == {"released", "sent", "removed"}


def test_nothing_of_the_demo_is_garbage(site: Installation, demo: Answer) -> None:
    found = site.done("collect_garbage", "--dry-run")
    assert set(found.facts or {}) == {"dry_run", "count", "bytes", "kinds", "paths"}
    assert (found["dry_run"], found["count"]) == (True, 0)
