"""The kinds of background work on datasets; each is one call of a service."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar

from django.utils.translation import gettext_lazy as _

from datasets.models import DatasetVersion
from datasets.services import derive, exports, imports
from datasets.store.schema import Tables
from executors.kinds import JobContext, JobKind, register
from executors.runners.base import RunOutcome


def _result(version: DatasetVersion) -> dict[str, Any]:
    return {"type": "dataset_version", "id": version.pk}


@register
class Import(JobKind):
    name = "datasets.import"
    label = _("Import")

    def collect(self, ctx: JobContext, outcome: RunOutcome | None) -> dict[str, Any]:
        return _result(imports.run(job=ctx.job, progress=ctx.report))


@register
class Export(JobKind):
    name = "datasets.export"
    label = _("Export")

    def collect(self, ctx: JobContext, outcome: RunOutcome | None) -> dict[str, Any]:
        target = exports.run(job=ctx.job, progress=ctx.report)
        return {"type": "export", "id": ctx.job.pk, "file": target.name, "bytes": target.stat().st_size}


class Derivation(JobKind):
    """An operation on versions that ends in a new one."""

    operation: ClassVar[DatasetVersion.Operation]

    @staticmethod
    @abstractmethod
    def compute(sides: Sequence[Tables], params: dict[str, Any], /) -> Tables:
        """Make the new version's tables from those of its sources."""

    def collect(self, ctx: JobContext, outcome: RunOutcome | None) -> dict[str, Any]:
        return _result(derive.run(job=ctx.job, operation=self.operation, derive=type(self).compute))


@register
class Merge(Derivation):
    name = "datasets.merge"
    label = _("Merge")
    operation = DatasetVersion.Operation.MERGE
    compute = staticmethod(derive.merge)


@register
class Filter(Derivation):
    name = "datasets.filter"
    label = _("Filter")
    operation = DatasetVersion.Operation.FILTER
    compute = staticmethod(derive.filter_classes)


@register
class Sample(Derivation):
    name = "datasets.sample"
    label = _("Sample")
    operation = DatasetVersion.Operation.SAMPLE
    compute = staticmethod(derive.sample)


@register
class Exclude(Derivation):
    name = "datasets.exclude"
    label = _("Exclude")
    operation = DatasetVersion.Operation.EXCLUDE
    compute = staticmethod(derive.exclude)


@register
class Prepare(Derivation):
    name = "datasets.prepare"
    label = _("Choose candidates")
    operation = DatasetVersion.Operation.PREPARE
    compute = staticmethod(derive.prepare)


@register
class Label(Derivation):
    name = "datasets.label"
    label = _("Label")
    operation = DatasetVersion.Operation.LABEL
    compute = staticmethod(derive.label)
