"""Pages of the loop: what to do next, who may do it, and that they cost the same for many rounds."""

import pytest
from django.urls import reverse

from iterations.models import Arm, Iteration, IterationStep
from iterations.services import rounds
from iterations.services import settings as loops
from iterations.steps import Step
from models.tests import builders

pytestmark = pytest.mark.django_db


@pytest.fixture
def iteration(loop, project, owner):
    return rounds.start_round(project=project, by=owner)


def test_an_empty_project_asks_for_images_first(as_user, viewer, project):
    page = as_user(viewer).get(reverse("iterations:overview", args=[project.pk])).content.decode()
    assert "Bring in your images" in page
    assert "What the loop needs" in page


def test_a_project_with_data_asks_for_the_loop_settings(as_user, viewer, project):
    builders.version(project, "training", builders.SCENES)
    page = as_user(viewer).get(reverse("iterations:overview", args=[project.pk])).content.decode()
    assert "Set up the loop" in page


def test_a_ready_loop_offers_to_start(as_user, viewer, loop, project):
    page = as_user(viewer).get(reverse("iterations:overview", args=[project.pk])).content.decode()
    assert "Start the loop" in page
    assert "simulated annotator" in page


@pytest.mark.parametrize("name", ["iterations:overview", "iterations:list", "iterations:settings"])
def test_strangers_find_no_project_page(name, as_user, stranger, project):
    assert as_user(stranger).get(reverse(name, args=[project.pk])).status_code == 404


@pytest.mark.parametrize("name", ["iterations:detail", "iterations:rows"])
def test_strangers_find_no_round(name, as_user, stranger, viewer, iteration):
    address = reverse(name, args=[iteration.pk])
    assert as_user(stranger).get(address).status_code == 404
    assert as_user(viewer).get(address).status_code in {200, 286}


def _posts(project, iteration):
    yield reverse("iterations:start", args=[project.pk])
    yield reverse("iterations:settings", args=[project.pk])
    yield reverse("iterations:set_automatic", args=[iteration.pk])
    for name in ("start_step", "skip_step", "attach"):
        yield reverse(f"iterations:{name}", args=[iteration.pk, Step.TRAIN])


def test_viewers_look_and_do_not_touch(as_user, stranger, viewer, project, iteration):
    for address in _posts(project, iteration):
        assert as_user(viewer).post(address).status_code == 403, address
        assert as_user(stranger).post(address).status_code == 404, address


def test_a_dataset_version_is_no_result_of_a_training(as_user, editor, loop, iteration):
    address = reverse("iterations:attach", args=[iteration.pk, Step.TRAIN])
    assert as_user(editor).post(address, {"dataset_version": loop.initial_training.pk}).status_code == 404


def test_an_editor_starts_the_loop(as_user, editor, loop, project):
    response = as_user(editor).post(reverse("iterations:start", args=[project.pk]), {"automatic": "on"})
    iteration = Iteration.objects.get(project=project)
    assert response.url == reverse("iterations:detail", args=[iteration.pk])
    assert iteration.is_automatic
    assert iteration.steps.get(kind=Step.TRAIN).job is not None


def test_starting_without_sets_leads_to_the_settings(as_user, editor, project):
    response = as_user(editor).post(reverse("iterations:start", args=[project.pk]))
    assert response.url == reverse("iterations:settings", args=[project.pk])


def test_settings_offer_only_versions_of_the_project(as_user, editor, loop, project, make_project):
    foreign = builders.version(make_project("Other"), "foreign", builders.SCENES)
    address = reverse("iterations:settings", args=[project.pk])
    response = as_user(editor).post(address, {"pool": foreign.pk, "strategy": "free", "annotator": "people"})
    assert response.status_code == 422
    assert "foreign" not in response.content.decode()


def test_settings_refuse_one_version_in_two_roles(as_user, editor, loop, project):
    values = {
        "initial_training": loop.initial_training.pk,
        "pool": loop.pool.pk,
        "validation": loop.testing.pk,
        "testing": loop.testing.pk,
        "image": loop.image.pk,
        "strategy": "unique",
        "chunk_size": 10,
        "top_k": 3,
        "annotator": "people",
        "gpu_count": 0,
    }
    response = as_user(editor).post(reverse("iterations:settings", args=[project.pk]), values)
    assert response.status_code == 422
    assert "chosen twice" in response.content.decode()
    assert loops.loop_of(project).validation != loop.testing


@pytest.mark.parametrize("name", ["iterations:overview", "iterations:list"])
def test_pages_cost_the_same_for_many_rounds(
    name, as_user, viewer, loop, project, owner, django_assert_max_num_queries
):
    client, address = as_user(viewer), reverse(name, args=[project.pk])
    _add_rounds(project, owner, range(1, 2))
    client.get(address)
    with django_assert_max_num_queries(60) as few:
        client.get(address)
    _add_rounds(project, owner, range(2, 12))
    with django_assert_max_num_queries(60) as many:
        client.get(address)
    assert len(many) == len(few)


def _add_rounds(project, owner, numbers):
    for number in numbers:
        for arm in Arm:
            made = Iteration.objects.create(project=project, arm=arm, number=number, created_by=owner)
            for kind in Step:
                IterationStep.objects.create(iteration=made, kind=kind)


def test_training_on_the_test_set_is_warned_of(as_user, editor, loop, project):
    query = {"training": loop.testing.pk, "validation": loop.validation.pk}
    page = as_user(editor).get(reverse("models:train", args=[project.pk]), query).content.decode()
    assert "test v1 is the test set" in page
    assert "Start all the same" in page


def test_a_loop_whose_model_finds_nothing_is_not_led_to_mine(as_user, editor, loop, project, owner, iteration):
    blind = builders.trained(
        project,
        "blind",
        stages={"best": 0.0},
        training_version=loop.initial_training,
        validation_version=loop.validation,
        executor=builders.image(reference="ymir/other:1"),
    )
    rounds.attach(iteration=iteration, kind=Step.TRAIN, model_version=blind)
    rounds.skip(iteration=iteration, kind=Step.EVALUATE)
    page = as_user(editor).get(reverse("iterations:overview", args=[project.pk])).content.decode()
    assert "Train longer before round 1" in page
    assert "no better than chance" in page


# --- the settings ---------------------------------------------------------------------------------------------------


@pytest.fixture
def settings_url(project):
    return reverse("iterations:settings", args=[project.pk])


@pytest.fixture
def typed(loop):
    return {
        "initial_training": loop.initial_training.pk,
        "pool": loop.pool.pk,
        "validation": loop.validation.pk,
        "testing": loop.testing.pk,
        "image": loop.image.pk,
        "options_of": loop.image.pk,
        "strategy": "unique",
        "chunk_size": 10,
        "top_k": 3,
        "annotator": "people",
        "gpu_count": 0,
        "training_config-epochs": 5,
        "mining_config-mining_algorithm": "name",
    }


def test_hyper_parameters_are_typed_by_the_images_templates_and_kept(
    as_user, editor, loop, project, settings_url, typed
):
    client = as_user(editor)
    page = client.get(settings_url).content.decode()
    assert 'type="number" name="training_config-epochs"' in page
    assert 'type="checkbox" name="training_config-fails"' in page
    assert 'name="mining_config-mining_algorithm"' in page
    assert client.post(settings_url, typed).status_code == 302
    kept = loops.loop_of(project)
    assert (kept.training_config, kept.mining_config) == ({"epochs": 5}, {})
    assert 'value="5"' in client.get(settings_url).content.decode()


def test_a_hyper_parameter_that_does_not_fit_is_refused_at_its_field(
    as_user, editor, loop, project, settings_url, typed
):
    response = as_user(editor).post(settings_url, typed | {"training_config-epochs": "many"})
    assert response.status_code == 422
    assert "epochs" in response.context["form"].options["training_config"].errors
    assert loops.loop_of(project).training_config == {}


@pytest.fixture
def other_image(loop):
    image = builders.image(reference="ymir/other:1", name="Zebra")
    image.templates.filter(task="training").update(source="rounds: 3\n")
    return image


def test_another_image_brings_its_own_hyper_parameters(as_user, editor, settings_url, other_image):
    headers = {"HX-Request": "true"}
    fragment = as_user(editor).get(settings_url, {"image": other_image.pk}, headers=headers).content.decode()
    assert 'name="training_config-rounds"' in fragment
    assert 'name="mining_config-algorithm"' in fragment
    assert "<html" not in fragment


def test_without_a_script_a_button_reloads_the_hyper_parameters_and_keeps_what_was_typed(
    as_user, editor, loop, project, settings_url, other_image, typed
):
    data = typed | {"image": other_image.pk, "top_k": 77, "reload": "1"}
    response = as_user(editor).post(settings_url, data)
    page = response.content.decode()
    assert response.status_code == 200
    assert 'name="training_config-rounds"' in page
    assert 'value="77"' in page
    assert loops.loop_of(project).image == loop.image


def test_an_image_whose_options_nobody_saw_starts_with_its_template(
    as_user, editor, loop, project, settings_url, other_image, typed
):
    loops.update(project=project, training_config={"epochs": 9})
    assert as_user(editor).post(settings_url, typed | {"image": other_image.pk}).status_code == 302
    assert loops.loop_of(project).training_config == {}


def test_viewers_see_the_settings_and_cannot_save(as_user, viewer, loop, settings_url, typed):
    assert "Save loop settings" not in as_user(viewer).get(settings_url).content.decode()
    assert as_user(viewer).post(settings_url, typed).status_code == 403


def settings_form(client, project):
    """What the form of the loop settings sends as it stands."""
    form = client.get(reverse("iterations:settings", args=[project.pk])).context["form"]
    return {bound.name: bound.value() for bound in form if bound.value() is not None and bound.value() is not False}


def test_a_simulated_annotator_without_ground_truth_is_refused_at_its_field(as_user, editor, loop, project):
    client = as_user(editor)
    answer = client.post(
        reverse("iterations:settings", args=[project.pk]), {**settings_form(client, project), "truth": ""}
    )
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == ["truth"]
    assert "held-back ground truth" in answer.context["form"].errors["truth"][0]


def test_home_lists_all_that_the_loop_needs_and_advises_a_test_set(as_user, viewer, loop, project):
    type(loop).objects.update(truth=None, image=None, testing=None)
    page = as_user(viewer).get(reverse("iterations:overview", args=[project.pk]))
    unmet = [need.name for need in page.context["needs"] if not need.is_met]
    assert unmet == ["Executor image", "Held-back ground truth", "Test set"]
    assert page.context["next_step"].text == "Still to choose: Executor image, Held-back ground truth."


def test_without_a_test_set_the_loop_starts_all_the_same(as_user, viewer, loop, project):
    loops.update(project=project, testing=None)
    page = as_user(viewer).get(reverse("iterations:overview", args=[project.pk]))
    assert page.context["next_step"].title == "Start the loop"


def test_a_round_that_goes_on_by_itself_no_more_says_why(as_user, viewer, iteration, loop, project):
    rounds.set_automatic(iteration=iteration, automatic=True)
    type(loop).objects.update(image=None)
    rounds.advance_automatic()
    address = reverse("iterations:detail", args=[iteration.pk])
    page = as_user(viewer).get(address).content.decode()
    assert "goes on by itself no more" in page
    assert "The loop lacks: executor image. Choose it in the loop settings." in page
    loops.update(project=project, image=loop.image)
    rounds.set_automatic(iteration=iteration, automatic=True)
    assert "goes on by itself no more" not in as_user(viewer).get(address).content.decode()


def test_with_a_model_of_ones_own_home_promises_no_first_training(as_user, viewer, loop, project):
    loops.update(project=project, initial_model=builders.trained(project))
    text = as_user(viewer).get(reverse("iterations:overview", args=[project.pk])).context["next_step"].text
    assert "begins with mining" in text


def test_the_only_image_is_chosen_already(as_user, editor, obedient, project):
    page = as_user(editor).get(reverse("iterations:settings", args=[project.pk]))
    assert page.context["form"]["image"].value() == obedient.pk


@pytest.mark.parametrize("name", ["iterations:settings", "projects:settings"])
def test_who_may_only_look_cannot_type_into_settings(name, as_user, viewer, owner, loop, project):
    address = reverse(name, args=[project.pk])
    fields = as_user(viewer).get(address).context["form"].fields.values()
    assert all(field.disabled for field in fields)
    assert not any(field.disabled for field in as_user(owner).get(address).context["form"].fields.values())
