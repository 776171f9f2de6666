"""The forms of runs: what they begin with, what they refuse and where they say so, and the job they make."""

import pytest
from django.urls import reverse

from executors.models import ExecutorImage, Gpu, Job
from models.models import ModelVersion
from models.tests import builders
from projects import services as projects

pytestmark = pytest.mark.django_db
KINDS = {"train": "models.train", "mine": "models.mine", "infer": "models.infer"}


@pytest.fixture
def model(project):
    return builders.trained(project, "smear-net")


@pytest.fixture
def pool(project):
    return builders.version(project, "pool", {f"p{number}": [] for number in range(5)})


@pytest.fixture
def posted(model, pool):
    shared = {"image": model.image.pk, "gpu_count": 0, "message": "why"}
    return {
        "train": shared
        | {
            "training": model.training_version.pk,
            "validation": model.validation_version.pk,
            "classes": ["WBC", "RBC"],
            "name": "smear-net",
            "config-epochs": "7",
            "config-learning_rate": "0.002",
            "config-mosaic": "on",
            "config-optimizer": "adam",
        },
        "mine": shared
        | {
            "checkpoint": model.recommended.pk,
            "dataset": pool.pk,
            "top_k": 2,
            "name": "smear-mined",
            "config-algorithm": "random",
            "config-seed": "0",
        },
        "infer": shared
        | {
            "checkpoint": model.recommended.pk,
            "dataset": model.training_version.pk,
            "evaluate": "on",
            "config-confidence_threshold": "0.05",
        },
    }


def url(kind, project):
    return reverse(f"models:{kind}", args=[project.pk])


def form_of(client, kind, project, **query):
    response = client.get(url(kind, project), query)
    assert response.status_code == 200
    return response.context["form"], response.content.decode()


# --- who may --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_runs_are_for_editors(as_user, project, stranger, viewer, editor, kind, posted):
    for user, status in ((stranger, 404), (viewer, 403)):
        assert as_user(user).get(url(kind, project)).status_code == status
        assert as_user(user).post(url(kind, project), posted[kind]).status_code == status
    assert as_user(editor).get(url(kind, project)).status_code == 200


# --- a job ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_a_form_becomes_a_job_that_is_shown(as_user, project, editor, kind, posted):
    response = as_user(editor).post(url(kind, project), posted[kind])
    job = Job.objects.get(state=Job.State.PENDING)
    assert (response.status_code, response.url) == (302, reverse("executors:job", args=[job.pk]))
    assert (job.kind, job.project, job.created_by) == (KINDS[kind], project, editor)


def test_only_changed_hyper_parameters_are_kept(as_user, project, editor, posted):
    as_user(editor).post(url("train", project), posted["train"])
    params = Job.objects.get(state=Job.State.PENDING).params
    assert params["config"] == {"epochs": 7}
    assert params["classes"] == ["RBC", "WBC"]  # in the order of the project
    assert params["message"] == "why"
    assert params["parent"] is None


def test_pressing_twice_makes_one_job(as_user, project, editor, posted):
    client = as_user(editor)
    form, _html = form_of(client, "train", project)
    data = posted["train"] | {"token": form["token"].value()}
    assert client.post(url("train", project), data).url == client.post(url("train", project), data).url
    assert Job.objects.filter(state=Job.State.PENDING).count() == 1


# --- refusals -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "changes", "field", "words"),
    [
        ("train", {"validation": "same"}, "validation", "both training set and validation set"),
        ("train", {"name": "a@1"}, "name", "cannot be a model name"),
        ("train", {"classes": []}, "classes", "Tick at least one class"),
        ("train", {"classes": ["Cat"]}, "classes", "Cat"),
        ("train", {"training": ""}, "training", "required"),
        ("train", {"gpu_count": 1}, "gpu_count", "No GPU was seen here"),
        ("mine", {"top_k": 9}, "top_k", "there are 5 candidates"),
        ("mine", {"top_k": 0}, "top_k", "greater than or equal to 1"),
        ("mine", {"name": "a/b"}, "name", "cannot be a dataset name"),
        ("infer", {"dataset": "pool"}, "dataset", "has no annotations of the classes"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(as_user, project, editor, posted, pool, kind, changes, field, words):
    named = {"same": posted["train"]["training"], "pool": pool.pk}
    data = posted[kind] | {
        key: named.get(value, value) if isinstance(value, str) else value for key, value in changes.items()
    }
    response = as_user(editor).post(url(kind, project), data)
    assert response.status_code == 422
    assert words in " ".join(response.context["form"].errors[field])
    assert not Job.objects.filter(state=Job.State.PENDING).exists()


def test_a_hyper_parameter_that_does_not_fit_is_refused_at_its_field(as_user, project, editor, posted):
    response = as_user(editor).post(url("train", project), posted["train"] | {"config-epochs": "many"})
    assert response.status_code == 422
    assert "epochs" in response.context["form"].options.errors


def test_a_host_has_only_so_many_gpus(as_user, project, editor, posted):
    Gpu.objects.create(host="lab-2", index=0)
    response = as_user(editor).post(url("train", project), posted["train"] | {"gpu_count": 2})
    assert response.context["form"].errors["gpu_count"] == ["lab-2 has 1 GPU. Enter 0 or 1."]
    assert as_user(editor).post(url("train", project), posted["train"] | {"gpu_count": 1}).status_code == 302


@pytest.mark.parametrize(("kind", "field"), [("train", "training"), ("mine", "dataset"), ("mine", "checkpoint")])
def test_things_of_other_projects_are_no_choices(as_user, project, owner, editor, posted, kind, field):
    other = projects.create(name="Other", classes=["RBC", "WBC"], by=owner)
    foreign = builders.trained(other)
    key = foreign.recommended.pk if field == "checkpoint" else foreign.training_version.pk
    response = as_user(editor).post(url(kind, project), posted[kind] | {field: key})
    assert response.status_code == 422
    assert field in response.context["form"].errors


def test_images_that_may_not_be_used_are_no_choices(as_user, project, editor, posted):
    ExecutorImage.objects.update(enabled=False)
    response = as_user(editor).post(url("train", project), posted["train"])
    assert response.status_code == 422
    assert "No executor image can do this" in response.content.decode()


# --- what a form begins with ----------------------------------------------------------------------------------------


def test_a_training_begins_with_what_the_address_names(as_user, project, editor, model):
    form, html = form_of(as_user(editor), "train", project, training=model.training_version.pk, model=model.pk)
    assert form.initial["training"] == model.training_version.pk
    assert form.initial["checkpoint"] == model.recommended.pk
    assert form.initial["name"] == "smear-net"
    assert form.initial["validation"] == model.validation_version.pk
    assert 'name="config-epochs"' in html
    assert "Passes over the training images" in html


def test_a_checkpoint_that_is_not_recommended_can_be_named(as_user, project, editor, model):
    other = model.checkpoints.get(name="epoch_2")
    form, html = form_of(as_user(editor), "mine", project, checkpoint=other.pk)
    assert form.initial["checkpoint"] == other.pk
    assert "smear-net v1 · epoch_2, mAP 0.400" in html


def test_mining_and_inference_begin_with_the_newest_model(as_user, project, editor, model, pool):
    mine, _html = form_of(as_user(editor), "mine", project, dataset=pool.pk)
    assert mine.initial["checkpoint"] == model.recommended.pk
    assert (mine.initial["name"], mine.initial["top_k"]) == ("pool-mined", 5)
    bare, _html = form_of(as_user(editor), "infer", project, dataset=pool.pk)
    labeled, _html = form_of(as_user(editor), "infer", project, dataset=model.training_version.pk)
    assert (bare.initial["evaluate"], labeled.initial["evaluate"]) == (False, True)


@pytest.mark.parametrize("kind", KINDS)
def test_a_job_can_be_run_again_with_changes(as_user, project, editor, posted, kind):
    client = as_user(editor)
    client.post(url(kind, project), posted[kind])
    job = Job.objects.get(state=Job.State.PENDING)
    form, _html = form_of(client, kind, project, rerun=job.pk)
    for name in posted[kind]:
        if name in form.fields:
            value = form.initial[name]
            given = posted[kind][name]
            assert sorted(value) == sorted(given) if name == "classes" else str(value) in {str(given), "True"}
    shown = {key: form.options[key].value() for key in job.params["config"]}
    assert shown == job.params["config"]


@pytest.mark.parametrize(
    "query", [{"rerun": "x"}, {"rerun": "9" * 30}, {"model": "-1"}, {"training": "0"}, {"image": "y"}]
)
def test_nonsense_in_the_address_is_passed_over(as_user, project, editor, model, query):
    form_of(as_user(editor), "train", project, **query)


def test_jobs_of_other_projects_cannot_be_run_again(as_user, project, owner, editor, model):
    other = builders.trained(projects.create(name="Other", classes=["RBC", "WBC"], by=owner), config={"epochs": 3})
    form, _html = form_of(as_user(editor), "train", project, rerun=other.job.pk)
    assert form.options["epochs"].value() == 20


# --- the image's own options ----------------------------------------------------------------------------------------


@pytest.fixture
def other_image(model):
    image = builders.image(reference="ymir/other:1", name="Zebra")
    image.templates.filter(task="training").update(source="rounds: 3\n")
    return image


def test_another_image_brings_its_own_options(as_user, project, editor, other_image):
    client = as_user(editor)
    fragment = client.get(url("train", project), {"image": other_image.pk}, headers={"HX-Request": "true"})
    html = fragment.content.decode()
    assert 'name="config-rounds"' in html
    assert "config-epochs" not in html
    assert "<html" not in html
    assert 'name="config-rounds"' in form_of(client, "train", project, image=other_image.pk)[1]


def test_without_a_script_a_button_reloads_and_keeps_what_was_typed(as_user, project, editor, posted, other_image):
    data = posted["train"] | {"image": other_image.pk, "name": "typed", "classes": ["WBC"], "reload": "1"}
    response = as_user(editor).post(url("train", project), data)
    html = response.content.decode()
    assert response.status_code == 200
    assert 'name="config-rounds"' in html
    assert 'value="typed"' in html
    assert response.context["form"].initial["classes"] == ["WBC"]
    assert not Job.objects.filter(state=Job.State.PENDING).exists()


def test_without_images_it_says_what_is_missing(as_user, project, editor):
    response = as_user(editor).get(url("train", project))
    assert "No executor image can do this" in response.content.decode()


def test_a_deleted_recommendation_is_no_choice(as_user, project, editor, model):
    ModelVersion.objects.filter(pk=model.pk).update(recommended=None)
    form, _html = form_of(as_user(editor), "mine", project)
    assert not list(form.fields["checkpoint"].queryset)


# --- what speaks against a run --------------------------------------------------------------------------------------


@pytest.fixture
def overlapping(project):
    """A validation set that shares two of its three images with the training set."""
    scenes = {name: builders.SCENES[name] for name in ("a", "b")}
    return builders.version(project, "overlapping", {**scenes, "fresh": builders.SCENES["c"]})


def test_shared_images_are_counted_before_a_training_and_must_be_seen(as_user, project, editor, posted, overlapping):
    client, data = as_user(editor), posted["train"] | {"validation": overlapping.pk}
    shown = client.post(url("train", project), data)
    assert shown.status_code == 422
    words = "2 assets of smear-train v1 are also in overlapping v1, the validation set"
    assert words in shown.content.decode()
    assert not Job.objects.filter(state=Job.State.PENDING).exists()
    assert client.post(url("train", project), data | {"anyway": "1"}).status_code == 422
    seen = client.post(url("train", project), data | {"anyway": shown.context["concerns_seen"]})
    assert seen.status_code == 302


def test_the_warning_follows_what_is_chosen(as_user, project, editor, model, overlapping):
    query = {"training": model.training_version.pk, "validation": overlapping.pk}
    headers = {"HX-Request": "true", "HX-Target": "concerns"}
    fragment = as_user(editor).get(url("train", project), query, headers=headers).content.decode()
    assert "2 assets of smear-train v1" in fragment
    assert "<html" not in fragment
    query["validation"] = model.validation_version.pk
    content = as_user(editor).get(url("train", project), query, headers=headers).content.decode()
    assert "also in" not in content


@pytest.fixture
def useless(project):
    return builders.trained(project, "blind-net", stages={"epoch_4": 0.0})


def test_mining_by_a_model_that_finds_nothing_is_warned_of(as_user, project, editor, useless, pool):
    client = as_user(editor)
    _form, html = form_of(client, "mine", project, model=useless.pk, dataset=pool.pk)
    assert "blind-net v1 finds nothing" in html
    page = client.get(reverse("models:version", args=[useless.pk])).content.decode()
    assert "mining by it is no better than chance" in page
    again = f"{url('train', project)}?rerun={useless.job_id}"
    assert f'class="btn go" href="{again}"' in page


def test_a_model_that_finds_something_is_mined_with_at_once(as_user, project, editor, model):
    page = as_user(editor).get(reverse("models:version", args=[model.pk])).content.decode()
    assert "finds nothing" not in page
    assert "Mine with v1" in page.partition('class="btn go"')[2][:200]


def test_runs_begin_with_the_model_that_was_judged_best_not_with_the_newest(as_user, project, editor, model):
    newer = builders.trained(project, "by-chance")
    builders.judged(builders.predicted(model, model.training_version))
    builders.judged(builders.predicted(newer, model.training_version, {}))
    mine, _html = form_of(as_user(editor), "mine", project)
    assert mine.initial["checkpoint"] == model.recommended.pk
    train, _html = form_of(as_user(editor), "train", project)
    assert train.initial["name"] == "smear-net"


def test_without_labels_or_models_a_run_says_what_to_do_first(as_user, project, editor):
    builders.image()
    client = as_user(editor)
    assert "no labeled assets yet" in client.get(url("train", project)).content.decode()
    for kind in ("mine", "infer"):
        page = client.get(url(kind, project)).content.decode()
        assert "no model yet" in page
        assert reverse("models:train", args=[project.pk]) in page
