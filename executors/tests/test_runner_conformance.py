"""One suite for every runner: what the pipeline relies on, whatever the program runs in."""

import re
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from executors.contract.layout import WorkDir
from executors.runners.base import Cause, ImageMissingError, RunExistsError, Runner, RunSpec, RunState
from executors.runners.docker import DockerRunner
from executors.runners.process import ProcessRunner
from executors.tests import waiting


@dataclass
class Bench:
    """A runner under test, and how to make another one as a new worker would."""

    make: Callable[[], Runner]
    image: str
    folder: Path
    kind: str

    def __post_init__(self) -> None:
        self.runner = self.make()

    def spec(self, script: str, **values: Any) -> RunSpec:
        name = f"ymir-test-{uuid.uuid4().hex[:12]}"
        work = WorkDir(self.folder / name)
        work.create()
        (work.in_dir / "script.sh").write_text(script)
        return RunSpec(name=name, image=self.image, work_dir=work.root, job="7", **values)

    def start(self, script: str, **values: Any) -> RunSpec:
        spec = self.spec(script, **values)
        self.runner.start(spec)
        return spec

    def out(self, spec: RunSpec) -> str:
        return "/out" if self.kind == "docker" else str(spec.out_dir)

    def directly(self, spec: RunSpec) -> tuple[str, ...]:
        """The script without start.sh around it, so that it hears signals itself."""
        return ("sh", "/in/script.sh" if self.kind == "docker" else str(spec.in_dir / "script.sh"))

    def ended(self, spec: RunSpec) -> bool:
        return self.runner.poll(spec.name).state is RunState.EXITED


@pytest.fixture(params=["process", pytest.param("docker", marks=pytest.mark.docker)])
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Bench]:
    if request.param == "docker":
        image, owner = request.getfixturevalue("tiny_image"), f"test-{uuid.uuid4().hex[:8]}"
        made = Bench(lambda: DockerRunner(owner), image, tmp_path, "docker")
    else:
        images = request.getfixturevalue("tiny_folder")
        python = Path("/usr/bin/python3")
        make = lambda: ProcessRunner(state_dir=tmp_path / "runs", images_dir=images, python=python)  # noqa: E731
        made = Bench(make, "tiny", tmp_path, "process")
    yield made
    for run in made.runner.list_owned():
        made.runner.remove(run.name)


def test_a_run_that_ends_well_is_finished(bench: Bench) -> None:
    spec = bench.start("echo hello; echo trouble >&2; exit 0")
    waiting.until(lambda: bench.ended(spec))
    outcome = bench.runner.poll(spec.name)
    assert (outcome.exit_code, outcome.cause, outcome.succeeded) == (0, Cause.FINISHED, True)
    assert outcome.started_at is not None
    assert outcome.finished_at is not None
    assert outcome.finished_at >= outcome.started_at
    bench.runner.logs(spec.name)
    assert sorted(spec.log_file.read_text().split()) == ["hello", "trouble"]


def test_the_log_begins_with_what_we_have_to_say(bench: Bench) -> None:
    spec = bench.spec("echo begun; until [ -e OUT/go ]; do sleep 0.05; done; echo over", notice="[mind the gap]")
    script = (spec.in_dir / "script.sh").read_text()
    (spec.in_dir / "script.sh").write_text(script.replace("OUT", bench.out(spec)))
    bench.runner.start(spec)

    def log() -> str:
        bench.runner.logs(spec.name)
        return spec.log_file.read_text()

    waiting.until(lambda: log() == "[mind the gap]\nbegun\n")
    (spec.out_dir / "go").touch()
    waiting.until(lambda: bench.ended(spec))
    assert log() == "[mind the gap]\nbegun\nover\n"


def test_the_exit_code_tells_failure(bench: Bench) -> None:
    spec = bench.start("exit 3")
    waiting.until(lambda: bench.ended(spec))
    outcome = bench.runner.poll(spec.name)
    assert (outcome.exit_code, outcome.cause, outcome.succeeded) == (3, Cause.EXIT_CODE, False)


def test_a_command_that_does_not_exist_fails(bench: Bench) -> None:
    spec = bench.spec("true", command=("/no/such/program",))
    bench.runner.start(spec)
    waiting.until(lambda: bench.ended(spec))
    assert bench.runner.poll(spec.name).exit_code == 127


def test_results_land_in_out(bench: Bench) -> None:
    spec = bench.spec("true")
    (spec.in_dir / "script.sh").write_text(f"echo result > {bench.out(spec)}/result.txt")
    bench.runner.start(spec)
    waiting.until(lambda: bench.ended(spec))
    assert (spec.out_dir / "result.txt").read_text() == "result\n"


def test_the_log_grows_while_the_run_goes_on(bench: Bench) -> None:
    spec = bench.spec("true")
    (spec.in_dir / "script.sh").write_text(
        f"echo one; while [ ! -e {bench.out(spec)}/go ]; do sleep 0.05; done; echo two"
    )
    bench.runner.start(spec)

    def log() -> str:
        bench.runner.logs(spec.name)
        return spec.log_file.read_text() if spec.log_file.exists() else ""

    waiting.until(lambda: log() == "one\n")
    assert log() == "one\n"
    (spec.out_dir / "go").touch()
    waiting.until(lambda: bench.ended(spec))
    assert log() == "one\ntwo\n"
    assert log() == "one\ntwo\n"


def test_stop_lets_the_program_say_goodbye(bench: Bench) -> None:
    spec = bench.spec("true")
    (spec.in_dir / "script.sh").write_text(
        f"cd {bench.out(spec)}; trap 'echo bye > bye; exit 4' TERM; touch up; while :; do sleep 0.05; done"
    )
    bench.runner.start(replace(spec, command=bench.directly(spec)))
    waiting.until((spec.out_dir / "up").exists)
    assert bench.runner.stop(spec.name, grace=20).exit_code == 4
    assert (spec.out_dir / "bye").exists()


def test_stop_ends_a_program_that_does_not_listen(bench: Bench) -> None:
    spec = bench.spec("true")
    script = f"trap '' TERM; touch {bench.out(spec)}/up; while :; do sleep 0.05; done"
    (spec.in_dir / "script.sh").write_text(script)
    bench.runner.start(replace(spec, command=bench.directly(spec)))
    waiting.until((spec.out_dir / "up").exists)
    outcome = bench.runner.stop(spec.name, grace=1)
    assert (outcome.state, outcome.exit_code, outcome.cause) == (RunState.EXITED, 137, Cause.KILLED)
    assert bench.runner.stop(spec.name).cause is Cause.KILLED


def test_nothing_of_a_run_outlives_it(bench: Bench) -> None:
    spec = bench.spec("true")
    (spec.in_dir / "script.sh").write_text(
        f"cd {bench.out(spec)}; (while :; do echo x >> beat; sleep 0.05; done) & until [ -e beat ]; do sleep 0.05; done"
    )
    bench.runner.start(spec)
    waiting.until(lambda: bench.ended(spec))
    waiting.until_still(lambda: (spec.out_dir / "beat").stat().st_size)


def test_a_run_past_its_time_limit_is_stopped(bench: Bench) -> None:
    spec = bench.start("sleep 600", time_limit=0.5)
    waiting.until(lambda: bench.ended(spec))
    assert bench.runner.poll(spec.name).cause is Cause.TIME_LIMIT
    assert bench.make().poll(spec.name).cause is Cause.TIME_LIMIT


def test_a_new_worker_adopts_a_run_that_goes_on(bench: Bench) -> None:
    spec = bench.start("echo begun; sleep 600")
    other = bench.make()
    outcome = other.adopt(spec.name)
    assert outcome is not None
    assert outcome.state is RunState.RUNNING
    waiting.until(lambda: (other.logs(spec.name), spec.log_file.read_text() == "begun\n")[1])
    assert other.stop(spec.name, grace=1).cause is Cause.KILLED


def test_a_new_worker_adopts_a_run_that_has_ended(bench: Bench) -> None:
    spec = bench.start("echo done; exit 5")
    other = bench.make()
    waiting.until(lambda: other.poll(spec.name).state is RunState.EXITED)
    outcome = other.adopt(spec.name)
    assert outcome is not None
    assert outcome.exit_code == 5
    assert spec.log_file.read_text() == "done\n"


def test_a_name_runs_once(bench: Bench) -> None:
    spec = bench.start("sleep 600")
    with pytest.raises(RunExistsError):
        bench.runner.start(spec)


def test_what_is_not_there_is_missing(bench: Bench) -> None:
    assert bench.runner.poll("ymir-test-nothing").state is RunState.MISSING
    assert bench.runner.adopt("ymir-test-nothing") is None
    assert bench.runner.stop("ymir-test-nothing").state is RunState.MISSING
    bench.runner.remove("ymir-test-nothing")
    bench.runner.logs("ymir-test-nothing")


def test_remove_forgets_a_run_and_frees_its_name(bench: Bench) -> None:
    spec = bench.start("sleep 600")
    assert [(run.name, run.job, run.state) for run in bench.runner.list_owned()] == [(spec.name, "7", RunState.RUNNING)]
    bench.runner.remove(spec.name)
    assert bench.runner.list_owned() == []
    assert bench.runner.poll(spec.name).state is RunState.MISSING
    assert spec.out_dir.is_dir()
    bench.runner.start(spec)


def test_an_unknown_image_is_missing(bench: Bench) -> None:
    spec = replace(bench.spec("true"), image="no-such-image")
    with pytest.raises(ImageMissingError):
        bench.runner.start(spec)
    with pytest.raises(ImageMissingError):
        bench.runner.inspect_image("no-such-image")
    assert bench.runner.list_owned() == []


def test_an_image_is_inspected_without_running_it(bench: Bench) -> None:
    facts = bench.runner.inspect_image(bench.image)
    assert facts.files["/img-man/manifest.yaml"] == b"object_type: 2\n"
    assert len(facts.files) == 4
    assert re.fullmatch(r"sha256:[0-9a-f]{64}", facts.digest)
    assert bench.runner.inspect_image(bench.image) == facts
    assert bench.runner.list_owned() == []


def test_the_environment_holds_nothing_of_ours(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YMIR_SECRET_KEY", "secret")
    spec = bench.start("env", env={"EXTRA": "1"})
    waiting.until(lambda: bench.ended(spec))
    bench.runner.logs(spec.name)
    log = spec.log_file.read_text()
    assert "EXTRA=1" in log
    assert "secret" not in log
