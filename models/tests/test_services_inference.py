"""Inference and evaluation: what a run finds becomes a prediction, and is judged against the ground truth."""

import json

import pytest
import yaml

from datasets.services import versions
from executors import kinds
from executors.models import TaskTemplate
from executors.services import launch
from models.models import Evaluation, Prediction
from models.services import evaluation, inference, registry, results
from models.tests import builders

pytestmark = pytest.mark.django_db


@pytest.fixture
def model(project):
    return builders.trained(project)


@pytest.fixture
def testing(project):
    return builders.version(project, "smear-test", builders.SCENES)


@pytest.fixture
def submit(project, owner, model, testing):
    def send(**values):
        given = {"image": model.image, "checkpoint": model.recommended, "dataset_version": testing, "config": {}}
        return inference.submit(project=project, by=owner, **(given | values))

    return send


def test_an_image_that_does_not_infer_is_refused(submit, model):
    model.image.templates.filter(task=TaskTemplate.Task.INFER).delete()
    with pytest.raises(launch.TaskNotOffered):
        submit()


def test_the_run_gets_images_and_weights(submit):
    ctx = builders.context(submit(config={"confidence_threshold": 0.2}))
    inference.prepare(ctx)
    config = yaml.safe_load(ctx.work.config_file.read_text())
    assert (config["run_infer"], config["run_mining"]) == (True, False)
    assert config["confidence_threshold"] == 0.2
    assert len(ctx.work.candidate_index.read_text().splitlines()) == len(builders.SCENES)


def test_what_was_found_becomes_a_prediction(submit, testing, model, owner):
    job = submit()
    ctx = builders.context(job)
    builders.write_findings(ctx, {"a": [("rbc", 1, 2, 3, 4, 0.5)], "b": [("Ghost", 1, 2, 3, 4, 0.5)]})
    made = inference.collect(ctx)
    assert (made.checkpoint, made.dataset_version, made.job) == (model.recommended, testing, job)
    assert (made.asset_count, made.annotation_count) == (4, 2)
    assert made.class_counts == {"RBC": 1, "Ghost": 1}  # the case of the model's own names
    tables = evaluation.load(made)
    assert tables.hex() == versions.load(testing).hex()
    assert tables.annotations["score"].to_list() == [0.5, 0.5]
    assert inference.collect(ctx) == made
    assert Prediction.objects.count() == 1


def test_finding_nothing_is_a_prediction_too(submit):
    ctx = builders.context(submit())
    builders.write_findings(ctx, {})
    made = inference.collect(ctx)
    assert (made.asset_count, made.annotation_count, made.class_counts) == (4, 0, {})
    assert builders.judged(made).map50 == 0.0


def test_a_run_without_findings_says_so(submit):
    ctx = builders.context(submit())
    with pytest.raises(results.NoResult, match=r"infer-result\.json"):
        inference.collect(ctx)
    (ctx.work.out_dir / "infer-result.json").write_text("[]")
    with pytest.raises(results.BadResult, match=r"infer-result\.json cannot be used"):
        inference.collect(ctx)
    assert not Prediction.objects.exists()


def test_perfect_findings_are_perfect(model, testing):
    prediction = builders.predicted(model, testing)
    judged = builders.judged(prediction)
    assert (judged.map50, judged.map50_95) == (1.0, 1.0)
    facts = registry.evaluation_facts(judged)
    assert facts["mAP50"] == 1.0
    assert facts["per_class"]["RBC"]["AP50"] == 1.0
    assert (facts["per_class"]["WBC"]["tp"], facts["per_class"]["WBC"]["fn"]) == (2, 0)
    assert facts["intervals"]["mAP50"] == {"low": 1.0, "high": 1.0}
    assert json.loads(json.dumps(facts)) == facts


def test_misses_cost(model, testing):
    found = {name: boxes for name, boxes in builders.RIGHT.items() if name in "ab"}
    judged = builders.judged(builders.predicted(model, testing, found))
    assert 0 < judged.map50 < 1
    assert {each["name"]: each["fn"] for each in judged.report["per_class"]} == {"RBC": 1, "WBC": 1}


def test_only_classes_with_ground_truth_are_judged(project, model):
    only = builders.version(project, "only-red", {"b": builders.SCENES["b"]})
    found = {"b": [*builders.RIGHT["b"], ("WBC", 30, 30, 10, 10, 0.9)]}
    report = builders.judged(builders.predicted(model, only, found)).report
    assert [each["name"] for each in report["per_class"]] == ["RBC"]
    assert report["left_out"] == 1


def test_without_ground_truth_there_is_nothing_to_judge_by(project, model):
    bare = builders.version(project, "bare", {"a": []})
    prediction = builders.predicted(model, bare, {})
    with pytest.raises(evaluation.NoGroundTruth) as refusal:
        evaluation.submit(prediction=prediction, by=None)
    assert refusal.value.field == "dataset"


def test_an_inference_to_be_evaluated_needs_ground_truth_from_the_start(submit, project):
    bare = builders.version(project, "bare", {"a": []})
    with pytest.raises(evaluation.NoGroundTruth) as refusal:
        submit(dataset_version=bare, evaluate=True)
    assert refusal.value.field == "dataset"


def test_evaluating_at_once_is_one_job(submit):
    job = submit(evaluate=True)
    ctx = builders.context(job)
    builders.write_findings(ctx, builders.RIGHT)
    kind = kinds.get(job.kind)
    result = kind.collect(ctx, None)
    assert result == {"type": "prediction", "id": job.prediction.pk, "evaluation": Evaluation.objects.get().pk}
    assert kind.collect(ctx, None) == result


def test_an_evaluation_is_asked_for_once(model, testing):
    prediction = builders.predicted(model, testing)
    first, second = (evaluation.submit(prediction=prediction, by=None) for _ in range(2))
    assert first == second
    result = kinds.get(first.kind).collect(builders.context(first), None)
    assert result == {"type": "evaluation", "id": Evaluation.objects.get().pk}
