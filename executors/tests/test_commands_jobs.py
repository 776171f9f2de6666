"""Following a job from a terminal, listing jobs and stopping one."""

import io
import json

import pytest
from django.core.management import call_command

from executors.commands import follow
from executors.models import Job
from executors.services import jobs
from executors.tests.builders import Patience

pytestmark = pytest.mark.django_db


@pytest.fixture
def job(project, owner):
    return jobs.submit(kind=Patience.name, title="Wait a while", params={}, project=project, by=owner)


def facts(command, *words):
    out = io.StringIO()
    call_command(command, *words, "--json", stdout=out)
    return json.loads(out.getvalue())


def followed(job, monkeypatch, *states):
    """What is said of a job that is seen in one state after another; an exception is raised in its turn."""
    said = []

    def seen(_job, *, on_progress, accept_kept):
        for state in states:
            if isinstance(state, BaseException):
                raise state
            Job.objects.filter(pk=job.pk).update(**state)
            on_progress(Job.objects.get(pk=job.pk))
        return job

    monkeypatch.setattr(jobs, "wait", seen)
    try:
        follow(job, lambda words, **_: said.append(words))
    except SystemExit as ended:
        said.append(ended.code)
    return said


def test_who_waits_sees_number_phases_and_tenths(job, monkeypatch):
    running = {"state": Job.State.RUNNING, "phase": Job.Phase.EXECUTE}
    said = followed(job, monkeypatch, {}, *({**running, "progress": share} for share in (0.0, 0.05, 0.5, 0.52, 0.9)))
    assert said[0] == f"Job {job.pk}: Wait a while, /jobs/{job.pk}/ on the site"
    assert "waits for its turn" in said[1]
    assert [line.split(",")[0].split()[-1] for line in said[3:]] == ["50%", "90%"]


def test_an_interrupted_wait_says_that_the_job_goes_on_and_how_to_stop_it(job, monkeypatch):
    *_, words, code = followed(job, monkeypatch, KeyboardInterrupt())
    assert code == 130
    assert f"Job {job.pk} goes on" in words
    assert f"stop_job {job.pk}" in words


@pytest.mark.parametrize(("flag", "mode"), [("--keep", "keep"), ("--discard", "discard")])
def test_a_running_job_is_asked_to_stop(job, flag, mode):
    Job.objects.update(state=Job.State.RUNNING, attempt=1)
    assert facts("stop_job", str(job.pk), flag)["stop"] == mode


def test_a_waiting_job_is_stopped_at_once_and_no_job_is_named(job, capsys):
    assert facts("stop_job", str(job.pk))["state"] == "canceled"
    with pytest.raises(SystemExit):
        call_command("stop_job", "999999")
    assert "executors.job_not_found" in capsys.readouterr().err


def test_jobs_are_listed_by_project_and_state(job, make_project, capsys):
    make_project("Signs")
    assert [each["job"] for each in facts("list_jobs", "--project", "Smears", "--active")["jobs"]] == [job.pk]
    assert facts("list_jobs", "--project", "Signs") == {"jobs": []}
    call_command("list_jobs")
    assert f"{job.pk}  pending  Wait a while  (Smears)" in capsys.readouterr().out
