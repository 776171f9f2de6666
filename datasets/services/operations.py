"""Asking for a version made from others: merge, filter, sample, exclude, and what the loop needs of them."""

import difflib
from collections.abc import Collection, Sequence
from typing import Any

from django.contrib.auth.models import User
from django.utils.translation import gettext_lazy as _

from common.errors import DomainError
from common.wording import Wording
from datasets.models import DatasetVersion
from datasets.services import versions
from executors.models import Job
from executors.services import jobs
from projects import services as projects
from projects.models import Project

LEAST_ALIKE = 0.5  # difflib's ratio: below it a name is no slip of the finger


class NoCondition(DomainError):
    """A filter that would keep everything."""

    id = "datasets.no_condition"
    message = _("A filter needs at least one class to keep or to leave out.")
    hint = _("Name classes of {source}: {classes}.")
    field = "classes"


class UnknownClass(DomainError):
    """A filter names a class that neither the project nor the version has."""

    id = "datasets.unknown_class"
    status = 404
    message = _("There is no class “{name}”.")
    hint = _("Did you mean “{nearest}”? The classes are: {classes}.")
    field = "classes"


def submit_merge(
    *,
    project: Project,
    name: str,
    sources: Sequence[DatasetVersion],
    by: User | None,
    strategy: str = "newest",
    message: str = "",
    dedupe_key: str = "",
) -> Job:
    """Unite versions, given from the oldest to the newest; `strategy` newest, oldest or stop settles conflicts.

    Raises:
        datasets.services.versions.BadDatasetName
    """
    title = Wording(_("Merge into {name}"), name=name)
    return _submit("datasets.merge", title, project, name, sources, {"strategy": strategy}, by, message, dedupe_key)


def submit_filter(
    *,
    project: Project,
    name: str,
    source: DatasetVersion,
    by: User | None,
    classes: Sequence[str] = (),
    exclude_classes: Sequence[str] = (),
    message: str = "",
    dedupe_key: str = "",
) -> Job:
    """Keep the assets with any of `classes` (all where none is given) and none of `exclude_classes`.

    Raises:
        NoCondition, UnknownClass
        datasets.services.versions.BadDatasetName
    """
    known = list(dict.fromkeys([*projects.class_names(project), *source.class_counts]))
    if not [*classes, *exclude_classes]:
        raise NoCondition(source=source, classes=", ".join(known))
    for each in (*classes, *exclude_classes):
        _require_known(each, known)
    params = {"classes": list(classes), "exclude_classes": list(exclude_classes)}
    title = Wording(_("Filter {source}"), source=source)
    return _submit("datasets.filter", title, project, name, [source], params, by, message, dedupe_key)


def _require_known(name: str, known: Collection[str]) -> None:
    if name in known:
        return
    by_key = {each.lower(): each for each in known}
    nearest = difflib.get_close_matches(name.lower(), by_key, n=1, cutoff=LEAST_ALIKE) or list(by_key)[:1]
    raise UnknownClass(name=name, nearest=by_key[nearest[0]] if nearest else "", classes=", ".join(known))


def submit_sample(
    *,
    project: Project,
    name: str,
    source: DatasetVersion,
    by: User | None,
    count: int | None = None,
    share: float | None = None,
    seed: int = 1,
    message: str = "",
    dedupe_key: str = "",
) -> Job:
    """Draw `count` assets, or a `share` (0..1) of them, by lot; the same seed draws the same.

    Raises:
        datasets.services.versions.BadDatasetName
    """
    params = {"count": count, "share": share, "seed": seed}
    title = Wording(_("Sample {source}"), source=source)
    return _submit("datasets.sample", title, project, name, [source], params, by, message, dedupe_key)


def submit_exclude(
    *,
    project: Project,
    name: str,
    source: DatasetVersion,
    excluded: Sequence[DatasetVersion],
    by: User | None,
    message: str = "",
    dedupe_key: str = "",
) -> Job:
    """Keep the assets of `source` that no version of `excluded` holds.

    Raises:
        datasets.services.versions.BadDatasetName
    """
    title = Wording(_("Exclude from {source}"), source=source)
    return _submit("datasets.exclude", title, project, name, [source, *excluded], {}, by, message, dedupe_key)


def submit_prepare(
    *,
    project: Project,
    name: str,
    pool: DatasetVersion,
    excluded: Sequence[DatasetVersion],
    chunk: int | None,
    seed: int,
    by: User | None,
    message: str = "",
    dedupe_key: str = "",
) -> Job:
    """Choose the candidates of a round: the pool without `excluded`, of which `chunk` by lot; labels are dropped.

    Raises:
        datasets.services.versions.BadDatasetName
    """
    params = {"chunk": chunk, "seed": seed}
    title = Wording(_("Choose candidates from {pool}"), pool=pool)
    return _submit("datasets.prepare", title, project, name, [pool, *excluded], params, by, message, dedupe_key)


def submit_label(
    *,
    project: Project,
    name: str,
    assets: DatasetVersion,
    truth: DatasetVersion,
    by: User | None,
    message: str = "",
    dedupe_key: str = "",
) -> Job:
    """Label by the simulated annotator: the assets of `assets` with the annotations that `truth` holds back.

    Raises:
        datasets.services.versions.BadDatasetName
    """
    params = {"annotator": "simulated"}
    title = Wording(_("Label {assets} (simulated annotator)"), assets=assets)
    return _submit("datasets.label", title, project, name, [assets, truth], params, by, message, dedupe_key)


def _submit(
    kind: str,
    title: str,
    project: Project,
    name: str,
    sources: Sequence[DatasetVersion],
    params: dict[str, Any],
    by: User | None,
    message: str,
    dedupe_key: str,
) -> Job:
    versions.check_name(name)
    return jobs.submit(
        kind=kind,
        title=title,
        params={"name": name, "sources": [source.pk for source in sources], "message": message, **params},
        project=project,
        dedupe_key=dedupe_key,
        by=by,
    )
