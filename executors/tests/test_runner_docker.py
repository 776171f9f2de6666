"""What a container may not do, and how its ends are told apart."""

import io
import os
import tarfile
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import docker
import pytest
from docker.errors import ImageNotFound

from executors.contract import outbox
from executors.contract.layout import WorkDir
from executors.runners import container_user
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
from executors.runners.container_options import ROOT_RIGHTS
from executors.runners.container_user import NOBODY
from executors.runners.docker import DockerRunner
from executors.tests import people, waiting

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


@pytest.fixture
def variant(tiny_image: str, docker_engine: docker.DockerClient) -> Iterator[Callable[[str], str]]:
    """Build the tiny executor with further lines in its Dockerfile, and files, for one test."""
    built: list[str] = []

    def build(lines: str, **files: str) -> str:
        context = io.BytesIO()
        with tarfile.open(fileobj=context, mode="w") as archive:
            for name, text in {"Dockerfile": f"FROM {tiny_image}\n{lines}", **files}.items():
                member = tarfile.TarInfo(name)
                member.size, member.mode = len(text.encode()), 0o755
                archive.addfile(member, io.BytesIO(text.encode()))
        context.seek(0)
        image, _ = docker_engine.images.build(fileobj=context, custom_context=True, rm=True, forcerm=True)
        built.append(str(image.id))
        return built[-1]

    yield build
    for image in dict.fromkeys(built):
        with suppress(ImageNotFound):
            docker_engine.images.remove(image, force=True)


def test_an_image_with_a_home_of_its_own_can_write_there(
    runner: DockerRunner, variant: Callable[..., str], tmp_path: Path
) -> None:
    image = variant("ENV HOME=/var/model\nWORKDIR /srv/app\n")
    script = "touch $HOME/a here; mkdir $HOME/.cache/b; ls $HOME /srv/app; touch /srv/c || echo only there"
    assert log_of(runner, spec_of(image, tmp_path, script)).split()[:3] == ["/srv/app:", "here", "/var/model:"]


PASSWD = "root:x:0:0::/root:/bin/sh\nmodel:x:4321:77::/home/model:/bin/sh\nrootless:x:5:5::/:/bin/sh\n"


@pytest.mark.parametrize(
    ("user", "ids", "home"),
    [
        ("model", "4321 77", "/home/model"),  # without a home made
        ("4321", "4321 77", "/home/model"),
        ("model:88", "4321 88", "/home/model"),
        ("rootless", "5 5", "/root"),
        ("1234", "1234 1234", "/root"),  # in no list
        ("nobody-knows", "65534 65534", "/root"),
    ],
)
def test_whoever_the_image_names_has_a_home_to_write_to(
    runner: DockerRunner, variant: Callable[..., str], tmp_path: Path, user: str, ids: str, home: str
) -> None:
    image = variant(f"COPY passwd /etc/passwd\nUSER {user}\n", passwd=PASSWD)
    script = "echo $(id -u) $(id -g) $HOME; touch $HOME/a $HOME/.cache/b && echo writable"
    assert log_of(runner, spec_of(image, tmp_path, script)) == f"{ids} {home}\nwritable\n"


@pytest.mark.parametrize(("owner", "mode"), [("0:0", "drwxrwxrwx"), ("4321:77", "drwx------")])
def test_a_home_is_opened_only_where_its_user_could_not_write(
    runner: DockerRunner, variant: Callable[..., str], tmp_path: Path, owner: str, mode: str
) -> None:
    made = "RUN busybox mkdir -p /home/model && busybox chmod 700 /home/model && busybox chown"
    image = variant(f"COPY passwd /etc/passwd\n{made} {owner} /home/model\nUSER model\n", passwd=PASSWD)
    log = log_of(runner, spec_of(image, tmp_path, "touch $HOME/a && ls -ld $HOME"))
    assert log.startswith(f"{mode} ")


def test_root_is_root_only_when_asked_for(runner: DockerRunner, tiny_image: str, tmp_path: Path) -> None:
    script = "id -u; touch /usr/x && echo written; cat /proc/self/status"
    log = log_of(runner, spec_of(tiny_image, tmp_path, script, user=ROOT))
    assert log.startswith("0\nwritten\n")
    rights = next(line.split()[1] for line in log.splitlines() if line.startswith("CapEff"))
    assert int(rights, 16).bit_count() == len(ROOT_RIGHTS)


WORKER = 1234
as_root = pytest.mark.skipif(os.getuid() != 0, reason="only root can become someone else")


def run_as_worker(spec: RunSpec) -> None:
    """Run to the end as a worker that is not root, and cannot look into what other users shut."""
    people.open_way(spec.work_dir.parent)
    people.give(spec.work_dir, WORKER)

    def work() -> None:
        runner = DockerRunner(f"test-{uuid.uuid4().hex[:8]}")
        log_of(runner, spec)
        runner.remove(spec.name)
        assert runner.list_owned() == []

    people.work_as(WORKER, work)


@as_root
@pytest.mark.parametrize("user", ["4321", ROOT])
def test_what_another_user_wrote_can_be_read_and_deleted_by_a_worker_without_rights(
    tiny_image: str, tmp_path: Path, user: str
) -> None:
    canary = tmp_path / "canary"
    canary.write_text("as it was")
    canary.chmod(0o600)
    script = (
        "cd /out; busybox mkdir -p deep/er; echo words > deep/er/file; busybox mkdir sticky; touch sticky/file;"
        f"busybox ln -s {canary} link; busybox ln -s {canary} deep/link; busybox chmod 1777 sticky;"
        "busybox chmod 600 deep/er/file; busybox chmod 0 deep/er deep;"
        "busybox rmdir models; busybox mkdir -m 700 models"
    )
    spec = spec_of(tiny_image, tmp_path, script, user=user)
    run_as_worker(spec)
    with people.someone_else(WORKER):
        assert (spec.out_dir / "deep" / "er" / "file").read_text() == "words\n"
        outbox.clear(spec.out_dir, keep=())
        assert list(spec.out_dir.iterdir()) == []
    assert (canary.read_text(), canary.stat().st_mode & 0o777) == ("as it was", 0o600)


SHELL = """#!/bin/busybox sh
{ id -u; busybox grep CapEff /proc/self/status; touch /tmp/x || echo shut in; } >/out/who 2>&1
"""
WITH_SHELL = 'COPY shell /bin/own\nRUN ["/bin/busybox", "mv", "-f", "/bin/own", "/bin/sh"]\nUSER 4321\n'


@as_root
def test_who_opens_the_output_is_its_owner_without_rights(variant: Callable[..., str], tmp_path: Path) -> None:
    image = variant(WITH_SHELL, shell=SHELL)
    spec = spec_of(image, tmp_path, "", command=("/bin/busybox", "true"))
    run_as_worker(spec)
    who = (spec.out_dir / "who").read_text().split()
    assert who[0] == "4321"
    assert int(who[2], 16) == 0
    assert who[-2:] == ["shut", "in"]


@as_root
def test_a_shell_that_hangs_holds_nobody_up(
    variant: Callable[..., str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(container_user, "OPENING_SECONDS", 1.0)
    image = variant(WITH_SHELL, shell=SHELL + "sleep 600\n")
    spec = spec_of(image, tmp_path, "", command=("/bin/busybox", "true"))
    began = time.monotonic()
    run_as_worker(spec)  # which finds nothing left behind
    assert (spec.out_dir / "who").exists()
    assert time.monotonic() - began < 20


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
