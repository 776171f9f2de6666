"""Pages of models: who may, what they show, the package, the trash; never more queries for more rows."""

import tarfile
from io import BytesIO

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from executors.models import Job
from models.models import Checkpoint, ModelVersion
from models.pages import lines
from models.services import registry, training
from models.tests import builders
from projects import services as projects

pytestmark = pytest.mark.django_db


@pytest.fixture
def model(project, owner):
    return builders.trained(project, by=owner)


def page(client, name, *args, **query):
    response = client.get(reverse(f"models:{name}", args=args), query)
    assert response.status_code == 200
    return response.content.decode()


def queries(client, name, *args):
    with CaptureQueriesContext(connection) as found:
        page(client, name, *args)
    return len(found)


# --- who may --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["list", "jobs", "trash", "predictions", "prediction_jobs"])
def test_lists_are_for_members(as_user, project, stranger, viewer, name):
    address = reverse(f"models:{name}", args=[project.pk])
    assert as_user(stranger).get(address).status_code == 404
    assert as_user(viewer).get(address).status_code in {200, 286}


@pytest.mark.parametrize("name", ["version", "download"])
def test_strangers_do_not_learn_that_a_version_exists(as_user, model, stranger, viewer, name):
    address = reverse(f"models:{name}", args=[model.pk])
    assert as_user(stranger).get(address).status_code == 404
    assert as_user(viewer).get(address).status_code == 200


@pytest.mark.parametrize("name", ["version_hide", "version_restore", "recommend"])
def test_viewers_look_and_editors_act(as_user, model, stranger, viewer, editor, name):
    key = model.recommended.pk if name == "recommend" else model.pk
    address = reverse(f"models:{name}", args=[key])
    statuses = [as_user(user).post(address).status_code for user in (stranger, viewer, editor)]
    assert statuses[:2] == [404, 403]
    assert statuses[2] in {200, 302}
    assert as_user(editor).get(address).status_code == 405


def test_a_project_in_the_trash_takes_its_models_along(as_user, project, model, owner):
    projects.hide(project=project)
    assert as_user(owner).get(reverse("models:version", args=[model.pk])).status_code == 404


def test_actions_are_offered_to_editors_only(as_user, project, model, viewer, editor):
    for name, key, word in (("list", project.pk, "Train a model"), ("version", model.pk, "Train further")):
        assert word in page(as_user(editor), name, key)
        assert word not in page(as_user(viewer), name, key)


# --- the list -------------------------------------------------------------------------------------------------------


def test_without_models_it_says_what_to_do_first(as_user, project, viewer, editor):
    assert "Train your first model" in page(as_user(editor), "list", project.pk)
    assert "An editor of the project can train models" in page(as_user(viewer), "list", project.pk)


def test_a_line_shows_its_versions_and_the_best_of_those_that_can_be_compared(as_user, project, viewer):
    sets = {
        "training_version": builders.version(project, "smear-train", builders.SCENES),
        "validation_version": builders.version(project, "smear-val", {"v": builders.SCENES["a"]}),
    }
    for quality in (0.5, 0.8, 0.7):
        builders.trained(project, stages={"best": quality}, **sets)
    html = page(as_user(viewer), "list", project.pk)
    assert "3 versions" in html
    assert html.count("best</span>") == 1
    assert html.index("0.700") < html.index("best</span>") < html.index("0.500")


def test_a_long_line_is_cut_and_can_be_shown_whole(as_user, project, viewer):
    validation = builders.version(project, "smear-val", {"v": builders.SCENES["a"]})
    source = builders.version(project, "smear-train", builders.SCENES)
    for _ in range(7):
        builders.trained(project, training_version=source, validation_version=validation)
    html = page(as_user(viewer), "list", project.pk)
    assert ">v7<" in html
    assert ">v1<" not in html
    assert ">v1<" in page(as_user(viewer), "list", project.pk, model="smear-net")


def test_the_list_asks_the_same_number_of_questions_for_more_models(as_user, project, model, viewer):
    client = as_user(viewer)
    page(client, "list", project.pk)
    before = queries(client, "list", project.pk)
    for name in ("second", "third"):
        made = builders.trained(project, name=name)
        builders.judged(builders.predicted(made, made.training_version))
    assert queries(client, "list", project.pk) == before


def test_jobs_under_way_are_followed_until_one_ends(as_user, project, model, viewer):
    job = training.submit(
        project=project,
        name="next",
        image=model.image,
        training=model.training_version,
        validation=model.validation_version,
        config={},
        by=None,
    )
    client, address = as_user(viewer), reverse("models:jobs", args=[project.pk])
    html = page(client, "list", project.pk)
    assert f'hx-get="{address}?active=1"' in html
    assert "Train next" in html
    followed = client.get(address, {"active": "1"})
    assert (followed.status_code, followed.headers.get("HX-Refresh")) == (200, None)
    Job.objects.filter(pk=job.pk).update(state=Job.State.CANCELED)
    ended = client.get(address, {"active": "1"})
    assert (ended.status_code, ended.headers["HX-Refresh"]) == (286, "true")


def test_names_are_escaped(as_user, project, viewer):
    builders.trained(project, name="<b>net")
    html = page(as_user(viewer), "list", project.pk)
    assert "<b>net" not in html
    assert "&lt;b&gt;net" in html


# --- one version ----------------------------------------------------------------------------------------------------


def test_a_version_shows_checkpoints_curves_origin_and_changed_parameters(as_user, project, viewer):
    model = builders.trained(project, config={"epochs": 4})
    html = page(as_user(viewer), "version", model.pk)
    assert html.count("recommended</span>") == 1
    assert "epoch_2" in html
    assert "training 0.50" in html or "Loss" in html
    assert "smear-train v1" in html
    assert "smear-val v1" in html
    assert "template 20" in html
    assert html.count('class="changed"') == 1


def test_a_version_shows_how_good_it_is_by_class(as_user, project, model, viewer):
    testing = builders.version(project, "smear-test", builders.SCENES)
    builders.judged(builders.predicted(model, testing))
    html = page(as_user(viewer), "version", model.pk)
    assert "on smear-test v1" in html
    assert "Precision and recall of RBC: average precision 1.000" in html


def test_parents_and_children_are_linked(as_user, project, model, viewer):
    child = builders.trained(project, name="fine", parent=model.recommended)
    html = page(as_user(viewer), "version", model.pk)
    assert f'href="{reverse("models:version", args=[child.pk])}"' in html
    assert "Start from" in page(as_user(viewer), "version", child.pk)


def test_a_version_without_files_or_job_is_still_shown(as_user, model, viewer):
    ModelVersion.objects.filter(pk=model.pk).update(job=None, image=None, parent=None, weights_id="0" * 64)
    assert "smear-net v1" in page(as_user(viewer), "version", model.pk)


def test_a_version_asks_the_same_number_of_questions_for_more(as_user, project, model, viewer):
    testing = builders.version(project, "smear-test", builders.SCENES)
    builders.judged(builders.predicted(model, testing))
    client = as_user(viewer)
    builders.trained(project, name="fine", parent=model.recommended)
    page(client, "version", model.pk)
    before = queries(client, "version", model.pk)
    builders.judged(builders.predicted(model, testing))
    builders.predicted(model, builders.version(project, "other", {"d": builders.SCENES["d"]}))
    builders.trained(project, name="fine", parent=model.recommended)
    assert queries(client, "version", model.pk) == before


def test_recommending_another_checkpoint(as_user, model, editor):
    other = model.checkpoints.get(name="epoch_2")
    response = as_user(editor).post(reverse("models:recommend", args=[other.pk]))
    assert response.status_code == 302
    assert ModelVersion.objects.get(pk=model.pk).recommended == other


def test_a_checkpoint_has_an_address(as_user, model, stranger, viewer):
    address = reverse("models:checkpoint", args=[model.recommended.pk])
    assert as_user(stranger).get(address).status_code == 404
    response = as_user(viewer).get(address)
    assert response.url == f"{reverse('models:version', args=[model.pk])}#checkpoint-{model.recommended.pk}"


def test_the_package_is_a_tar_with_all_files(as_user, model, viewer):
    response = as_user(viewer).get(reverse("models:download", args=[model.pk]))
    data = response.getvalue()
    assert len(data) == int(response["Content-Length"])
    assert 'filename="smear-net-v1.tar"' in response["Content-Disposition"]
    with tarfile.open(fileobj=BytesIO(data)) as tar:
        assert {"ymir-info.yaml", "epoch_2/model.pt", "epoch_4/model.pt"} <= set(tar.getnames())


def test_the_trash_takes_and_gives_back(as_user, project, model, editor):
    client = as_user(editor)
    hidden = client.post(reverse("models:version_hide", args=[model.pk]))
    assert "moved to the trash" in hidden.content.decode()
    assert "1 in the trash" in page(client, "list", project.pk)
    assert "smear-net v1" in page(client, "trash", project.pk)
    assert "Restore" in page(client, "version", model.pk)
    client.post(reverse("models:version_restore", args=[model.pk]))
    assert registry.resolve(project, "smear-net@1") == model


def test_the_page_of_a_job_names_what_it_was_given_and_made(as_user, model, viewer):
    html = as_user(viewer).get(reverse("executors:job", args=[model.job.pk])).content.decode()
    assert "Training set" in html
    assert f'href="{reverse("models:version", args=[model.pk])}">smear-net v1</a>' in html


def test_a_checkpoint_is_judged_by_its_mean_precision_whatever_else_was_measured(as_user, viewer, model):
    Checkpoint.objects.filter(pk=model.recommended.pk).update(metrics={"mAP": 0.8, "tp": 1204, "fn": 3, "aux": 0.5})
    model.recommended.refresh_from_db()
    assert list(model.recommended.figures) == ["mAP", "aux", "fn", "tp"]
    assert lines.main_metric(model) == ("mAP", 0.8)
    content = page(as_user(viewer), "version", model.pk)
    assert "mAP on the validation set" in content
    assert "fn on the validation set" not in content
    assert "1,204" in content


def test_a_whole_model_goes_to_the_trash_and_comes_back(as_user, project, model, editor):
    client = as_user(editor)
    builders.trained(project, training_version=model.training_version, validation_version=model.validation_version)
    line = model.registered_model
    hidden = client.post(reverse("models:model_hide", args=[line.pk])).content.decode()
    assert "smear-net moved to the trash" in hidden
    assert "Train your first model" in page(client, "list", project.pk)
    trash = page(client, "trash", project.pk, what="models")
    assert reverse("models:model_restore", args=[line.pk]) in trash
    assert "Restore the whole model" in page(client, "version", model.pk)
    client.post(reverse("models:model_restore", args=[line.pk]))
    assert "2 versions" in page(client, "list", project.pk)


def test_a_model_in_the_trash_gets_no_version_that_nobody_would_see(project, model):
    registry.hide(thing=model.registered_model)
    with pytest.raises(registry.ModelInTrash):
        builders.trained(project, training_version=model.training_version, validation_version=model.validation_version)


def test_a_training_that_ends_after_its_model_went_to_the_trash_brings_it_back(project, model):
    job = training.submit(
        project=project,
        name="smear-net",
        image=model.image,
        training=model.training_version,
        validation=model.validation_version,
        config={},
        by=None,
    )
    registry.hide(thing=model.registered_model)
    ctx = builders.context(job)
    builders.write_weights(ctx, {"epoch_4": 0.6})
    training.collect(ctx)
    assert registry.resolve(project, "smear-net").number == 2


def test_a_prediction_goes_to_the_trash_and_comes_back(as_user, project, model, editor):
    client, prediction = as_user(editor), builders.predicted(model, model.training_version)
    hide, restore = (reverse(f"models:prediction_{name}", args=[prediction.pk]) for name in ("hide", "restore"))
    assert hide in page(client, "predictions", project.pk)
    client.post(hide)
    html = page(client, "predictions", project.pk)
    assert hide not in html
    assert "1 in the trash" in html
    assert restore in page(client, "trash", project.pk, what="predictions")
    assert "in the trash" in page(client, "prediction", prediction.pk)
    client.post(restore)
    assert hide in page(client, "predictions", project.pk)


@pytest.mark.parametrize("name", ["model_hide", "model_restore", "prediction_hide", "prediction_restore"])
def test_viewers_do_not_empty_or_fill_the_trash(as_user, model, stranger, viewer, editor, name):
    thing = model.registered_model if "model" in name else builders.predicted(model, model.training_version)
    address = reverse(f"models:{name}", args=[thing.pk])
    statuses = [as_user(user).post(address).status_code for user in (stranger, viewer, editor)]
    assert statuses[:2] == [404, 403]
    assert statuses[2] in {200, 302}


def test_boxes_that_are_counted_are_named_in_words(as_user, viewer, model):
    Checkpoint.objects.filter(pk=model.recommended.pk).update(metrics={"mAP": 0.8, "tp": 12, "fp": 5, "fn": 3})
    html = page(as_user(viewer), "version", model.pk)
    for word in ("Found", "False", "Missed"):
        assert f">{word}</abbr>" in html
    assert "(fn, false negatives)" in html
