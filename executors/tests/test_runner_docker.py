"""What a container may not do, and how its ends are told apart."""

import io
import multiprocessing
import os
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import docker
import pytest

from executors.contract.layout import WorkDir
from executors.runners.base import (
    ROOT,
    Cause,
    EngineUnavailableError,
    GpuUnavailableError,
    Mount,
    RunSpec,
    RunState,
    StartError,
)
from executors.runners.docker import NOBODY, ROOT_RIGHTS, DockerRunner
from executors.tests import waiting

pytestmark = pytest.mark.docker


@pytest.fixture
def runner() -> Iterator[DockerRunner]:
    made = DockerRunner(f"test-{uuid.uuid4().hex[:8]}", user=NOBODY)
    yield made
    for run in made.list_owned():
        made.remove(run.name)


def spec_of(image: str, folder: Path, script: str, **values: Any) -> RunSpec:
    work = WorkDir(folder / "work")
    work.create()
    (work.in_dir / "script.sh").write_text(script)
    return RunSpec(name=f"ymir-test-{uuid.uuid4().hex[:12]}", image=image, work_dir=work.root, job="1", **values)


def log_of(runner: DockerRunner, spec: RunSpec) -> str:
    runner.start(spec)
    waiting.until(lambda: runner.poll(spec.name).state is RunState.EXITED)
    runner.logs(spec.name)
    return spec.log_file.read_text()


def test_the_program_is_nobody_without_network_and_cannot_write_its_input(
    runner: DockerRunner, tiny_image: str, tmp_path: Path
) -> None:
    script = "id -u; ip -o link | head -3; touch /in/x || echo refused; touch /out/y && echo written"
    script += "; touch $HOME/z && echo home=$HOME writable"
    log = log_of(runner, spec_of(tiny_image, tmp_path, script))
    assert "65534" in log.splitlines()
    assert "eth0" not in log
    assert "refused" in log
    assert "written" in log
    assert "home=/root writable" in log


def test_an_image_with_a_home_of_its_own_can_write_there(
    runner: DockerRunner, tiny_image: str, tmp_path: Path, docker_engine: docker.DockerClient
) -> None:
    dockerfile = f"FROM {tiny_image}\nENV HOME=/var/model\nWORKDIR /srv/app\n"
    image, _ = docker_engine.images.build(fileobj=io.BytesIO(dockerfile.encode()), rm=True)
    script = "touch $HOME/a here; mkdir $HOME/.cache/b; ls $HOME /srv/app; touch /srv/c || echo only there"
    assert log_of(runner, spec_of(image.id, tmp_path, script)).split()[:3] == ["/srv/app:", "here", "/var/model:"]


def test_root_is_root_only_when_asked_for(runner: DockerRunner, tiny_image: str, tmp_path: Path) -> None:
    script = "id -u; touch /usr/x && echo written; cat /proc/self/status"
    log = log_of(runner, spec_of(tiny_image, tmp_path, script, user=ROOT))
    assert log.startswith("0\nwritten\n")
    rights = next(line.split()[1] for line in log.splitlines() if line.startswith("CapEff"))
    assert int(rights, 16).bit_count() == len(ROOT_RIGHTS)


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become someone else")
def test_what_another_user_wrote_belongs_to_a_worker_without_rights(tiny_image: str, tmp_path: Path) -> None:
    spec = spec_of(
        tiny_image, tmp_path, "mkdir -m 000 /out/shut; touch /out/file; ls / > /out/models/list", user="4321"
    )
    for folder in (tmp_path, *tmp_path.parents[:2], *tmp_path.rglob("*")):
        folder.chmod(0o755 if folder.is_dir() else 0o644)
    os.chown(spec.work_dir, WORKER, WORKER)
    for folder in spec.work_dir.rglob("*"):
        os.chown(folder, WORKER, WORKER)
    spec.out_dir.chmod(0o777)
    child = multiprocessing.get_context("fork").Process(target=_run_as_worker, args=[spec])
    child.start()
    child.join(60)
    assert child.exitcode == 0
    assert {each.stat().st_uid for each in spec.out_dir.iterdir()} == {WORKER}
    assert (spec.out_dir / "shut").stat().st_mode & 0o700 == 0o700


WORKER = 1234


def _run_as_worker(spec: RunSpec) -> None:
    """Run to the end as a worker that is not root, but may use the engine."""
    runner = DockerRunner(f"test-{uuid.uuid4().hex[:8]}")
    assert runner.available()
    os.setgroups([Path("/var/run/docker.sock").stat().st_gid])
    os.setgid(WORKER)
    os.setuid(WORKER)
    log_of(runner, spec)
    runner.remove(spec.name)


def test_network_is_there_only_when_allowed(runner: DockerRunner, tiny_image: str, tmp_path: Path) -> None:
    assert "eth0" in log_of(runner, spec_of(tiny_image, tmp_path, "ip -o link", network=True))


def test_limits_and_rights_are_set(
    runner: DockerRunner, tiny_image: str, tmp_path: Path, docker_engine: docker.DockerClient
) -> None:
    limits = {"memory_bytes": 64 << 20, "cpus": 0.5, "pids": 50, "shm_bytes": 8 << 20}
    spec = spec_of(tiny_image, tmp_path, "sleep 600", **limits)
    runner.start(spec)
    host = docker_engine.containers.get(spec.name).attrs["HostConfig"]
    assert host["CapDrop"] == ["ALL"]
    assert host["SecurityOpt"] == ["no-new-privileges"]
    assert host["Init"] is True
    assert host["NetworkMode"] == "none"
    assert (host["Memory"], host["MemorySwap"], host["NanoCpus"]) == (64 << 20, 64 << 20, 500_000_000)
    assert (host["PidsLimit"], host["ShmSize"]) == (50, 8 << 20)


def test_too_much_memory_is_told_apart(runner: DockerRunner, tiny_image: str, tmp_path: Path) -> None:
    script = "head -c 200000000 /dev/zero | tail -c 190000000 > /dev/null || exit 9; echo survived"
    spec = spec_of(tiny_image, tmp_path, script, memory_bytes=32 << 20)
    log_of(runner, spec)
    outcome = runner.poll(spec.name)
    assert outcome.oom_killed
    assert outcome.cause is Cause.OUT_OF_MEMORY


def test_a_container_killed_from_outside_was_killed(
    runner: DockerRunner, tiny_image: str, tmp_path: Path, docker_engine: docker.DockerClient
) -> None:
    spec = spec_of(tiny_image, tmp_path, "sleep 600")
    runner.start(spec)
    docker_engine.containers.get(spec.name).kill()
    waiting.until(lambda: runner.poll(spec.name).state is RunState.EXITED)
    assert runner.poll(spec.name).cause is Cause.KILLED


def test_gpus_that_the_engine_cannot_give_are_named_and_leave_nothing(
    runner: DockerRunner, tiny_image: str, tmp_path: Path, docker_engine: docker.DockerClient
) -> None:
    if "nvidia" in docker_engine.info().get("Runtimes", {}):
        pytest.skip("this host has the NVIDIA runtime")
    with pytest.raises(GpuUnavailableError):
        runner.start(spec_of(tiny_image, tmp_path, "true", gpus=(0,)))
    assert runner.list_owned() == []


def test_what_the_engine_refuses_to_start_leaves_nothing(runner: DockerRunner, tiny_image: str, tmp_path: Path) -> None:
    with pytest.raises(StartError, match="no-such-folder"):
        runner.start(spec_of(tiny_image, tmp_path, "true", mounts=(Mount(tmp_path / "no-such-folder"),)))
    assert runner.list_owned() == []


def test_links_in_the_input_are_mounted_at_the_same_path(runner: DockerRunner, tiny_image: str, tmp_path: Path) -> None:
    store, extra = tmp_path / "store", tmp_path / "extra"
    for folder in (store, extra):
        folder.mkdir()
        (folder / "file").write_text(folder.name)
    spec = spec_of(tiny_image, tmp_path, f"cat /in/assets/file {extra}/file", mounts=(Mount(extra),))
    (spec.in_dir / "assets").rmdir()
    (spec.in_dir / "assets").symlink_to(store)
    assert log_of(runner, spec) == "storeextra"


def test_links_in_the_output_are_never_mounted(
    runner: DockerRunner, tiny_image: str, tmp_path: Path, docker_engine: docker.DockerClient
) -> None:
    spec = spec_of(tiny_image, tmp_path, "true")
    (spec.out_dir / "tensorboard").rmdir()
    (spec.out_dir / "tensorboard").symlink_to("/etc")
    log_of(runner, spec)
    mounts = docker_engine.containers.get(spec.name).attrs["Mounts"]
    assert sorted(mount["Destination"] for mount in mounts) == ["/in", "/out"]


def test_a_container_that_was_made_but_never_started_is_missing_and_cleared_away(
    runner: DockerRunner, tiny_image: str, tmp_path: Path
) -> None:
    spec = spec_of(tiny_image, tmp_path, "true")
    runner._create(spec)
    assert runner.poll(spec.name).state is RunState.MISSING
    assert runner.adopt(spec.name) is None
    runner.start(spec)


def test_containers_of_another_installation_are_left_alone(
    runner: DockerRunner, tiny_image: str, tmp_path: Path
) -> None:
    spec = spec_of(tiny_image, tmp_path, "sleep 600")
    runner.start(spec)
    stranger = DockerRunner("somebody-else")
    assert stranger.list_owned() == []
    stranger.remove(spec.name)
    assert runner.poll(spec.name).state is RunState.RUNNING


def test_an_engine_that_does_not_answer_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/nothing.sock")
    runner = DockerRunner("test")
    assert not runner.available()
    with pytest.raises(EngineUnavailableError):
        runner.poll("anything")


def test_a_long_line_without_end_arrives_whole(runner: DockerRunner, tiny_image: str, tmp_path: Path) -> None:
    """Progress bars write one endless line; the engine cuts it into pieces of 16 KB."""
    log = log_of(runner, spec_of(tiny_image, tmp_path, "head -c 50000 /dev/zero; echo end"))
    assert len(log) == 50_004
    assert log.endswith("end\n")
