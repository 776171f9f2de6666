"""Pages of jobs: who may see and stop them, what they show of a job that waits, runs or has ended."""

import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from common.numbers import percent
from executors import selectors
from executors.models import Gpu, Job, JobAttempt
from executors.tests import builders
from projects import services as projects

pytestmark = pytest.mark.django_db
State = Job.State
EPOCHS = [
    {
        "epoch": number,
        "epochs": 100,
        "loss": 2 / number,
        "lr": 0.01,
        "mAP50": 0.5 if number == 2 else 0.1,
        "seconds": 11.2,
    }
    for number in range(1, 62)
]


def url(name, job):
    return reverse(f"executors:{name}", args=[job.pk])


def page(client, name, job, **query):
    response = client.get(url(name, job), query)
    assert response.status_code in {200, 286}
    return response.content.decode()


# --- who may --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["job", "job_status", "job_log", "job_log_download"])
def test_strangers_do_not_learn_that_a_job_exists(as_user, project, stranger, viewer, name):
    job = builders.job(project)
    builders.write_log(job, b"hello\n")
    assert as_user(stranger).get(url(name, job)).status_code == 404
    assert as_user(viewer).get(url(name, job)).status_code == 200


@pytest.mark.parametrize("name", ["job_cancel", "job_retry"])
def test_viewers_look_and_editors_act(as_user, project, stranger, viewer, editor, name):
    job = builders.job(project, state=State.RUNNING if name == "job_cancel" else State.FAILED)
    statuses = [
        as_user(user).post(url(name, job), {"mode": "discard"}).status_code for user in (stranger, viewer, editor)
    ]
    assert statuses == [404, 403, 302]


@pytest.mark.parametrize("name", ["job_cancel", "job_retry"])
def test_acting_needs_a_post(as_user, project, editor, name):
    assert as_user(editor).get(url(name, builders.job(project))).status_code == 405


def test_the_list_is_for_members(as_user, project, stranger, viewer):
    address = reverse("executors:jobs", args=[project.pk])
    assert as_user(stranger).get(address).status_code == 404
    assert as_user(viewer).get(address).status_code == 200


def test_jobs_of_no_project_are_for_superusers(as_user, make_user, owner):
    job = builders.job(None)
    assert as_user(owner).get(url("job", job)).status_code == 404
    assert as_user(make_user("root", is_superuser=True)).get(url("job", job)).status_code == 200


def test_jobs_of_a_project_in_the_trash_are_gone(as_user, project, owner):
    job = builders.job(project)
    projects.hide(project=project)
    assert as_user(owner).get(url("job", job)).status_code == 404


def test_actions_are_offered_to_editors_only(as_user, project, viewer, editor):
    job = builders.job(project, state=State.RUNNING)
    assert "Stop and discard" in page(as_user(editor), "job", job)
    assert "Stop and discard" not in page(as_user(viewer), "job", job)


# --- what is shown --------------------------------------------------------------------------------------------------


def test_a_running_job_shows_how_far_it_is(as_user, project, viewer):
    job = builders.job(project, state=State.RUNNING, progress=0.61, created_by=viewer, image=builders.image())
    Gpu.objects.create(host="lab-2", index=3, job=job)
    builders.write_metrics(job, EPOCHS)
    html = page(as_user(viewer), "job", job)
    assert "61\u202f%" in html or "61\u2009%" in html or "61\xa0%" in html
    assert "epoch 61 of 100" in html
    assert "11.2 s an epoch" in html
    assert "left" in html
    assert "ready about" in html
    assert "GPU 3" in html
    assert "started by vera" in html
    assert "best 0.500, epoch 2" in html
    assert html.count('hx-trigger="every 2s"') == 2  # the progress, and the log


def test_a_waiting_job_shows_its_place_and_why(as_user, project, viewer):
    builders.job(project)
    job = builders.job(project, note="lab-2 has 1 GPU, and job 1 uses it")
    html = page(as_user(viewer), "job", job)
    assert "1 job before it" in html
    assert "lab-2 has 1 GPU, and job 1 uses it" in html


def test_a_failed_job_says_what_happened_and_what_to_do(as_user, project, editor):
    job = builders.job(
        project,
        state=State.FAILED,
        error_id="executors.out_of_memory",
        error_message="Memory <ran> out.",
        error_hint="Run again with batch size 8.",
    )
    JobAttempt.objects.create(
        job=job,
        number=1,
        worker="lab-2",
        started_at=job.started_at,
        outcome="executors.out_of_memory",
        facts={"exit_code": 137},
    )
    html = page(as_user(editor), "job", job)
    assert "Memory &lt;ran&gt; out." in html
    assert "Run again with batch size 8." in html
    assert "exit code 137" in html
    assert "Run again</button>" in html
    assert "every 2s" not in html


def test_a_job_that_succeeded_links_to_what_it_made(as_user, project, viewer):
    image = builders.image()
    job = builders.job(project, state=State.SUCCEEDED, result={"type": "executor_image", "id": image.pk})
    assert f'href="{reverse("executors:image", args=[image.pk])}"' in page(as_user(viewer), "job", job)


@pytest.mark.parametrize(
    "result",
    [
        {},
        {"type": "unheard", "id": 1},
        {"type": "prediction"},
        {"type": "prediction", "id": "x"},
        {"type": 3, "id": []},
    ],
)
def test_results_that_lead_nowhere_are_no_fault(as_user, project, viewer, result):
    assert page(as_user(viewer), "job", builders.job(project, state=State.SUCCEEDED, result=result))


def test_parameters_are_listed_as_they_were_given(as_user, project, viewer):
    params = {
        "name": "smear-<net>",
        "top_k": 24,
        "classes": ["RBC", "WBC"],
        "config": {"epochs": 7, "sizes": [1]},
        "empty": "",
    }
    html = page(as_user(viewer), "job", builders.job(project, params=params, image=builders.image()))
    assert "smear-&lt;net&gt;" in html
    assert "RBC, WBC" in html
    assert '<span class="mono">7</span>' in html
    assert "ymir/detector:1" in html
    assert "Empty" not in html


@pytest.mark.parametrize("state", State.values)
def test_a_job_whose_kind_is_gone_can_still_be_looked_at(as_user, project, viewer, state):
    assert "gone.kind" in page(as_user(viewer), "job", builders.job(project, kind="gone.kind", state=state))


@pytest.mark.parametrize("phase", Job.Phase.values)
@pytest.mark.parametrize("state", State.values)
def test_every_state_in_every_phase_can_be_shown(as_user, project, viewer, state, phase):
    job = builders.job(project, state=state, phase=phase, phase_times={})
    assert page(as_user(viewer), "job", job)
    assert page(as_user(viewer), "job_status", job)


# --- stopping and running again -------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["keep", "discard"])
def test_a_running_job_is_asked_to_stop(as_user, project, editor, mode):
    job = builders.job(project, state=State.RUNNING)
    assert as_user(editor).post(url("job_cancel", job), {"mode": mode}).url == url("job", job)
    job.refresh_from_db()
    assert (job.state, job.cancel) == (State.RUNNING, mode)
    assert "Stopping as soon as" in page(as_user(editor), "job", job)


@pytest.mark.parametrize("mode", ["", "none", "KEEP"])
def test_a_stop_says_what_becomes_of_the_result(as_user, project, editor, mode):
    job = builders.job(project, state=State.RUNNING)
    assert as_user(editor).post(url("job_cancel", job), {"mode": mode}).status_code == 422
    job.refresh_from_db()
    assert job.cancel == ""


def test_stopping_what_is_over_is_refused_in_words(as_user, project, editor):
    job = builders.job(project, state=State.SUCCEEDED)
    response = as_user(editor).post(url("job_cancel", job), {"mode": "discard"}, follow=True)
    assert f"Job {job.pk} is over already." in response.content.decode()


def test_running_again_makes_a_new_job(as_user, project, editor):
    job = builders.job(project, state=State.FAILED, params={"epochs": 1})
    response = as_user(editor).post(url("job_retry", job))
    again = Job.objects.exclude(pk=job.pk).get()
    assert response.url == url("job", again)
    assert (again.params, again.created_by, again.state) == ({"epochs": 1}, editor, State.PENDING)


def test_a_job_under_way_is_not_run_again(as_user, project, editor):
    job = builders.job(project, state=State.RUNNING)
    response = as_user(editor).post(url("job_retry", job), follow=True)
    assert f"Job {job.pk} is still under way." in response.content.decode()
    assert Job.objects.count() == 1


# --- following ------------------------------------------------------------------------------------------------------


def test_the_status_goes_on_while_the_job_does(as_user, project, viewer):
    job = builders.job(project, state=State.RUNNING)
    builders.write_metrics(job, EPOCHS[:3])
    response = as_user(viewer).get(url("job_status", job), {"state": "running", "rows": "3"})
    html = response.content.decode()
    assert (response.status_code, response.get("HX-Refresh")) == (200, None)
    assert "<html" not in html
    assert "job-curves" not in html  # nothing new to draw


def test_curves_are_sent_when_there_is_more_to_draw(as_user, project, viewer):
    job = builders.job(project, state=State.RUNNING)
    builders.write_metrics(job, EPOCHS[:3])
    assert 'id="job-curves" hx-swap-oob="true"' in page(as_user(viewer), "job_status", job, state="running", rows="2")


@pytest.mark.parametrize("state", sorted(Job.FINAL))
def test_the_status_ends_with_the_job_and_loads_the_page_anew(as_user, project, viewer, state):
    response = as_user(viewer).get(url("job_status", builders.job(project, state=state)), {"state": "running"})
    assert (response.status_code, response["HX-Refresh"]) == (286, "true")
    assert "hx-get" not in response.content.decode()


def test_the_log_continues_from_an_offset(as_user, project, viewer):
    job = builders.job(project, state=State.RUNNING)
    builders.write_log(job, b"one\ntwo\n")
    html = page(as_user(viewer), "job_log", job, offset="4")
    assert "two" in html
    assert "one" not in html
    assert "offset=8" in html


def test_the_log_ends_with_the_job(as_user, project, viewer):
    job = builders.job(project, state=State.SUCCEEDED)
    builders.write_log(job, b"one\nlast")
    response = as_user(viewer).get(url("job_log", job), {"offset": "4"})
    assert response.status_code == 286
    assert response.content.decode().strip() == "last"


@pytest.mark.parametrize("offset", ["-1", "x", "9" * 5000, "²", "", "999999999"])
def test_odd_offsets_show_the_end(as_user, project, viewer, offset):
    job = builders.job(project, state=State.RUNNING)
    builders.write_log(job, b"one\n")
    assert "one" in page(as_user(viewer), "job_log", job, offset=offset)


# --- what strangers' programs write ---------------------------------------------------------------------------------


def test_a_log_is_text_and_nothing_else(as_user, project, viewer):
    job = builders.job(project, state=State.RUNNING)
    builders.write_log(job, b"<script>alert(1)</script>\n10 %\r99 %\n\xff\x00\x1b[31m</pre>\n")
    html = page(as_user(viewer), "job", job)
    assert "<script>alert" not in html
    assert "&lt;script&gt;alert" in html
    assert "10 %" not in html
    assert html.count("</pre>") == 1


def test_a_huge_log_is_shown_in_part(as_user, project, viewer):
    job = builders.job(project, state=State.RUNNING)
    builders.write_log(job, b"x" * 50 + b"\n" + b"0123456789\n" * 500_000)
    assert len(page(as_user(viewer), "job", job)) < 200_000


def test_hostile_metrics_leave_the_page_whole(as_user, project, viewer):
    job = builders.job(project, state=State.RUNNING)
    rows = [
        "[" * 9000,
        '{"loss": NaN}',
        '{"loss": 1e999}',
        "\u2028",
        *({"epoch": -1e14, "loss": 1e14, "mAP50": -9} for _ in "ab"),
    ]
    rows += [
        {"epoch": 3, "<script>alert(1)</script>": 1, "epochs": 0.2},
        {"epoch": 1e14, "epochs": 1e14, "loss": -1e14},
    ]
    builders.write_metrics(job, rows)
    html = page(as_user(viewer), "job", job)
    assert "<script>alert" not in html
    assert "nan" not in html


def test_numbers_of_other_images_are_drawn_as_they_come(as_user, project, viewer):
    job = builders.job(project, state=State.RUNNING)
    builders.write_metrics(
        job, [{"epoch": number, "reward": number, "regret": -number, "depth": 1} for number in (1, 2, 3)]
    )
    html = page(as_user(viewer), "job", job)
    assert html.count("<ym-line-chart>") == 2
    assert "depth" in html


def test_metrics_behind_a_link_are_not_shown(as_user, project, viewer, data_root):
    job = builders.job(project, state=State.RUNNING)
    builders.write_metrics(job, [])
    target = data_root / "other.jsonl"
    target.write_text(json.dumps({"epoch": 1, "loss": 1}))
    (data_root / "jobs" / str(job.pk) / "out" / "metrics.jsonl").unlink()
    (data_root / "jobs" / str(job.pk) / "out" / "metrics.jsonl").symlink_to(target)
    assert "ym-line-chart>" not in page(as_user(viewer), "job", job)


def test_the_whole_log_is_downloaded_as_text(as_user, project, viewer):
    job = builders.job(project)
    content = b"<html>\n" * 50_000
    builders.write_log(job, content)
    response = as_user(viewer).get(url("job_log_download", job))
    assert b"".join(response.streaming_content) == content
    assert response["Content-Type"].startswith("text/plain")
    assert response["Content-Disposition"] == f'attachment; filename="job-{job.pk}.log"'


def test_there_is_nothing_to_download_before_the_first_line(as_user, project, viewer):
    assert as_user(viewer).get(url("job_log_download", builders.job(project))).status_code == 404


# --- the list -------------------------------------------------------------------------------------------------------


def test_the_list_filters_by_state_and_kind(as_user, project, viewer):
    for title, state in (("Alpha", State.FAILED), ("Beta", State.RUNNING), ("Gamma", State.SUCCEEDED)):
        builders.job(project, title=title, state=state)
    builders.job(project, title="Delta", kind="gone.kind", state=State.FAILED)

    def titles(**query):
        html = as_user(viewer).get(reverse("executors:jobs", args=[project.pk]), query).content.decode()
        return [title for title in ("Alpha", "Beta", "Gamma", "Delta") if title in html]

    assert titles() == ["Alpha", "Beta", "Gamma", "Delta"]
    assert titles(state="active") == ["Beta"]
    assert titles(state="failed", kind="gone.kind") == ["Delta"]
    assert titles(state="nonsense", page="nonsense") == ["Alpha", "Beta", "Gamma", "Delta"]


def test_the_list_of_another_project_is_not_mixed_in(as_user, project, viewer, stranger):
    builders.job(projects.create(name="Other", classes=[], by=stranger), title="Secret")
    assert "Secret" not in as_user(viewer).get(reverse("executors:jobs", args=[project.pk])).content.decode()


def test_rows_alone_are_sent_to_a_page_that_follows_them(as_user, project, viewer):
    builders.job(project)
    response = as_user(viewer).get(reverse("executors:jobs", args=[project.pk]), headers={"HX-Request": "true"})
    html = response.content.decode()
    assert "<html" not in html
    assert 'id="job-rows"' in html
    assert "HX-Request" in response["Vary"]


def queries(client, address):
    client.get(address)
    with CaptureQueriesContext(connection) as captured:
        assert client.get(address).status_code == 200
    return len(captured)


def test_the_list_costs_the_same_for_many_jobs(as_user, project, editor):
    client, address = as_user(editor), reverse("executors:jobs", args=[project.pk])
    builders.job(project, created_by=editor)
    before = queries(client, address)
    for _ in range(12):
        builders.job(project, created_by=editor, state=State.RUNNING)
    assert queries(client, address) == before


def test_a_job_costs_the_same_however_much_it_holds(as_user, project, editor):
    client = as_user(editor)
    plain = builders.job(project, state=State.RUNNING, created_by=editor)
    rich = builders.job(project, state=State.RUNNING, created_by=editor, params={str(key): key for key in range(50)})
    for number in range(1, 6):
        JobAttempt.objects.create(job=rich, number=number, worker="lab-2", started_at=rich.started_at)
        Gpu.objects.create(host="lab-2", index=number, job=rich)
    builders.write_metrics(rich, EPOCHS)
    assert queries(client, url("job", rich)) == queries(client, url("job", plain))
    assert queries(client, url("job_status", rich)) <= 5


# --- telling jobs apart ---------------------------------------------------------------------------------------------


def test_jobs_of_the_same_title_are_told_apart_by_their_numbers(as_user, project, viewer):
    twins = [builders.job(project, title="Train smear-net"), builders.job(project, title="Train smear-net")]
    html = as_user(viewer).get(reverse("executors:jobs", args=[project.pk])).content.decode()
    for job in twins:
        assert f'Train smear-net</a> <span class="quiet">#{job.pk}</span>' in html
        assert f'Train smear-net <span class="quiet">#{job.pk}</span>' in page(as_user(viewer), "job", job)
        assert f"<title>Train smear-net #{job.pk}" in page(as_user(viewer), "job", job)


def test_a_stopped_job_shows_where_it_was_stopped(as_user, project, viewer):
    job = builders.job(project, state=State.CANCELED, progress=0.45)
    assert f'<span class="huge">{percent(0.45)}</span>' in page(as_user(viewer), "job", job)
    assert f"at {percent(0.45)}" in as_user(viewer).get(reverse("executors:jobs", args=[project.pk])).content.decode()


def test_a_job_that_failed_at_its_end_says_failed_not_all_done(as_user, project, viewer):
    job = builders.job(project, state=State.FAILED, phase=Job.Phase.DONE, progress=1.0, error_message="Too bad.")
    shown = page(as_user(viewer), "job", job)
    assert "Failed" in shown
    assert percent(1.0) not in shown


def test_attempts_tell_what_was_seen_in_words(as_user, project, viewer):
    job = builders.job(project, state=State.FAILED)
    facts = {
        "state": "exited",
        "cause": "out_of_memory",
        "oom_killed": True,
        "exit_code": 137,
        "started_at": "2030-01-01T10:00:00+00:00",
        "finished_at": "2030-01-01T10:02:00+00:00",
    }
    JobAttempt.objects.create(job=job, number=1, worker="w", started_at=job.created_at, facts=facts)
    shown = page(as_user(viewer), "job", job)
    assert "the memory ran out" in shown
    assert "exit code 137" in shown
    assert "oom_killed" not in shown


def test_failures_above_a_list_are_few_and_go_when_the_same_succeeds(project):
    kinds = [builders.Patience.name]
    now = builders.timezone.now()
    failed = [builders.job(project, state=State.FAILED, finished_at=now) for _ in range(5)]
    assert selectors.jobs_to_show(project, kinds) == failed[:1:-1]
    running = builders.job(project, state=State.RUNNING)
    assert selectors.jobs_to_show(project, kinds)[0] == running
    builders.job(project, state=State.SUCCEEDED)
    assert selectors.jobs_to_show(project, kinds) == [running]
