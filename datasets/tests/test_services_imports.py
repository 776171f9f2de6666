"""Imports as services: what they change, what they leave alone when they fail, and what they say."""

from collections.abc import Callable
from pathlib import Path

import pytest
from django.contrib.auth.models import User

from datasets.formats import importing
from datasets.models import DatasetVersion
from datasets.services import derive, imports, versions
from datasets.store import schema
from datasets.tests.conftest import MakeVersion
from datasets.tests.packages import coco, make_folder, picture, voc, voc_object
from executors.models import Job
from projects import services as projects
from projects.models import Project

Run = Callable[..., DatasetVersion]


def quiet(_fraction: float, _words: str) -> None:
    """Report to nobody."""


@pytest.fixture
def run(project: Project, editor: User, tmp_path: Path) -> Run:
    """Import files, as the worker does."""

    def take(files: dict[str, bytes], **options: str) -> DatasetVersion:
        folder = make_folder(tmp_path / "ward", files)
        job = imports.submit(project=project, name="ward", source=folder, by=editor, **options)
        return imports.run(job=job, progress=quiet)

    return take


def files_with(*names: str) -> dict[str, bytes]:
    """One image with a box of each class."""
    return {"images/a.jpg": picture(1), "annotations/a.xml": voc(*(voc_object(name) for name in names))}


def test_classes_that_come_in_are_named(run: Run, project: Project) -> None:
    version = run(files_with("RBC", "Platelets", "wbc", "Cat", "cat"))
    assert version.params["classes_added"] == ["Platelets", "Cat"]
    assert projects.class_names(project) == ["RBC", "WBC", "Platelets", "Cat"]
    assert version.class_counts == {"Cat": 2, "Platelets": 1, "RBC": 1, "WBC": 1}


def test_nothing_is_named_where_nothing_came_in(run: Run) -> None:
    assert run(files_with("RBC")).params["classes_added"] == []


def test_what_is_ignored_is_counted_and_told(run: Run) -> None:
    version = run(files_with("RBC", "dog", "dog", "cat"), unknown="ignore")
    assert version.params["classes_ignored"] == {"dog": 2, "cat": 1}
    assert versions.facts(version)["classes_ignored"] == {"dog": 2, "cat": 1}


def test_an_import_that_fails_leaves_the_classes_alone(run: Run, project: Project, data_root: Path) -> None:
    (data_root / "versions").touch()  # nothing can be written there
    with pytest.raises(NotADirectoryError):
        run(files_with("Platelets"))
    assert projects.class_names(project) == ["RBC", "WBC"]
    assert not DatasetVersion.objects.exists()


def test_a_job_that_died_after_its_commit_still_removes_its_upload(
    project: Project, editor: User, data_root: Path
) -> None:
    source = make_folder(imports.uploads() / "u" / "ward", files_with("RBC"))
    job = imports.submit(project=project, name="ward", source=source, by=editor, keep_source=False)
    version = imports.run(job=job, progress=quiet)
    make_folder(source, {"images/left.jpg": b""})
    for _time in range(2):  # the second finds nothing to remove
        assert imports.run(job=job, progress=quiet) == version
    assert list(imports.uploads().iterdir()) == []


def test_where_a_source_lay_is_not_told(project: Project, editor: User, tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "ward", files_with("RBC"))
    job = imports.submit(project=project, name="ward", source=folder, by=editor)
    folder.rename(tmp_path / "gone")
    with pytest.raises(imports.SourceNotFound) as caught:
        imports.run(job=job, progress=quiet)
    assert caught.value.text() == "There is nothing at ward."
    with pytest.raises(imports.SourceNotFound, match=str(tmp_path)):
        imports.submit(project=project, name="ward", source=folder, by=editor)  # as a command does


def test_a_link_in_place_of_the_source_is_not_followed(project: Project, editor: User, tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "ward", files_with("RBC"))
    job = imports.submit(project=project, name="ward", source=folder, by=editor)
    folder.rename(tmp_path / "secret")
    folder.symlink_to(tmp_path / "secret")
    with pytest.raises(imports.SourceNotFound):
        imports.run(job=job, progress=quiet)


def test_more_classes_than_a_version_can_hold_are_refused_before_anything_is_stored(
    run: Run, project: Project, data_root: Path
) -> None:
    count = schema.MAX_CLASSES + 1
    boxes = [{"image_id": 1, "category_id": number} for number in range(1, count + 1)]
    categories = {number: f"c{number}" for number in range(1, count + 1)}
    with pytest.raises(versions.TooManyClasses) as caught:
        run({"images/a.jpg": picture(1), "a.json": coco({1: "a.jpg"}, boxes, categories)})
    assert caught.value.text() == "65537 classes are named, a version holds at most 65536."
    assert not (data_root / "assets").exists()
    assert projects.class_names(project) == ["RBC", "WBC"]


def test_a_merge_beyond_the_limit_of_classes_is_refused_in_words(
    project: Project, editor: User, make_version: MakeVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    sources = [make_version(images="a"), make_version("other", "ab", [("b", "Cat", 1, 1, 5, 5)])]
    job = Job.objects.create(
        kind="datasets.merge",
        title="Merge",
        project=project,
        created_by=editor,
        params={"sources": [each.pk for each in sources], "name": "all", "message": "", "strategy": "newest"},
    )
    monkeypatch.setattr(schema, "MAX_CLASSES", 2)
    with pytest.raises(versions.TooManyClasses):
        derive.run(job=job, operation=DatasetVersion.Operation.MERGE, derive=derive.merge)


def test_details_can_be_told_in_other_languages(tmp_path: Path, data_root: Path) -> None:
    objects = [voc_object(box=(5, 5, 5, 9)), voc_object(box=("x", 1, 2, 3))]
    folder = make_folder(tmp_path / "ward", {"images/a.png": picture(1), "annotations/a.xml": voc(*objects)})
    with importing.open_draft(folder) as draft:
        draft.store(imports.AssetStore(data_root))
    told = [fault.as_json() for fault in (*draft.log.faults, *draft.log.notices)]
    found = {entry["reason"]: entry["detail"] for entry in told}
    assert found["empty_box"]["values"] == {"x": "5", "y": "5", "width": "0", "height": "4"}
    assert found["invalid_box"] == {"text": "no number: {text}", "values": {"text": "'x'"}}
    assert found["wrong_extension"]["values"] == {"format": "jpeg"}
