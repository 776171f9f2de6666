"""Images that others wrote for the contract, run unchanged by the site's own services (sources in `images`)."""

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from threading import Thread
from typing import Any

import docker
import polars as pl
import pytest
from django.conf import settings
from django.db import connection

from datasets.models import DatasetVersion
from datasets.services import versions
from datasets.store import schema
from datasets.store.writer import write_version
from executors import pipeline
from executors.contract import config as config_files
from executors.contract.config import Injected
from executors.contract.env import Tasks
from executors.contract.layout import task_id
from executors.kinds import JobContext, JobKind, register
from executors.models import ExecutorImage, Job
from executors.runners.base import RunOutcome, RunSpec
from executors.services import images, jobs, launch, running
from executors.tests import people, tiny_kind, waiting
from labels import services as labels
from models.models import Checkpoint, ModelVersion, Prediction
from models.services import evaluation, inference, inputs, mining, training
from models.tests import builders
from models.weights import store as weights
from projects.models import ObjectType, Project
from ymir_site.launcher.account import service_account

FOLDER = Path(__file__).parent / "images"
BUILD = Path(__file__).resolve().parents[2] / "tools" / "build_image.sh"
WITH_YAML = {"staged", "fragile", "both", "outlines"}

# Committed rows: a job's heart beats in a connection of its own.
pytestmark = [pytest.mark.docker, pytest.mark.timeout(300), pytest.mark.django_db(transaction=True)]
Register = Callable[..., ExecutorImage]
Train = Callable[..., Job]


@pytest.fixture(scope="session")
def build() -> Callable[[str], str]:
    """Build the image of a folder, once."""
    built: dict[str, str] = {}

    def tag(name: str) -> str:
        if name not in built:
            built[name] = f"local/foreign-{name}:test"
            base = {"BASE_IMAGE": tag("base")} if name in WITH_YAML else {}
            command = [BUILD, built[name], FOLDER / name]
            subprocess.run(command, env=os.environ | base, check=True, stdout=subprocess.DEVNULL)
        return built[name]

    return tag


def work_off(job: Job) -> Job:
    """Run a job as a worker would; returns it as it ended."""
    pipeline.run(job.pk, worker="test:1")
    return Job.objects.get(pk=job.pk)


@pytest.fixture
def added(db: None, build: Callable[[str], str], docker_engine: docker.DockerClient) -> Register:
    """Register an image as an admin does, and let a worker inspect it."""

    def add(name: str, **values: Any) -> ExecutorImage:
        image, job = images.add(reference=build(name), by=None, **values)
        ended = work_off(job)
        assert ended.state == Job.State.SUCCEEDED, ended.error_message
        image.refresh_from_db()
        return image

    return add


@pytest.fixture
def train(project: Project) -> Train:
    """Train on four small images and validate on one."""

    def run(image: ExecutorImage, config: Mapping[str, Any] | None = None, **values: Any) -> Job:
        given = {
            "project": project,
            "name": "foreign",
            "training": builders.version(project, "smear-train", builders.SCENES),
            "validation": builders.version(project, "smear-val", {"v": builders.SCENES["a"]}),
        }
        job = training.submit(**given | values, image=image, config=config or {}, by=None)
        return work_off(job)

    return run


def model_of(job: Job) -> ModelVersion:
    assert job.result.get("type") == "model_version", f"{job.error_message}\n{log_of(job)}"
    return ModelVersion.objects.get(pk=job.result["id"])


def log_of(job: Job) -> str:
    return (jobs.folder(job) / "run.log").read_text(errors="replace")


def files_of(model: ModelVersion) -> dict[str, list[str]]:
    package = weights.read(inputs.data_root(), model.weights_id)
    return {stage.name: list(stage.files) for stage in package.stages}


def weights_of(model: ModelVersion, name: str) -> str:
    return next((inputs.data_root() / "weights" / model.weights_id).glob(f"*/{name}")).read_text()


def assets_of(job: Job) -> list[str]:
    return versions.load(DatasetVersion.objects.get(pk=job.result["id"])).hex()


def by_path(version: DatasetVersion) -> list[str]:
    """The assets of a version in the order of their paths in /in/assets."""
    return sorted(versions.load(version).hex(), key=lambda asset: (asset[-2:], asset))


def best(model: ModelVersion) -> Checkpoint:
    assert model.recommended is not None
    return model.recommended


def mine(image: ExecutorImage, model: ModelVersion, pool: DatasetVersion, top_k: int) -> Job:
    project = model.registered_model.project
    given = {"project": project, "name": "mined", "image": image, "checkpoint": best(model)}
    return work_off(mining.submit(**given, candidates=pool, top_k=top_k, config={}, by=None))


def infer(image: ExecutorImage, model: ModelVersion, version: DatasetVersion) -> Prediction:
    project = model.registered_model.project
    given = {"project": project, "image": image, "checkpoint": best(model), "dataset_version": version}
    job = work_off(inference.submit(**given, config={}, by=None))
    assert job.state == Job.State.SUCCEEDED, f"{job.error_message}\n{log_of(job)}"
    return Prediction.objects.get(pk=job.result["id"])


# --- shell scripts and SDKs


def test_an_image_that_knows_every_path_by_heart_trains_and_mines(
    added: Register, train: Train, project: Project
) -> None:
    image = added("legacy")
    model = model_of(train(image))
    assert files_of(model) == {"default_best_stage": ["model-symbol.json", "yolov4_best.weights"]}
    assert best(model).metrics == {"mAP": 0.61}
    pool = builders.version(project, "pool", {f"p{n}": [] for n in range(5)})
    job = mine(image, model, pool, 3)
    assert job.state == Job.State.SUCCEEDED, log_of(job)
    assert assets_of(job) == sorted(by_path(pool)[:3])


def test_an_image_that_needs_root_says_so_and_runs_once_that_is_allowed(added: Register, train: Train) -> None:
    image = added("legacy")
    refused = train(image, {"system_wide": True})
    assert refused.error_id == "executors.rights_needed", refused.error_message
    assert "/usr/lib/darknet.conf" in str(refused.error_message)
    ExecutorImage.objects.filter(pk=image.pk).update(root_allowed=True)
    image.refresh_from_db()
    assert model_of(train(image, {"system_wide": True})).recommended is not None


def test_an_image_made_with_the_sdk_trains_mines_and_infers(added: Register, train: Train, project: Project) -> None:
    image = added("sdk")
    job = train(image)
    model = model_of(job)
    assert (files_of(model), best(model).metrics) == ({"default_best_stage": ["model-0000.params"]}, {"mAP": 0.5})
    pool = builders.version(project, "pool", {f"p{n}": [] for n in range(4)})
    assert assets_of(mine(image, model, pool, 2)) == sorted(by_path(pool)[-2:])
    assert infer(image, model, pool).class_counts == {"RBC": 4}


def test_stages_of_the_later_sdk(added: Register, train: Train) -> None:
    job = train(added("staged"), {"epochs": "14"})
    model = model_of(job)
    kept = files_of(model)
    assert len(kept) == 11
    assert kept["epoch_14"] == ["epoch-14.pt", "config.py"]
    assert (best(model).name, best(model).metrics) == ("epoch_3", {"mAP": 0.9})
    package = weights.read(inputs.data_root(), model.weights_id)
    assert (package.attachments, package.evaluate_config) == (
        {"section_a": ("onnx.txt",)},
        {"iou_thr": 0.5, "conf_thr": 0.005},
    )


def test_a_model_of_one_image_is_where_another_begins(added: Register, train: Train, project: Project) -> None:
    model = model_of(train(added("staged"), {"epochs": 14}))
    job = train(added("sdk"), parent=best(model), name="child")
    assert model_of(job).parent == model
    config = (jobs.folder(job) / "in" / "config.yaml").read_text()
    assert "- /in/models/epoch_3/epoch-3.pt\n- /in/models/epoch_3/config.py\n" in config


# --- ends


@pytest.mark.parametrize(
    ("ending", "error_id", "words", "kept"),
    [
        ("no memory", "executors.out_of_memory", "CUDA out of memory", True),
        ("false hope", "executors.run_failed", "exit code 3. Segmentation fault", True),
        ("network", "executors.network_needed", "cannot fetch weights", False),
        ("nothing", "models.no_result", "models/result.yaml", False),
        ("false alarm", "", "", True),
    ],
)
def test_the_exit_code_decides_and_what_was_saved_is_kept(
    added: Register, train: Train, ending: str, error_id: str, words: str, kept: bool
) -> None:
    job = train(added("fragile"), {"ending": ending})
    assert job.error_id == error_id, log_of(job)
    assert words in str(job.error_message)
    if kept:
        model = model_of(job)
        assert files_of(model) == {"epoch_10": ["epoch10.pt"]}
        assert model.is_partial is bool(error_id)
    else:
        assert job.result == {}


def test_an_image_that_wants_annotations_in_a_form_of_old_is_told_that_there_are_none(
    added: Register, train: Train
) -> None:
    job = train(added("fragile"), {"ending": "false alarm", "export_format": "ls_json:raw"})
    assert model_of(job).recommended is not None
    assert log_of(job).startswith("[export_format 'ls_json:raw' is unknown: ")


def test_what_is_no_file_is_left_out_of_a_model_without_figures(added: Register, train: Train) -> None:
    model = model_of(train(added("fragile"), {"ending": "odd files"}))
    assert (files_of(model), best(model).metrics) == ({"last": ["good.pt"]}, {})


# --- candidates


@pytest.fixture
def looked_at(project: Project) -> tuple[ModelVersion, DatasetVersion]:
    labels.set_aliases(label_class=labels.resolve(["WBC"])["WBC"], aliases=["leukocyte"])
    return builders.trained(project), builders.version(project, "pool", {f"p{n}": [] for n in range(4)})


def test_a_ranking_keeps_its_own_order(added: Register, looked_at: tuple[ModelVersion, DatasetVersion]) -> None:
    model, pool = looked_at
    job = mine(added("both"), model, pool, 4)
    assert job.state == Job.State.SUCCEEDED, log_of(job)
    assert assets_of(job) == sorted(versions.load(pool).hex()[:-1])


def test_findings_with_aliases_strangers_and_gaps(
    added: Register, looked_at: tuple[ModelVersion, DatasetVersion]
) -> None:
    model, pool = looked_at
    prediction = infer(added("both"), model, pool)
    assert prediction.class_counts == {"RBC": 2, "WBC": 1, "Ghost": 1}
    rows = evaluation.load(prediction).annotations
    assert sorted(rows["score"].to_list()) == [0.25, 0.5, 0.75, 1.0]
    assert rows.select("x", "y", "w", "h").row(0) == (10.5, -3.25, 20.5, 30.0)


class LookTwice(JobKind):
    """Mining and inference in one run, as the contract allows it."""

    name = "executors_tests.look_twice"
    label = "Look twice"
    tasks = Tasks(mining=True, infer=True)

    def prepare(self, ctx: JobContext) -> RunSpec:
        image = ctx.job.image
        assert image is not None
        injected = Injected(task_id(ctx.job.pk), self.tasks, ("RBC",))
        config = launch.configuration(image, ["mining", "infer"], {}, injected)
        staged, _ = inputs.stage_candidates(ctx.work, DatasetVersion.objects.get(pk=ctx.job.params["dataset"]))
        return launch.spec(ctx, config=config, tasks=self.tasks, staged=staged)

    def collect(self, ctx: JobContext, outcome: RunOutcome | None) -> dict[str, Any]:  # noqa: ARG002
        files = {each.name: each.stat().st_size for each in ctx.work.out_dir.iterdir() if each.is_file()}
        return {"type": "files", "id": 0, "files": files}


register(LookTwice)


def test_mining_and_inference_in_one_run(added: Register, looked_at: tuple[ModelVersion, DatasetVersion]) -> None:
    _model, pool = looked_at
    submitted = {"kind": LookTwice.name, "title": "Look twice", "params": {"dataset": pool.pk}, "by": None}
    job = work_off(jobs.submit(**submitted, image=added("both")))
    assert job.state == Job.State.SUCCEEDED, f"{job.error_message}\n{log_of(job)}"
    assert {"result.tsv", "infer-result.json"} <= set(job.result["files"])
    config = config_files.load((jobs.folder(job) / "in" / "config.yaml").read_text())
    assert (config["mining_algorithm"], config["conf_thres"], config["batch"]) == ("aldd", 0.1, 8)


# --- segmentation


def outlined(project: Project) -> DatasetVersion:
    """A version in which every object has an outline."""
    tables = versions.load(builders.version(project, "boxed", {name: builders.SCENES[name] for name in "ab"}))
    ring = "[[10,10,30,10,30,30]]"
    drawn = tables.annotations.with_columns(shape=pl.lit(ring), kind=pl.lit("polygon").cast(schema.Kind))
    return versions.commit(
        dataset=versions.dataset(project=project, name="outlined", by=None),
        written=write_version(inputs.data_root(), replace(tables, annotations=drawn)),
        parents=[],
        operation=DatasetVersion.Operation.IMPORT,
        params={},
        job=None,
        by=None,
    )


@pytest.mark.parametrize(
    ("object_type", "measured"),
    [
        (ObjectType.SEMANTIC_SEGMENTATION, {"mIoU": 0.6, "mAcc": 0.7}),
        (ObjectType.INSTANCE_SEGMENTATION, {"maskAP": 0.4, "boxAP": 0.5}),
    ],
)
def test_an_image_of_several_object_types_segments(
    added: Register, train: Train, project: Project, object_type: ObjectType, measured: dict[str, float]
) -> None:
    Project.objects.filter(pk=project.pk).update(object_type=object_type)
    project.refresh_from_db()
    image = added("outlines")
    model = model_of(train(image, training=outlined(project)))
    assert weights_of(model, "seg.pth") == "4 outlines"
    assert (model.object_type, best(model).metrics) == (object_type, measured)
    pool = builders.version(project, "pool", {"p": [], "q": []})
    prediction = infer(image, model, pool)
    rows = evaluation.load(prediction).annotations
    assert prediction.class_counts == {"RBC": 4}
    shapes = [(kind, type(json.loads(shape))) for kind, shape in rows.select("kind", "shape").rows()]
    assert Counter(shapes) == {("mask", dict): 2, ("polygon", list): 2}
    assert set(rows["score"].to_list()) == ({1.0} if object_type == ObjectType.SEMANTIC_SEGMENTATION else {0.75})


# --- images that do as they like


@pytest.fixture
def wild(added: Register) -> ExecutorImage:
    image = added("wild")
    assert [(each.task, each.object_type) for each in image.templates.all()] == [("training", 2)]
    return image


def test_an_own_user_entry_point_and_home_are_respected_and_nothing_else_can_be_written(
    wild: ExecutorImage, train: Train
) -> None:
    job = train(wild)
    assert best(model_of(job)).metrics == {"mAP": 0.5}
    assert "/in/x Read-only file system\n/usr/x Permission denied\n/img-man/x Permission denied\n" in log_of(job)


@pytest.mark.parametrize("deed", ["many files", "traps", "talk", "children", "folders anew"])
def test_bad_manners_do_no_harm(wild: ExecutorImage, train: Train, canary: Path, deed: str) -> None:
    job = train(wild, {"deed": deed, "elsewhere": str(canary)})
    assert files_of(model_of(job)) == {"default_best_stage": ["best.pt"]}
    assert (canary.read_text(), canary.stat().st_mode & 0o777) == ("as it was", 0o640)


@pytest.fixture
def canary(tmp_path: Path) -> Path:
    """A file of the host to which programs make links: who followed them would change it."""
    file = tmp_path / "canary"
    file.write_text("as it was")
    file.chmod(0o640)
    return file


# Loaded before it is someone else: where root installed Python below /root, nobody else can load from there later.
WORKER = """
import encodings.utf_8_sig, sys, django
django.setup()
from executors import pipeline
from executors.tests import people
people.become(int(sys.argv[1]))
pipeline.run(int(sys.argv[2]), worker="test:1")
"""


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become someone else")
@pytest.mark.parametrize("deed", ["traps", "folders anew"])
def test_a_worker_without_rights_collects_and_deletes_what_another_user_shut(
    wild: ExecutorImage, train: Train, canary: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, deed: str
) -> None:
    account = service_account()  # one who reaches the test's servers
    assert account is not None
    people.open_way(tmp_path)

    def as_worker(job: Job) -> Job:
        people.give(inputs.data_root(), account.uid)
        command = [sys.executable, "-c", WORKER, str(account.uid), str(job.pk)]
        subprocess.run(command, env=tiny_kind.environment(), cwd=settings.BASE_DIR, check=True, timeout=120)
        return Job.objects.get(pk=job.pk)

    monkeypatch.setattr(f"{__name__}.work_off", as_worker)
    job = train(wild, {"deed": deed, "elsewhere": str(canary)})
    model = model_of(job)
    assert weights_of(model, "best.pt") == deed
    assert not (jobs.folder(job) / "out" / "models").exists()
    assert (canary.read_text(), canary.stat().st_mode & 0o777) == ("as it was", 0o640)


def test_links_out_of_the_output_are_not_followed(wild: ExecutorImage, train: Train) -> None:
    job = train(wild, {"deed": "links"})
    assert job.error_id == "models.bad_result"
    assert job.result == {}


@pytest.mark.parametrize("allowed", [False, True])
def test_the_network_is_there_when_it_is_allowed(wild: ExecutorImage, train: Train, allowed: bool) -> None:
    ExecutorImage.objects.filter(pk=wild.pk).update(network_allowed=allowed)
    wild.refresh_from_db()
    job = train(wild, {"deed": "network"})
    assert model_of(job).recommended is not None
    assert ("eth0" in log_of(job)) is allowed


def test_a_program_that_does_not_listen_is_stopped_with_its_children_and_what_it_saved_is_kept(
    wild: ExecutorImage, project: Project, docker_engine: docker.DockerClient, stoppable: Callable[[Job], Thread]
) -> None:
    job = training.submit(
        project=project,
        name="stubborn",
        image=wild,
        training=builders.version(project, "smear-train", builders.SCENES),
        validation=builders.version(project, "smear-val", {"v": builders.SCENES["a"]}),
        config={"deed": "stay"},
        by=None,
    )
    worker = stoppable(job)
    waiting.until(lambda: Job.objects.get(pk=job.pk).progress == 0.5, timeout=60)
    jobs.cancel(job=job, mode=Job.Cancel.KEEP)
    worker.join(60)
    ended = Job.objects.get(pk=job.pk)
    assert ended.state == Job.State.CANCELED
    assert model_of(ended).is_partial
    assert running.run_name(job) not in {each.name for each in docker_engine.containers.list(all=True)}


@pytest.fixture
def stoppable() -> Iterator[Callable[[Job], Thread]]:
    """Run a job beside the test."""
    started: list[Thread] = []

    def work(pk: int) -> None:
        try:
            pipeline.run(pk, worker="test:1")
        finally:
            connection.close()

    def start(job: Job) -> Thread:
        started.append(Thread(target=work, args=[job.pk]))
        started[-1].start()
        return started[-1]

    yield start
    for thread in started:
        thread.join(60)
