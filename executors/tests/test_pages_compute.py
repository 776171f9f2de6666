"""The compute page: how busy the hosts are, for everyone; what other people work on, for nobody else."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from executors.models import Gpu, Job
from executors.tests import builders

pytestmark = pytest.mark.django_db
COMPUTE = reverse("executors:compute")
State = Job.State


def page(client):
    response = client.get(COMPUTE)
    assert response.status_code == 200
    return response.content.decode()


def test_signing_in_is_asked_for(client):
    assert client.get(COMPUTE).status_code == 302


def test_hosts_running_jobs_and_the_queue_are_shown(as_user, project, viewer):
    running = builders.job(project, state=State.RUNNING, title="Train A")
    builders.job(project, title="Train B", note="waits for 2 GPUs")
    builders.job(project, title="Train C")
    Gpu.objects.create(host="lab-2", index=0, name="Tesla <T4>", memory_mb=16384, job=running)
    Gpu.objects.create(host="lab-2", index=1, name="Tesla T4")
    html = page(as_user(viewer))
    for words in (
        "Train A",
        "Train B",
        "Train C",
        "waits for 2 GPUs",
        "waits for a worker",
        "16,384 MB",
        "1 of 2 in use",
    ):
        assert words in html
    assert "Tesla &lt;T4&gt;" in html
    assert html.index("Train B") < html.index("Train C")


def test_strangers_see_load_but_no_names(as_user, project, stranger):
    job = builders.job(project, state=State.RUNNING, title="Secret")
    builders.job(project, title="Secret too")
    Gpu.objects.create(host="lab-2", index=0, job=job)
    html = page(as_user(stranger))
    assert "Secret" not in html
    assert "Smears" not in html
    assert html.count(f"job {job.pk} of another project") == 2


def test_an_idle_installation_says_so(as_user, stranger):
    html = page(as_user(stranger))
    for words in ("Nothing runs just now.", "Nothing waits.", "No GPU was seen.", "No worker is running"):
        assert words in html


def test_without_redis_the_page_stands(as_user, stranger, settings):
    settings.RQ_QUEUES = {"default": {"URL": "redis://127.0.0.1:1/0"}}
    assert "Redis does not answer" in page(as_user(stranger))


def test_a_part_is_sent_to_a_page_that_follows(as_user, stranger):
    response = as_user(stranger).get(COMPUTE, headers={"HX-Request": "true"})
    assert "<html" not in response.content.decode()
    assert "HX-Request" in response["Vary"]


def test_it_costs_the_same_for_many_jobs(as_user, project, viewer):
    client = as_user(viewer)

    def queries():
        page(client)
        with CaptureQueriesContext(connection) as captured:
            page(client)
        return len(captured)

    def add(number):
        running = builders.job(project, state=State.RUNNING, created_by=viewer)
        builders.job(project)
        Gpu.objects.create(host=f"lab-{number}", index=0, job=running)

    add(0)
    before = queries()
    for number in range(1, 9):
        add(number)
    assert queries() == before
