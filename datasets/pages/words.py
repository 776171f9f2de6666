"""Versions in words: what made them, and how they differ from the one before."""

from collections.abc import Iterable, Sequence
from typing import Final

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from common.numbers import signed, thousands
from datasets.models import DatasetVersion
from executors.references import Reference

NAMES_SHOWN: Final = 10
Operation = DatasetVersion.Operation
SENTENCES: Final[dict[str, Promise]] = {
    Operation.IMPORT: gettext_lazy("import beside {all}"),
    Operation.MERGE: gettext_lazy("merge of {all}"),
    Operation.FILTER: gettext_lazy("filtered from {first}"),
    Operation.SAMPLE: gettext_lazy("sample of {first}"),
    Operation.EXCLUDE: gettext_lazy("{first} without {rest}"),
    Operation.MINE: gettext_lazy("mined from {first}"),
    Operation.LABEL: gettext_lazy("{first}, labeled from {rest}"),
    Operation.PREPARE: gettext_lazy("candidates from {first}"),
}


def made_by(version: DatasetVersion) -> str:
    """Say what made a version: merge of v3 and smear-mined v3. Needs parent links fetched with their datasets."""
    parents = [short(link.parent, version) for link in version.parent_links.all()]
    if not parents:
        return version.get_operation_display()
    first, rest = parents[0], joined(parents[1:]) or "–"
    return str(SENTENCES[version.operation]).format(all=joined(parents), first=first, rest=rest)


def short(version: DatasetVersion, beside: DatasetVersion) -> str:
    """Name a version beside another: v3 within a dataset, with the dataset's name from outside."""
    return f"v{version.number}" if version.dataset_id == beside.dataset_id else str(version)


def joined(words: Sequence[str]) -> str:
    """Join words as a sentence does: a, b and c."""
    if len(words) <= 1:
        return "".join(words)
    return _("{words} and {last}").format(words=_(", ").join(words[:-1]), last=words[-1])


def asset_words(count: int) -> str:
    """Say how many assets: 96 assets."""
    return ngettext("{count} asset", "{count} assets", count).format(count=thousands(count))


def box_words(count: int) -> str:
    """Say how many boxes: 19 boxes."""
    return ngettext("{count} box", "{count} boxes", count).format(count=thousands(count))


def change_words(version: DatasetVersion, before: DatasetVersion | None) -> str:
    """Say how many assets a version has, and how many more or fewer than the one before it: 96 assets · +24."""
    if before is None:
        return _("{assets} · {operation}").format(
            assets=asset_words(version.asset_count), operation=version.get_operation_display()
        )
    if version.asset_count == before.asset_count:
        return asset_words(version.asset_count)
    change = signed(version.asset_count - before.asset_count)
    return _("{assets} · {change}").format(assets=asset_words(version.asset_count), change=change)


def round_of(version: DatasetVersion) -> str:
    """Say in which round of the loop a version was made; empty outside the loop. Needs steps fetched with rounds."""
    steps = [*version.steps.all(), *(version.job.steps.all() if version.job else [])]
    numbers = {step.iteration.number for step in steps}
    return _("round {number}").format(number=min(numbers)) if numbers else ""


def remarks(version: DatasetVersion) -> list[Reference]:
    """Say of an import how many faults it left out, with the way to them, and which classes the project got by it."""
    said = []
    if version.fault_count:
        text = ngettext("{count} fault left out", "{count} faults left out", version.fault_count)
        address = reverse("datasets:faults", args=[version.pk])
        said.append(Reference(text.format(count=thousands(version.fault_count)), address))
    if added := version.params.get("classes_added"):
        text = ngettext("{count} class added: {names}", "{count} classes added: {names}", len(added))
        said.append(Reference(text.format(count=thousands(len(added)), names=some(added)), ""))
    return said


def some(names: Sequence[str]) -> str:
    """List names, the first of many: a, b, c and 12 more."""
    shown = _(", ").join(names[:NAMES_SHOWN])
    rest = len(names) - NAMES_SHOWN
    return _("{names} and {count} more").format(names=shown, count=thousands(rest)) if rest > 0 else shown


def pairs(versions: Iterable[DatasetVersion]) -> list[tuple[DatasetVersion, DatasetVersion | None]]:
    """Return each version, newest first, with the one before it."""
    listed = list(versions)
    return list(zip(listed, [*listed[1:], None], strict=False))
