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
