"""The commands of this app say one JSON object, and what went wrong by its id."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from pytest_django import Settings

from executors import pipeline
from executors.contract.layout import WorkDir
from executors.models import ExecutorImage, Gpu, Job
from executors.runners.base import RunSpec
from executors.services import running

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def host(settings: Settings, tiny_folder: Path, make_user: Any) -> User:
    settings.YMIR_IMAGES_DIR = tiny_folder
    settings.YMIR_RUNNER = "process"
    settings.YMIR_HOST = "bench"
    return make_user("root", is_superuser=True)


def said(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, Any]:
    call_command(*words, "--json")
    return json.loads(capsys.readouterr().out)


def test_add_image_registers_a_shipped_executor(capsys: pytest.CaptureFixture[str], host: User) -> None:
    facts = said(capsys, "add_image", "tiny")
    assert (facts["reference"], facts["runner"], facts["state"], facts["tasks"]) == ("tiny", "process", "pending", [])
    pipeline.run(facts["job"], worker="bench:1")
    facts = said(capsys, "add_image", "tiny", "--wait")
    assert (facts["state"], facts["tasks"], facts["job"]) == ("ready", ["infer", "mining", "training"], None)
    assert ExecutorImage.objects.get().created_by == host


def test_add_image_registers_any_reference(capsys: pytest.CaptureFixture[str]) -> None:
    facts = said(capsys, "add_image", "ymir/other:1", "--name", "Other", "--network", "--root")
    assert (facts["image"], facts["runner"]) == ("Other", "docker")
    image = ExecutorImage.objects.get()
    assert image.network_allowed
    assert image.root_allowed


def test_add_image_twice_fails_with_the_error_id(capsys: pytest.CaptureFixture[str]) -> None:
    said(capsys, "add_image", "ymir/other:1")
    with pytest.raises(SystemExit) as ended:
        said(capsys, "add_image", "ymir/other:1")
    assert ended.value.code == 1
    assert json.loads(capsys.readouterr().out)["error"]["id"] == "executors.image_registered"


def test_reap_jobs_says_what_it_found(capsys: pytest.CaptureFixture[str]) -> None:
    assert said(capsys, "reap_jobs") == {"released": [], "sent": [], "removed": []}


def test_list_runs_names_what_runs_and_what_has_ended(capsys: pytest.CaptureFixture[str], data_root: Path) -> None:
    runner = running.runner("process")
    assert said(capsys, "list_runs") == {"runs": []}
    work = WorkDir(data_root / "jobs" / "7")
    work.create()
    runner.start(RunSpec("ymir-7", "tiny", work.root, job="7", command=("sleep", "600")))
    facts = {"name": "ymir-7", "runner": "process", "job": "7"}
    assert said(capsys, "list_runs") == {"runs": [{**facts, "state": "running"}]}
    runner.stop("ymir-7")
    assert said(capsys, "list_runs") == {"runs": [{**facts, "state": "exited"}]}
    call_command("list_runs")
    assert "ymir-7  process  job 7  exited" in capsys.readouterr().out
    runner.remove("ymir-7")


def test_executor_worker_records_the_hosts_gpus(settings: Settings) -> None:
    settings.YMIR_GPUS = "2"
    call_command("executor_worker", burst=True)
    assert list(Gpu.objects.values_list("host", "index")) == [("bench", 0), ("bench", 1)]


def test_executor_worker_inspects_images(capsys: pytest.CaptureFixture[str]) -> None:
    job = said(capsys, "add_image", "tiny")["job"]
    call_command("executor_worker", burst=True)
    assert Job.objects.get(pk=job).state == Job.State.SUCCEEDED
