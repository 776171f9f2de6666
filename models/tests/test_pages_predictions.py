"""Pages of predictions and evaluations: who may, verdicts on images, figures, comparison; few queries."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from datasets.services import versions
from executors.models import Job
from models.evaluation import thresholds
from models.models import Prediction
from models.pages import judgement
from models.services import evaluation
from models.tests import builders
from projects import services as projects

pytestmark = pytest.mark.django_db

# a: one true and one missed; b: one true, one at the wrong place; c: wrong class; d: true, and one where nothing is
MIXED = {
    "a": [("RBC", 10, 10, 20, 20, 0.9)],
    "b": [("RBC", 12, 14, 20, 20, 0.8), ("RBC", 80, 60, 20, 20, 0.7)],
    "c": [("RBC", 30, 30, 40, 40, 0.6)],
    "d": [("RBC", 5, 5, 25, 25, 0.9), ("WBC", 80, 60, 20, 20, 0.85), ("RBC", 90, 5, 10, 10, 0.1)],
}


@pytest.fixture
def model(project):
    return builders.trained(project)


@pytest.fixture
def testing(project):
    return builders.version(project, "smear-test", builders.SCENES)


@pytest.fixture
def prediction(model, testing):
    return builders.predicted(model, testing, MIXED)


@pytest.fixture
def bare(project, model):
    return builders.predicted(model, builders.version(project, "bare", {"a": [], "b": []}), {"a": MIXED["a"]})


def page(client, name, *args, **query):
    response = client.get(reverse(f"models:{name}", args=args), query)
    assert response.status_code == 200
    return response


def words(response):
    return response.content.decode()


def numbers(response):
    """Which images a page shows, and what it says of each."""
    return [(each.caption, each.number) for each in response.context["tiles"]]


# --- who may --------------------------------------------------------------------------------------------------------


def test_strangers_do_not_learn_that_a_prediction_or_evaluation_exists(as_user, prediction, stranger, viewer):
    judged = builders.judged(prediction)
    asset = versions.load(prediction.dataset_version).hex()[0]
    for name, args in (
        ("prediction", [prediction.pk]),
        ("prediction_image", [prediction.pk, asset]),
        ("evaluation", [judged.pk]),
    ):
        address = reverse(f"models:{name}", args=args)
        assert as_user(stranger).get(address).status_code == 404
        assert as_user(viewer).get(address).status_code == 200


def test_viewers_look_and_editors_evaluate(as_user, prediction, stranger, viewer, editor):
    address = reverse("models:evaluate", args=[prediction.pk])
    statuses = [as_user(user).post(address).status_code for user in (stranger, viewer, editor)]
    assert statuses == [404, 403, 302]
    assert as_user(editor).get(address).status_code == 405
    assert Job.objects.get(state=Job.State.PENDING).kind == evaluation.KIND


def test_what_cannot_be_judged_says_so(as_user, bare, editor):
    response = as_user(editor).post(reverse("models:evaluate", args=[bare.pk]), follow=True)
    assert "has no annotations of the classes" in words(response)


# --- the list -------------------------------------------------------------------------------------------------------


def test_without_predictions_it_says_what_to_do(as_user, project, editor):
    assert "See what a model finds" in words(page(as_user(editor), "predictions", project.pk))


def test_the_list_offers_evaluation_where_it_makes_sense(as_user, project, prediction, bare, editor, viewer):
    html = words(page(as_user(editor), "predictions", project.pk))
    assert html.count("Evaluate</button>") == 1
    assert html.count("no ground truth") == 1
    assert "Evaluate</button>" not in words(page(as_user(viewer), "predictions", project.pk))
    judged = builders.judged(prediction)
    html = words(page(as_user(editor), "predictions", project.pk))
    assert "Evaluate</button>" not in html
    assert f"{judged.map50:.3f}" in html


def test_the_list_is_filtered(as_user, project, prediction, bare, viewer):
    chosen = page(as_user(viewer), "predictions", project.pk, dataset=bare.dataset_version_id)
    assert [row.prediction for row in chosen.context["rows"]] == [bare]
    other = builders.trained(project, name="other")
    assert "No such prediction" in words(page(as_user(viewer), "predictions", project.pk, model=other.pk))
    assert len(page(as_user(viewer), "predictions", project.pk, model="x").context["rows"]) == 2


def test_the_list_asks_the_same_number_of_questions_for_more(as_user, project, prediction, model, testing, viewer):
    client = as_user(viewer)
    page(client, "predictions", project.pk)
    with CaptureQueriesContext(connection) as before:
        page(client, "predictions", project.pk)
    for _ in range(3):
        builders.judged(builders.predicted(model, testing))
    with CaptureQueriesContext(connection) as after:
        page(client, "predictions", project.pk)
    assert len(after) == len(before)


# --- the images of a prediction -------------------------------------------------------------------------------------


def test_the_worst_images_come_first_with_what_is_wrong(as_user, prediction, viewer):
    response = page(as_user(viewer), "prediction", prediction.pk, confidence="0.5")
    shown = dict(numbers(response))
    assert shown == {
        "a": "1 missed",
        "b": "1 missed, 1 false",
        "c": "1 missed, 1 false",
        "d": "1 false",
    }
    assert {caption for caption, _words in numbers(response)[:2]} == {"b", "c"}
    assert response.context["counts"] == {"missed": 3, "false": 2, "moved": 1, "true": 3}


@pytest.mark.parametrize(
    ("verdict", "captions"),
    [("missed", {"a", "b", "c"}), ("false", {"c", "d"}), ("moved", {"b"}), ("true", {"a", "b", "d"})],
)
def test_a_verdict_keeps_the_images_that_have_it(as_user, prediction, viewer, verdict, captions):
    response = page(as_user(viewer), "prediction", prediction.pk, confidence="0.5", verdict=verdict)
    assert {caption for caption, _words in numbers(response)} == set(captions)


def test_a_class_keeps_the_images_that_have_it(as_user, prediction, viewer):
    response = page(as_user(viewer), "prediction", prediction.pk, confidence="0.5", verdict="false", **{"class": "WBC"})
    assert [caption for caption, _words in numbers(response)] == ["d"]
    both = page(as_user(viewer), "prediction", prediction.pk, confidence="0.5", **{"class": "WBC"})
    assert {caption for caption, _words in numbers(both)} == {"a", "c", "d"}


def test_the_confidence_decides_what_counts(as_user, prediction, viewer):
    low = page(as_user(viewer), "prediction", prediction.pk, confidence="0.05")
    assert low.context["counts"]["false"] == 3
    high = page(as_user(viewer), "prediction", prediction.pk, confidence="1")
    assert high.context["counts"] == {"missed": 6, "false": 0, "moved": 0, "true": 0}


def test_without_a_confidence_it_is_that_of_the_evaluation(as_user, prediction, viewer):
    judged = builders.judged(prediction)
    response = page(as_user(viewer), "prediction", prediction.pk)
    assert response.context["look"].confidence == judged.params["confidence"]
    assert response.context["counts"]["true"] == sum(each["tp"] for each in judged.report["per_class"])
    assert response.context["counts"]["missed"] == sum(each["fn"] for each in judged.report["per_class"])


@pytest.mark.parametrize(
    "query", [{"confidence": "nan"}, {"confidence": "7"}, {"verdict": "x"}, {"class": "Cat"}, {"page": "x"}]
)
def test_nonsense_in_the_address_is_passed_over(as_user, prediction, viewer, query):
    assert len(page(as_user(viewer), "prediction", prediction.pk, **query).context["tiles"]) == 4


def test_boxes_are_dashed_in_class_colors(as_user, prediction, viewer):
    response = page(as_user(viewer), "prediction", prediction.pk, view="classes", confidence="0.5")
    boxes = next(each.boxes for each in response.context["tiles"] if each.caption == "a")
    assert [(box.kind, box.style, box.verdict) for box in boxes] == [
        ("truth", "solid", ""),
        ("truth", "solid", ""),
        ("prediction", "dash", ""),
    ]


def test_the_slider_swaps_the_images_alone(as_user, prediction, viewer):
    address = reverse("models:prediction", args=[prediction.pk])
    html = as_user(viewer).get(address, headers={"HX-Request": "true"}).content.decode()
    assert html.lstrip().startswith('<div id="predicted"')
    assert "<html" not in html


def test_without_ground_truth_only_what_was_found_is_shown(as_user, bare, viewer):
    response = page(as_user(viewer), "prediction", bare.pk, verdict="missed")
    assert dict(numbers(response)) == {"a": "1 box", "b": "0 boxes"}
    assert response.context["choices"] == []
    assert "dash" in words(response)


def test_finding_nothing_is_shown_too(as_user, model, testing, viewer):
    empty = builders.predicted(model, testing, {})
    assert page(as_user(viewer), "prediction", empty.pk).context["counts"]["missed"] == 6


def test_the_images_ask_few_questions(as_user, prediction, viewer):
    client = as_user(viewer)
    page(client, "prediction", prediction.pk)
    with CaptureQueriesContext(connection) as found:
        page(client, "prediction", prediction.pk)
    assert len(found) <= 16


def test_one_image_has_neighbours_in_the_same_selection(as_user, prediction, viewer):
    client = as_user(viewer)
    grid = page(client, "prediction", prediction.pk, confidence="0.5", verdict="missed")
    first, second = grid.context["tiles"][:2]
    response = client.get(first.url)
    assert response.status_code == 200
    assert response.context["next_url"] == second.url
    assert response.context["previous_url"] == ""
    assert (response.context["number"], response.context["total"]) == (1, 3)


def test_an_image_of_another_version_is_not_there(as_user, prediction, viewer):
    address = reverse("models:prediction_image", args=[prediction.pk, "0" * 64])
    assert as_user(viewer).get(address).status_code == 404


# --- evaluations ----------------------------------------------------------------------------------------------------


def test_an_evaluation_shows_figures_curves_confusion_and_the_worst(as_user, prediction, viewer):
    judged = builders.judged(prediction)
    html = words(page(as_user(viewer), "evaluation", judged.pk))
    assert f'<p class="huge">{judged.map50:.3f}</p>' in html
    assert "95 % interval" in html
    assert "Precision and recall of RBC" in html
    assert "Rows are true classes" in html
    assert "F1 is highest at" in html
    assert "1 missed" in html


def test_class_colors_are_those_of_the_project(as_user, project, model, viewer):
    only = builders.version(project, "only-white", {"c": builders.SCENES["c"]})
    judged = builders.judged(builders.predicted(model, only, {"c": builders.RIGHT["c"]}))
    html = words(page(as_user(viewer), "evaluation", judged.pk))
    assert 'cls c2">WBC' in html
    assert 'cls c1">WBC' not in html


def test_two_models_are_compared_on_the_same_images(as_user, project, prediction, model, testing, viewer):
    before = builders.judged(prediction)
    better = builders.judged(builders.predicted(builders.trained(project), testing))
    response = page(as_user(viewer), "evaluation", better.pk, **{"with": before.pk})
    html = words(response)
    assert "smear-net v2 against v1" in " ".join(html.split())
    assert f"+{better.map50 - before.map50:.3f}" in html
    assert "P(v2 is better)" in html
    assert response.context["difference"].value == pytest.approx(better.map50 - before.map50, abs=1e-3)


@pytest.mark.parametrize("other", ["", "x", "0", "itself", "elsewhere"])
def test_what_cannot_be_compared_with_is_passed_over(as_user, project, prediction, model, viewer, other):
    judged = builders.judged(prediction)
    elsewhere = builders.version(project, "else", {"a": builders.SCENES["a"]})
    keys = {"itself": judged.pk, "elsewhere": builders.judged(builders.predicted(model, elsewhere)).pk}
    response = page(as_user(viewer), "evaluation", judged.pk, **{"with": keys.get(other, other)})
    assert response.context["other"] is None


def test_an_evaluation_asks_few_questions(as_user, prediction, viewer):
    judged = builders.judged(prediction)
    client = as_user(viewer)
    page(client, "evaluation", judged.pk)
    with CaptureQueriesContext(connection) as found:
        page(client, "evaluation", judged.pk)
    assert len(found) <= 16


def test_evaluations_of_projects_in_the_trash_are_gone(as_user, project, prediction, owner):
    judged = builders.judged(prediction)
    projects.hide(project=project)
    assert as_user(owner).get(reverse("models:evaluation", args=[judged.pk])).status_code == 404


def test_the_threshold_chart_agrees_with_the_report(prediction):
    report = builders.judged(prediction).report
    sides = judgement.of(Prediction.objects.get(pk=prediction.pk))
    at = report["confidence"]
    found = thresholds.by_confidence(sides.truth, sides.predicted, sides.matches, class_count=2, confidences=[at])
    recall = [each["tp"] / each["ground_truth"] for each in report["per_class"]]
    assert found.recall[0] == pytest.approx(sum(recall) / 2)


def test_an_image_without_ground_truth_is_shown_whatever_the_address_asks_for(as_user, bare, viewer):
    address = reverse("models:prediction_image", args=[bare.pk, versions.load(bare.dataset_version).hex()[0]])
    assert as_user(viewer).get(address, {"verdict": "missed", "view": "verdicts"}).status_code == 200
