"""Making a version from others: reads their tables, applies a pure operation, commits the result."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from common.errors import DomainError
from datasets.models import DatasetVersion
from datasets.services import versions
from datasets.store import operations, schema
from datasets.store.schema import Tables
from datasets.store.writer import write_version
from executors.models import Job

Derive = Callable[[Sequence[Tables], dict[str, Any]], Tables]


class MergeConflict(DomainError):
    """Several sides annotate the same assets differently and the strategy is `stop`."""

    id = "datasets.merge_conflict"
    status = 409
    message = _("{count} assets are annotated differently: {assets}")
    message_for_one = _("{count} asset is annotated differently: {assets}")
    hint = _("Merge with “newest” or “oldest” to say which side wins, or exclude one side first.")


class SampleTooLarge(DomainError):
    """A sample cannot hold more assets than there are."""

    id = "datasets.sample_too_large"
    message = _("More assets are asked for than there are: {asked} of {available}.")
    hint = _("Ask for at most {available}.")
    field = "count"


class LabelsMissing(DomainError):
    """The held-back ground truth does not hold some of the assets to label."""

    id = "datasets.labels_missing"
    status = 409
    message = _("The ground truth lacks {count} of the assets.")
    hint = _("Choose the version that holds the labels of the whole pool.")


class NothingLeft(DomainError):
    """A version without assets would stop whatever comes next."""

    id = "datasets.nothing_left"
    status = 409
    message = _("No asset is left.")
    hint = _("Choose other versions, classes or a larger pool.")


LISTED = 5


def run(*, job: Job, operation: DatasetVersion.Operation, derive: Derive) -> DatasetVersion:
    """Make the version that a job asked for. Called again for the same job it returns the same version.

    Raises:
        MergeConflict, SampleTooLarge, LabelsMissing, NothingLeft, datasets.services.versions.TooManyClasses
    """
    known = DatasetVersion.objects.filter(job=job).first()
    if known is not None:
        return known
    params, project = job.params, job.project
    assert project is not None  # noqa: S101 # every operation is asked for in a project
    found = DatasetVersion.objects.select_related("dataset").in_bulk(params["sources"])
    sources = [found[pk] for pk in params["sources"]]
    tables = _derive(derive, sources, params)
    if not tables.assets.height:
        raise NothingLeft
    return versions.commit(
        dataset=versions.dataset(project=project, name=params["name"], by=job.created_by),
        written=write_version(Path(settings.YMIR_DATA_ROOT), tables),
        parents=sources,
        operation=operation,
        params={key: value for key, value in params.items() if key not in {"name", "sources", "message"}},
        job=job,
        by=job.created_by,
        message=params["message"],
    )


def _derive(derive: Derive, sources: Sequence[DatasetVersion], params: dict[str, Any]) -> Tables:
    try:
        return derive([versions.load(source) for source in sources], params)
    except operations.MergeConflictError as error:
        shown = ", ".join(asset[:12] for asset in error.assets[:LISTED])
        raise MergeConflict(count=len(error.assets), assets=shown) from error
    except schema.TooManyClassesError as error:
        raise versions.TooManyClasses(count=error.count, limit=error.limit) from error
    except operations.SampleTooLargeError as error:
        raise SampleTooLarge(asked=error.asked, available=error.available) from error
    except operations.AssetsNotFoundError as error:
        raise LabelsMissing(count=len(error.assets)) from error


def merge(sides: Sequence[Tables], params: dict[str, Any]) -> Tables:
    """Unite versions, oldest first."""
    return operations.merge(sides, params["strategy"]).tables


def filter_classes(sides: Sequence[Tables], params: dict[str, Any]) -> Tables:
    """Keep assets by class."""
    return operations.filter_classes(sides[0], include=params["classes"], exclude=params["exclude_classes"])


def sample(sides: Sequence[Tables], params: dict[str, Any]) -> Tables:
    """Draw assets by lot."""
    return operations.sample(sides[0], seed=params["seed"], count=params["count"], fraction=params["share"])


def exclude(sides: Sequence[Tables], _params: dict[str, Any]) -> Tables:
    """Leave out what the other versions hold."""
    return operations.exclude(sides[0], sides[1:])


def prepare(sides: Sequence[Tables], params: dict[str, Any]) -> Tables:
    """Choose the candidates of a round: not seen before, a chunk by lot, without labels."""
    rest = operations.exclude(sides[0], sides[1:])
    chunk = params["chunk"]
    if chunk is not None and chunk < rest.assets.height:
        rest = operations.sample(rest, seed=params["seed"], count=chunk)
    return operations.drop_annotations(rest)


def label(sides: Sequence[Tables], _params: dict[str, Any]) -> Tables:
    """Look the chosen assets up in the held-back ground truth."""
    assets, truth = sides
    return operations.select(truth, assets.hex())
