"""Dataset versions for tests: a few small images with boxes, in the store and in the database."""

from collections.abc import Callable, Sequence
from typing import Any

import polars as pl
import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from datasets import selectors
from datasets.models import DatasetVersion
from datasets.services import versions
from datasets.store import schema
from datasets.store.query import Query
from datasets.store.writer import write_version
from datasets.tests.packages import picture
from datasets.tests.tables import Box
from executors.models import Job
from projects.models import Project

MakeVersion = Callable[..., DatasetVersion]
MakeJob = Callable[..., Job]
BOX_TYPES = {"asset": pl.String, "class_name": pl.String, **dict.fromkeys(["x", "y", "w", "h"], pl.Float32)}


@pytest.fixture
def make_version(project: Project, owner: User) -> MakeVersion:
    """Make a version: one image for each letter of `images`, boxes by letter, class, x, y, width and height."""

    def make(
        name: str = "smears",
        images: str = "abc",
        boxes: Sequence[Box] = (("a", "RBC", 10, 10, 20, 20), ("a", "WBC", 40, 40, 20, 20), ("b", "RBC", 5, 5, 30, 30)),
        operation: DatasetVersion.Operation = DatasetVersion.Operation.IMPORT,
        parents: Sequence[DatasetVersion] = (),
        **values: Any,
    ) -> DatasetVersion:
        with selectors.store().batch() as batch:
            stored = {letter: batch.add(picture(ord(letter), form="PNG")) for letter in images}
        assets = pl.DataFrame(
            [
                (each.asset, each.info.format, each.info.width, each.info.height, each.bytes, f"{letter}.jpg")
                for letter, each in stored.items()
            ],
            schema=["asset", "format", "width", "height", "bytes", "file_name"],
            schema_overrides={"asset": pl.String, "format": pl.String, "file_name": pl.String},
            orient="row",
        )
        held = [(stored[letter].asset, *rest) for letter, *rest in boxes if letter in stored]
        tables = schema.from_rows(assets, pl.DataFrame(held, schema=BOX_TYPES, orient="row"))
        return versions.commit(
            dataset=versions.dataset(project=values.pop("project", project), name=name, by=owner),
            written=write_version(selectors.store().layout.root, tables),
            parents=parents,
            operation=operation,
            params={},
            job=values.pop("job", None),
            by=owner,
            **values,
        )

    return make


@pytest.fixture
def make_job(project: Project, owner: User) -> MakeJob:
    """Make a job of the project in a given state."""

    def make(kind: str = "datasets.import", state: str = Job.State.RUNNING, **values: Any) -> Job:
        finished = timezone.now() if state in Job.FINAL else None
        values.setdefault("title", f"{kind} {state}")
        return Job.objects.create(
            kind=kind, state=state, project=project, created_by=owner, finished_at=finished, **values
        )

    return make


@pytest.fixture
def asset_named() -> Callable[[DatasetVersion, str], str]:
    """Find the hash of a version's image by its file name."""

    def find(version: DatasetVersion, name: str) -> str:
        from_store = selectors.select(version, Query(words=(name,)), "mixed")
        return from_store[0].asset

    return find
