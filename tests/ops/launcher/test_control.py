"""What the commands of the launcher say of a site that does not run."""

import subprocess
import uuid
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest

from executors.runners.docker import JOB, OWNER
from tests.installation import ROOT, Installation

pytestmark = pytest.mark.timeout(120)


@pytest.fixture
def site(tmp_path: Path) -> Installation:
    """One that ran before."""
    (tmp_path / "log").mkdir()
    (tmp_path / "run").mkdir()
    return Installation(tmp_path, port=1)


@pytest.fixture
def container(site: Installation) -> Iterator[str]:
    """The container of a job of this site, which goes on."""
    try:
        client = docker.from_env(timeout=60)
        image = next(image for image in client.images.list() if "local/ymir-tiny:test" in image.tags)
    except (docker.errors.DockerException, StopIteration):
        pytest.skip("no Docker engine with the tiny image of the executor's tests")
    code = "import django; django.setup(); from executors.services import running; print(running.owner())"
    answer = site.call("-c", code, DJANGO_SETTINGS_MODULE="ymir_site.settings", YMIR_RUNNER="docker")
    name = f"ymir-test-{uuid.uuid4().hex[:8]}"
    labels = {OWNER: answer.stdout.strip(), JOB: "7"}
    made = client.containers.run(image, ["sleep", "600"], name=name, labels=labels, detach=True, network_mode="none")
    yield name
    made.remove(force=True)


def test_make_tells_that_the_site_does_not_run_without_failing(site: Installation) -> None:
    answer = subprocess.run(
        ["make", "--no-print-directory", "--old-file=.venv/.site", "status"],
        cwd=ROOT,
        env=site.environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (answer.returncode, answer.stdout, answer.stderr) == (0, "The site does not run.\n", "")
    assert site.launcher("status").returncode == 1


def test_stopping_a_site_without_jobs_says_no_more(site: Installation) -> None:
    assert site.launcher("stop").stdout == "The site does not run.\n"


@pytest.mark.docker
def test_stopping_names_the_containers_that_go_on(site: Installation, container: str) -> None:
    site.environ["YMIR_RUNNER"] = "docker"
    said = site.launcher("stop").stdout
    assert "1 job goes on in its container" in said
    assert f"docker stop {container}" in said
