"""The commands of models: one JSON object, refusals by their id, wrong use apart from them."""

import json

import pytest
from django.core.management import CommandError, call_command, load_command_class

from common.commands import WrongUse
from datasets.services import versions
from executors import kinds
from executors.models import Job
from models.tests import builders

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def admin(make_user):
    return make_user("root", is_superuser=True)


@pytest.fixture
def model(project):
    return builders.trained(project)


@pytest.fixture
def said(capsys):
    def run(*words):
        try:
            call_command(*words, "--json")
            code = 0
        except SystemExit as ended:
            code = ended.code
        return code, json.loads(capsys.readouterr().out)

    return run


TRAIN = ["train", "--project", "Smears", "--model", "smear-net", "--image", "Small detector"]
SETS = ["--training", "smear-train@1", "--validation", "smear-val@1"]
LOOK = ["--project", "Smears", "--image", "ymir/detector:1", "--model", "smear-net", "--dataset", "smear-train@1"]


def pending():
    return Job.objects.get(state=Job.State.PENDING)


def end(write, **values):
    """Let a fake executor do the job that was asked for."""
    job = pending()
    ctx = builders.context(job)
    write(ctx, **values)
    builders.finish(job, kinds.get(job.kind).collect(ctx, None))
    return job


def test_train_asks_for_a_job(said, project, model, admin):
    code, facts = said(*TRAIN, *SETS, "--set", "epochs=7", "mosaic=no", "--start", "smear-net@1", "--message", "more")
    job = pending()
    assert (code, facts) == (0, {"job": job.pk, "state": "pending"})
    assert job.params["config"] == {"epochs": "7", "mosaic": "no"}
    assert (job.params["parent"], job.params["message"]) == (model.recommended.pk, "more")
    assert (job.project, job.created_by) == (project, admin)


def result(name, job):
    """What the command prints of a job that is done."""
    return load_command_class("models", name).result(job)


def test_train_tells_the_version_it_made(said, model):
    said(*TRAIN, *SETS)
    facts = result("train", end(builders.write_weights, stages={"best": 0.9}))
    assert (facts["model"], facts["version"], facts["recommended"]) == ("smear-net", 2, "best")
    assert facts["metrics"] == {"mAP": 0.9}


def test_mine_tells_the_version_it_made(said, project, model):
    code, _facts = said("mine", *LOOK, "--name", "mined", "--top-k", "2", "--set", "seed=3")
    assert code == 0
    assets = versions.load(versions.resolve(project, "smear-train@1")).hex()
    facts = result("mine", end(builders.write_ranking, assets=assets))
    assert (facts["dataset"], facts["version"], facts["asset_count"], facts["operation"]) == ("mined", 1, 2, "mine")
    assert facts["parents"] == ["smear-train@1"]


def test_infer_tells_the_prediction_and_how_good_it_is(said, model):
    said("infer", *LOOK, "--evaluate")
    facts = result("infer", end(builders.write_findings, found=builders.RIGHT))
    assert (facts["model"], facts["dataset"], facts["annotation_count"]) == ("smear-net@1", "smear-train@1", 6)
    assert facts["evaluation"]["mAP50"] == 1.0
    assert json.loads(json.dumps(facts)) == facts


def test_evaluate_tells_the_figures(said, model):
    prediction = builders.predicted(model, model.training_version)
    code, facts = said("evaluate", "--project", "Smears", str(prediction.pk))
    assert (code, facts["state"]) == (0, "pending")
    facts = result("evaluate", end(lambda _ctx: None))
    assert (facts["prediction"], facts["mAP50"], facts["mAP50_95"]) == (prediction.pk, 1.0, 1.0)
    assert set(facts["per_class"]) == {"RBC", "WBC"}


@pytest.mark.parametrize(
    ("words", "error"),
    [
        ([*TRAIN, "--training", "nobody", "--validation", "smear-val"], "datasets.version_not_found"),
        ([*TRAIN, "--training", "smear-val", "--validation", "smear-val"], "models.same_set"),
        ([*TRAIN, *SETS, "--start", "nobody"], "models.version_not_found"),
        ([*TRAIN, *SETS, "--set", "epochs=many"], "executors.bad_parameter"),
        ([*TRAIN[:-1], "nobody", *SETS], "executors.image_not_found"),
        (["train", "--project", "nobody", *TRAIN[3:], *SETS], "projects.not_found"),
        (["mine", *LOOK, "--name", "mined", "--top-k", "99"], "models.top_k_too_large"),
        (["mine", *LOOK, "--name", "a/b", "--top-k", "1"], "datasets.bad_name"),
        (["infer", *LOOK[:-1], "bare", "--evaluate"], "models.no_ground_truth"),
        (["evaluate", "--project", "Smears", "999"], "models.prediction_not_found"),
    ],
)
def test_refusals_end_with_1_and_their_id(said, project, model, words, error):
    builders.version(project, "bare", {"x": []})
    code, facts = said(*words)
    assert (code, facts["error"]["id"]) == (1, error)
    assert facts["error"]["message"]
    assert facts["error"]["hint"]
    assert not Job.objects.filter(state=Job.State.PENDING).exists()


@pytest.mark.parametrize("words", [["epochs"], ["=3"], ["epochs=3", "epochs=4"]])
def test_hyper_parameters_that_are_none_are_wrong_use(model, words):
    with pytest.raises(WrongUse) as refusal:
        call_command(*TRAIN, *SETS, "--set", *words)
    assert refusal.value.returncode == 2
    assert not Job.objects.filter(state=Job.State.PENDING).exists()


@pytest.mark.parametrize(
    "words",
    [
        [*TRAIN, *SETS, "--gpus", "two"],
        ["train", "--project", "Smears"],
        ["mine", *LOOK, "--name", "mined"],
        ["mine", *LOOK, "--name", "mined", "--top-k", "few"],
        ["evaluate", "--project", "Smears", "newest"],
    ],
)
def test_missing_and_malformed_arguments_are_refused(model, words):
    with pytest.raises(CommandError):
        call_command(*words)
    assert not Job.objects.filter(state=Job.State.PENDING).exists()
