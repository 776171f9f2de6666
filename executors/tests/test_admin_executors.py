"""The registry in Django's admin; jobs and GPUs only to look at."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse

from executors.models import ExecutorImage, Gpu, Job, JobAttempt
from executors.services import images
from executors.tests import builders
from projects.models import Project

pytestmark = pytest.mark.django_db


@pytest.fixture
def root(make_user: Callable[..., User], as_user: Callable[[User], Client]) -> Client:
    return as_user(make_user("root", is_superuser=True, is_staff=True))


def test_an_image_added_here_is_inspected(root: Client) -> None:
    fields: dict[str, Any] = {
        "reference": "ymir/x:1",
        "runner": "docker",
        "name": "X",
        "description": "",
        "enabled": "on",
    }
    formset = {f"templates-{key}": value for key, value in (("TOTAL_FORMS", 0), ("INITIAL_FORMS", 0))}
    answer = root.post(reverse("admin:executors_executorimage_add"), fields | formset)
    assert answer.status_code == 302
    image = ExecutorImage.objects.get()
    assert image.created_by is not None
    assert Job.objects.get().params == {"image": image.pk}


def test_images_are_inspected_enabled_and_disabled(root: Client) -> None:
    image = builders.image()
    url = reverse("admin:executors_executorimage_changelist")
    for action in ("inspect", "disable"):
        answer = root.post(url, {"action": action, "_selected_action": [image.pk]}, follow=True)
        assert answer.status_code == 200
    assert Job.objects.count() == 1
    assert not ExecutorImage.objects.get().enabled
    root.post(url, {"action": "enable", "_selected_action": [image.pk]})
    assert ExecutorImage.objects.get().enabled


def test_the_pages_open(root: Client) -> None:
    image, job = builders.image(), builders.job(None, state=Job.State.RUNNING)
    gpu = Gpu.objects.create(host="bench", index=0, job=job)
    for name, pk in (("executorimage", image.pk), ("job", job.pk), ("gpu", gpu.pk)):
        assert root.get(reverse(f"admin:executors_{name}_changelist")).status_code == 200
        assert root.get(reverse(f"admin:executors_{name}_change", args=[pk])).status_code == 200


def test_jobs_are_read_only(root: Client) -> None:
    job = builders.job(None)
    assert root.get(reverse("admin:executors_job_add")).status_code == 403
    assert root.post(reverse("admin:executors_job_change", args=[job.pk]), {"title": "x"}).status_code == 403
    assert root.post(reverse("admin:executors_job_delete", args=[job.pk]), {"post": "yes"}).status_code == 403


def test_jobs_are_stopped_by_those_who_may(root: Client, make_user: Any, as_user: Callable[[User], Client]) -> None:
    job, over = builders.job(None), builders.job(None, state=Job.State.SUCCEEDED)
    looker = make_user("lou", is_staff=True)
    looker.user_permissions.add(Permission.objects.get(codename="view_job"))
    deed = {"action": "stop", "_selected_action": [job.pk, over.pk]}
    url = reverse("admin:executors_job_changelist")
    as_user(looker).post(url, deed)
    assert Job.objects.get(pk=job.pk).state == Job.State.PENDING
    root.post(url, deed)
    assert Job.objects.get(pk=job.pk).state == Job.State.CANCELED
    assert Job.objects.get(pk=over.pk).state == Job.State.SUCCEEDED


def delete(root: Client, image: ExecutorImage) -> int:
    """Delete an image on its page, and then together with others; the first answer."""
    page = reverse("admin:executors_executorimage_delete", args=[image.pk])
    status = root.post(page, {"post": "yes"}).status_code
    together = {"action": "delete_selected", "_selected_action": [image.pk], "post": "yes"}
    root.post(reverse("admin:executors_executorimage_changelist"), together)
    return status


def test_an_image_that_jobs_used_is_not_deleted(root: Client) -> None:
    image = builders.image()
    builders.job(None, image=image)
    assert delete(root, image) == 403
    assert ExecutorImage.objects.filter(pk=image.pk).exists()


def test_an_image_that_was_only_inspected_is_deleted_with_its_templates(root: Client) -> None:
    image, job = images.add(reference="ymir/tpyo:1", by=None)
    assert delete(root, image) == 302
    assert not ExecutorImage.objects.exists()
    assert Job.objects.filter(pk=job.pk).exists()


@pytest.mark.parametrize("query", [{"q": "smear"}, {"q": "7"}, {"state": "failed"}, {"created_at__year": 2026}])
def test_jobs_are_searched_and_filtered(root: Client, query: dict[str, Any]) -> None:
    builders.job(None, title="Train smear-net")
    page = root.get(reverse("admin:executors_job_changelist"), query)
    assert page.status_code == 200
    assert "delete_selected" not in page.content.decode()


def test_nothing_of_a_job_can_be_written(root: Client, project: Project) -> None:
    job = builders.job(project, state=Job.State.RUNNING)
    JobAttempt.objects.create(job=job, number=1, worker="lab-2", started_at=job.started_at)
    page = root.get(reverse("admin:executors_job_change", args=[job.pk])).content.decode()
    assert "lab-2" in page
    form = page[page.index('id="job_form"') :]
    assert 'type="text"' not in form
    assert "<textarea" not in form
    assert 'name="_save"' not in form
    assert "deletelink" not in form
