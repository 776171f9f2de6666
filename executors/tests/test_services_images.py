"""The registry: add → inspect → templates, and every way in which an image is none."""

import importlib
import io
from pathlib import Path
from typing import Any

import docker
import pytest
from django.apps import apps
from pytest_django import Settings

from executors import pipeline
from executors.models import ExecutorImage, Job, TaskTemplate
from executors.runners.shipped import SOURCE_LABEL, digest
from executors.services import images
from executors.tests import builders

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def shipped(settings: Settings, tmp_path: Path) -> Path:
    """A folder of shipped executors with one in it."""
    folder = tmp_path / "images"
    manual = folder / "tiny" / "img-man"
    manual.mkdir(parents=True)
    (folder / "tiny" / "start.sh").touch()
    (manual / "training-template.yaml").write_text("epochs: 2\n")
    (manual / "mining-template.yaml").write_text("top: 3\n")
    settings.YMIR_IMAGES_DIR = folder
    settings.YMIR_RUNNER = "process"
    return folder


def run(job: Job | None) -> Job:
    assert job is not None
    pipeline.run(job.pk, worker="bench:1")
    return Job.objects.get(pk=job.pk)


def test_an_image_is_added_and_inspected() -> None:
    image, job = images.add(reference="tiny", runner="process", by=None)
    assert (image.state, image.name) == (ExecutorImage.State.PENDING, "tiny")
    assert run(job).result == {"type": "executor_image", "id": image.pk}
    image.refresh_from_db()
    assert image.state == ExecutorImage.State.READY
    assert image.digest.startswith("sha256:")
    assert list(image.templates.values_list("object_type", "task", "source")) == [
        (2, "mining", "top: 3\n"),
        (2, "training", "epochs: 2\n"),
    ]
    assert list(ExecutorImage.objects.usable().for_task(TaskTemplate.Task.TRAINING)) == [image]
    assert not ExecutorImage.objects.for_task(TaskTemplate.Task.INFER).exists()


def test_inspecting_again_takes_the_new_templates(shipped: Path) -> None:
    image, job = images.add(reference="tiny", runner="process", by=None)
    run(job)
    (shipped / "tiny" / "img-man" / "training-template.yaml").write_text("epochs: 9\n")
    (shipped / "tiny" / "img-man" / "mining-template.yaml").write_text("- broken\n")
    before = ExecutorImage.objects.get(pk=image.pk).digest
    run(images.refresh(image=image, by=None))
    image.refresh_from_db()
    assert image.digest != before
    assert list(image.templates.values_list("task", "source")) == [("training", "epochs: 9\n")]
    assert "mining-template.yaml" in image.error


def test_an_image_is_registered_once() -> None:
    images.add(reference="tiny", runner="process", by=None)
    with pytest.raises(images.ImageRegistered):
        images.add(reference="tiny", runner="process", by=None)


def test_inspecting_twice_at_once_is_one_job() -> None:
    image, job = images.add(reference="tiny", runner="process", by=None)
    assert images.refresh(image=image, by=None).pk == job.pk


@pytest.mark.parametrize(
    ("files", "error_id"),
    [
        ({}, "executors.bad_manual"),
        ({"manifest.yaml": "object_type: 99", "training-template.yaml": "a: 1"}, "executors.bad_manual"),
        ({"manifest.yaml": "object_type: 50", "training-template.yaml": "a: 1"}, "executors.nothing_usable"),
    ],
)
def test_what_is_no_executor_is_refused_in_words(shipped: Path, files: dict[str, str], error_id: str) -> None:
    manual = shipped / "other" / "img-man"
    manual.mkdir(parents=True)
    (shipped / "other" / "start.sh").touch()
    for name, text in files.items():
        (manual / name).write_text(text)
    image, job = images.add(reference="other", runner="process", by=None)
    assert run(job).error_id == error_id
    image.refresh_from_db()
    assert image.state == ExecutorImage.State.FAILED
    assert image.error == f"{run(job).error_message} {run(job).error_hint}"


def test_an_image_that_is_not_there(shipped: Path) -> None:
    image, job = images.add(reference="nothing", runner="process", by=None)
    assert run(job).error_id == "executors.image_missing"
    image.refresh_from_db()
    assert image.state == ExecutorImage.State.FAILED


def test_without_an_engine_the_image_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "unix:///nothing.sock")
    image, job = images.add(reference="ymir/other:1", by=None)
    assert run(job).error_id == "executors.engine_unavailable"
    image.refresh_from_db()
    assert image.state == ExecutorImage.State.FAILED


def test_a_shipped_executor_is_registered_once() -> None:
    image, job = images.add_shipped("tiny", by=None)
    assert (image.name, image.runner) == ("Tiny", "process")
    run(job)
    again, job = images.add_shipped("tiny", by=None)
    assert (again.pk, job) == (image.pk, None)
    with pytest.raises(images.NoShippedImage):
        images.add_shipped("nothing", by=None)


def test_an_image_can_be_disabled() -> None:
    image, job = images.add_shipped("tiny", by=None)
    run(job)
    images.set_enabled(image=image, enabled=False)
    assert not ExecutorImage.objects.usable().exists()
    images.set_enabled(image=image, enabled=True)
    assert ExecutorImage.objects.usable().exists()


def test_a_shipped_executor_that_has_changed_is_inspected_again(shipped: Path) -> None:
    image, job = images.add_shipped("tiny", by=None)
    run(job)
    assert images.add_shipped("tiny", by=None) == (image, None)
    (shipped / "tiny" / "img-man" / "training-template.yaml").write_text("epochs: 9\n")
    again, job = images.add_shipped("tiny", by=None)
    run(job)
    assert again == image
    assert image.templates.get(task="training").source == "epochs: 9\n"


def test_an_image_that_was_deleted_before_its_inspection() -> None:
    image, job = images.add(reference="tiny", runner="process", by=None)
    image.delete()
    assert run(job).error_id == "executors.image_removed"


@pytest.mark.docker
def test_a_built_image_is_taken_only_while_it_is_what_the_source_says(
    tiny_image: str, docker_engine: docker.DockerClient, shipped: Path, settings: Settings, caplog: Any
) -> None:
    settings.YMIR_RUNNER = "auto"
    tag, built_from = "ymir/tiny:latest", digest(shipped / "tiny")
    label = f"FROM {tiny_image}\nLABEL {SOURCE_LABEL}={built_from}\n".encode()
    docker_engine.images.build(fileobj=io.BytesIO(label), tag=tag)
    try:
        assert images.add_shipped("tiny", by=None)[0].reference == tag
        (shipped / "tiny" / "start.sh").write_text("another")
        image, _job = images.add_shipped("tiny", by=None)
    finally:
        docker_engine.images.remove(tag)
    assert (image.reference, image.runner) == ("tiny", "process")
    assert "built from another source" in caplog.text


@pytest.mark.docker
def test_an_image_of_the_engine_is_inspected(tiny_image: str, settings: Settings) -> None:
    settings.YMIR_RUNNER = "auto"
    image, job = images.add(reference=tiny_image, by=None)
    assert run(job).state == Job.State.SUCCEEDED
    image.refresh_from_db()
    assert image.templates.count() == 3


@pytest.mark.docker
def test_an_image_that_cannot_be_pulled(tiny_image: str) -> None:
    _image, job = images.add(reference="127.0.0.1:1/nothing:1", by=None)
    assert run(job).error_id == "executors.image_missing"


def test_an_image_is_found_by_reference_or_name_when_jobs_may_use_it() -> None:
    ready = {"state": ExecutorImage.State.READY}
    older = ExecutorImage.objects.create(reference="ymir/detector:1", name="Small detector", **ready)
    newer = ExecutorImage.objects.create(reference="ymir/detector:2", name="Small detector", **ready)
    assert images.resolve("ymir/detector:1") == older
    assert images.resolve("small detector") == newer
    images.set_enabled(image=newer, enabled=False)
    assert images.resolve("Small detector") == older
    for word in ("ymir/detector:2", "", "nobody"):
        with pytest.raises(images.ImageNotFound):
            images.resolve(word)


def test_inspections_of_earlier_releases_keep_no_image() -> None:
    image = ExecutorImage.objects.create(reference="tiny", name="Tiny")
    held = builders.job(None, kind=images.KIND, image=image, params={"image": image.pk})
    work = builders.job(None, image=image)
    migration = importlib.import_module("executors.migrations.0005_inspections_hold_no_image")
    migration.release_images(apps, None)
    assert Job.objects.get(pk=held.pk).image is None
    assert Job.objects.get(pk=work.pk).image == image
