"""Pages of executor images: everyone signed in looks, people with the permission change."""

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from executors.models import ExecutorImage, Job, TaskTemplate
from executors.tests import builders
from projects.models import ObjectType

pytestmark = pytest.mark.django_db
LIST = reverse("executors:images")
ADD = reverse("executors:image_add")
NEW = {"reference": "ymir/other:2", "runner": "docker", "name": "Other"}


@pytest.fixture
def keeper(make_user):
    """A person who may add and change images, and is no superuser."""
    user = make_user("karl", is_staff=True)
    wanted = ["add_executorimage", "change_executorimage"]
    user.user_permissions.set(Permission.objects.filter(codename__in=wanted))
    return user


def url(name, image):
    return reverse(f"executors:{name}", args=[image.pk])


def test_signing_in_is_asked_for(client):
    for address in (LIST, ADD, url("image", builders.image())):
        assert client.get(address).status_code == 302


def test_the_list_says_what_each_image_can_do(as_user, stranger):
    builders.image(description="Finds <small> things")
    html = as_user(stranger).get(LIST).content.decode()
    assert "Small detector" in html
    assert ">training<" in html
    assert ">mining<" in html
    assert ">inference<" not in html
    assert "&lt;small&gt;" in html
    assert ADD not in html


def test_the_list_costs_the_same_for_many_images(as_user, stranger):
    client = as_user(stranger)

    def queries():
        client.get(LIST)
        with CaptureQueriesContext(connection) as captured:
            client.get(LIST)
        return len(captured)

    builders.image()
    before = queries()
    for number in range(8):
        builders.image(reference=f"ymir/{number}")
    assert queries() == before


def test_an_empty_registry_says_what_is_missing(as_user, stranger, keeper):
    assert "An administrator can add one." in as_user(stranger).get(LIST).content.decode()
    assert ADD in as_user(keeper).get(LIST).content.decode()


def test_an_image_shows_each_option_of_its_templates(as_user, stranger):
    html = as_user(stranger).get(url("image", builders.image())).content.decode()
    for words in ("epochs", "100", "Passes over the training images", "adam, sgd", "highest &lt;b&gt;rate&lt;/b&gt;"):
        assert words in html
    assert "gpu_id" not in html
    assert "Disable image" not in html


def test_a_template_that_cannot_be_read_is_shown_as_text(as_user, stranger):
    image = builders.image()
    TaskTemplate.objects.create(
        image=image, object_type=ObjectType.DETECTION, task="infer", source="- <script>alert(1)</script>"
    )
    html = as_user(stranger).get(url("image", image)).content.decode()
    assert "This template cannot be read" in html
    assert "<script>alert" not in html


def test_an_image_in_the_making_is_followed(as_user, stranger):
    image = builders.image(state=ExecutorImage.State.PENDING)
    assert 'hx-trigger="every 2s"' in as_user(stranger).get(url("image", image)).content.decode()


def test_an_image_that_failed_says_why(as_user, stranger):
    image = builders.image(state=ExecutorImage.State.FAILED, error="no such <image>")
    html = as_user(stranger).get(url("image", image)).content.decode()
    assert "no such &lt;image&gt;" in html
    assert "every 2s" not in html


def test_unknown_images_are_not_found(as_user, keeper):
    assert as_user(keeper).get(reverse("executors:image", args=[999])).status_code == 404
    assert as_user(keeper).post(reverse("executors:image_enable", args=[999])).status_code == 404


@pytest.mark.parametrize("name", ["image_refresh", "image_enable", "image_disable"])
def test_changing_needs_the_permission_and_a_post(as_user, stranger, keeper, name):
    image = builders.image()
    assert as_user(stranger).post(url(name, image)).status_code == 403
    assert as_user(keeper).get(url(name, image)).status_code == 405
    assert as_user(keeper).post(url(name, image)).url == url("image", image)


def test_adding_needs_the_permission(as_user, stranger):
    assert as_user(stranger).get(ADD).status_code == 403
    assert as_user(stranger).post(ADD, NEW).status_code == 403
    assert not ExecutorImage.objects.exists()


def test_adding_registers_an_image_and_starts_its_inspection(as_user, keeper):
    response = as_user(keeper).post(ADD, NEW)
    image = ExecutorImage.objects.get()
    assert response.url == url("image", image)
    assert (image.reference, image.name, image.created_by) == ("ymir/other:2", "Other", keeper)
    assert Job.objects.get().created_by == keeper


@pytest.mark.parametrize("values", [{"reference": ""}, {"runner": "magic"}, {"reference": "x" * 300}])
def test_a_form_that_makes_no_sense_comes_back(as_user, keeper, values):
    assert as_user(keeper).post(ADD, NEW | values).status_code == 422
    assert not ExecutorImage.objects.exists()


def test_a_disabled_image_is_not_offered(as_user, keeper):
    image = builders.image()
    as_user(keeper).post(url("image_disable", image))
    assert not ExecutorImage.objects.usable().exists()
    as_user(keeper).post(url("image_enable", image))
    assert ExecutorImage.objects.usable().get() == image
