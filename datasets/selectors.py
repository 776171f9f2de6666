"""What the pages of datasets read: facts from Postgres, rows from the store."""

from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from django.conf import settings
from django.db.models import Count, Max, Q, QuerySet

from datasets.models import Dataset, DatasetVersion, VersionParent
from datasets.store import browse, reader
from datasets.store.assets import AssetStore
from datasets.store.browse import Order, Selection
from datasets.store.layout import Layout
from datasets.store.query import Query
from datasets.store.reader import Asset
from executors.models import Job
from projects.models import Project

FAILED_SHOWN_FOR = timedelta(days=1)
LINEAGE_LIMIT = 60


# --- Datasets and versions ------------------------------------------------------------------------------------------
def dataset_count(project: Project) -> int:
    """Return how many datasets of the project have a version outside the trash."""
    shown = DatasetVersion.objects.in_project(project).filter(hidden_at=None, dataset__hidden_at=None)
    return shown.aggregate(count=Count("dataset", distinct=True))["count"] or 0


def dataset_list(project: Project, query: str = "") -> QuerySet[Dataset]:
    """Return the project's datasets that have a version outside the trash, the latest changed first."""
    shown = Q(versions__hidden_at=None)
    datasets = project.datasets.filter(hidden_at=None, name__icontains=query).annotate(
        version_count=Count("versions", filter=shown),
        newest_number=Max("versions__number", filter=shown),
        changed_at=Max("versions__created_at", filter=shown),
    )
    return datasets.filter(version_count__gt=0).order_by("-changed_at", "-pk")


def newest_versions(datasets: list[Dataset]) -> dict[int, DatasetVersion]:
    """Return the newest version outside the trash of each dataset, by the dataset's key, with its parents fetched."""
    versions = (
        DatasetVersion.objects.active()
        .filter(dataset__in=datasets)
        .select_related("dataset", "created_by")
        .prefetch_related("parent_links__parent__dataset")
        .order_by("dataset_id", "-number")
        .distinct("dataset_id")
    )
    return {version.dataset_id: version for version in versions}


def versions_of(dataset: Dataset) -> QuerySet[DatasetVersion]:
    """Return the versions of a dataset outside the trash, newest first, with parents and rounds fetched.

    `steps` is what the loop calls its use of a version; an app above this one made the relation.
    """
    versions = dataset.versions.filter(hidden_at=None).select_related("dataset", "created_by")
    return versions.prefetch_related(
        "parent_links__parent__dataset", "steps__iteration", "job__steps__iteration"
    ).order_by("-number")


def hidden_versions(project: Project) -> QuerySet[DatasetVersion]:
    """Return the versions in the trash, the latest moved there first; those of whole datasets there are not listed."""
    found = DatasetVersion.objects.in_project(project).exclude(hidden_at=None).filter(dataset__hidden_at=None)
    return found.for_list().order_by("-hidden_at", "-pk")


def hidden_datasets(project: Project) -> QuerySet[Dataset]:
    """Return the project's datasets in the trash with their number of versions, the latest moved there first."""
    found = project.datasets.exclude(hidden_at=None).annotate(version_count=Count("versions"))
    return found.order_by("-hidden_at", "-pk")


def hidden_count(project: Project) -> int:
    """Return how many datasets and single versions lie in the trash."""
    return hidden_versions(project).count() + project.datasets.exclude(hidden_at=None).count()


def dataset_names(project: Project) -> list[str]:
    """Return the names of the project's datasets, to choose from while typing."""
    return list(project.datasets.filter(hidden_at=None).order_by("name").values_list("name", flat=True)[:500])


def choices(project: Project) -> QuerySet[DatasetVersion]:
    """Return the versions that an operation may start from, by dataset, newest first."""
    return (
        DatasetVersion.objects.in_project(project)
        .active()
        .select_related("dataset")
        .order_by("dataset__name", "-number")
    )


def exports_of(version: DatasetVersion) -> list[Job]:
    """Return the exports of a version that are under way or can be downloaded, latest first."""
    jobs = Job.objects.filter(kind="datasets.export", params__version=version.pk)
    states = {*Job.ACTIVE, Job.State.SUCCEEDED}
    return list(jobs.filter(state__in=states).select_related("created_by").order_by("-created_at", "-pk")[:20])


# --- Lineage --------------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Lineage:
    """The versions that a version comes from or went into, in order of their making, and each one's parents' keys."""

    versions: list[DatasetVersion]
    parents: dict[int, list[int]]


def lineage(version: DatasetVersion) -> Lineage:
    """Return a version's ancestors, itself and its descendants: two queries, whatever the depth.

    Beyond `LINEAGE_LIMIT` the ones farthest away are left out.
    """
    links = VersionParent.objects.filter(version__dataset__project=version.dataset.project_id)
    parents: dict[int, list[int]] = {}
    children: dict[int, list[int]] = {}
    for child, parent in links.order_by("version", "position").values_list("version_id", "parent_id"):
        parents.setdefault(child, []).append(parent)
        children.setdefault(parent, []).append(child)
    keys = [*_reach(version.pk, parents), version.pk, *_reach(version.pk, children)]
    versions = DatasetVersion.objects.filter(pk__in=keys).select_related("dataset").order_by("created_at", "pk")
    return Lineage(list(versions), {key: parents.get(key, []) for key in keys})


def _reach(start: int, edges: dict[int, list[int]]) -> list[int]:
    """Return the keys that can be reached, nearest first, at most half of `LINEAGE_LIMIT`."""
    found: dict[int, None] = {}
    front = [start]
    while front and len(found) < LINEAGE_LIMIT // 2:
        front = list(dict.fromkeys(key for each in front for key in edges.get(each, []) if key not in found))
        found.update(dict.fromkeys(front))
    return list(found)[: LINEAGE_LIMIT // 2]


@dataclass(frozen=True)
class Uses:
    """What was made of a version. The apps above made these relations; here they are read by their names."""

    trained: list[Any]
    validated: list[Any]
    predictions: list[Any]


def uses(version: DatasetVersion) -> Uses:
    """Return the models trained or validated on a version, and the predictions made on it."""
    newest = ("-created_at", "-pk")
    return Uses(
        trained=list(version.trained_models.select_related("registered_model").order_by(*newest)[:50]),
        validated=list(version.validated_models.select_related("registered_model").order_by(*newest)[:50]),
        predictions=list(
            version.predictions.select_related("checkpoint__model_version__registered_model").order_by(*newest)[:50]
        ),
    )


# --- The store ------------------------------------------------------------------------------------------------------
def store() -> AssetStore:
    """Return the images of the installation."""
    return AssetStore(Path(settings.YMIR_DATA_ROOT))


def folder(version: DatasetVersion) -> Path:
    """Return where the tables of a version lie."""
    return Layout(Path(settings.YMIR_DATA_ROOT)).version(version.content_id)


def select(version: DatasetVersion, query: Query, order: Order) -> Selection:
    """Return the images of a version that match, in order."""
    return Selection(folder(version), query, order, scores(version))


def asset(version: DatasetVersion, asset_hash: str) -> Asset | None:
    """Return one image of a version, or None when it does not hold it."""
    return reader.asset(folder(version), asset_hash)


def scores(version: DatasetVersion) -> np.ndarray | None:
    """Return the mining's score of each image, for a version that a mining made; else None."""
    if version.operation != DatasetVersion.Operation.MINE or version.job_id is None:
        return None
    path = Path(settings.YMIR_DATA_ROOT) / "scores" / f"{version.job_id}.parquet"
    return browse.read_scores(folder(version), path) if path.exists() else None


def statistics(version: DatasetVersion) -> dict[str, Any]:
    """Return what was counted at the version's commit."""
    return _statistics(folder(version))


@lru_cache(maxsize=256)
def _statistics(path: Path) -> dict[str, Any]:
    return reader.stats(path)
