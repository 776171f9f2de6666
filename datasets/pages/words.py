"""Versions in words: what made them, and how they differ from the one before."""

from collections.abc import Iterable, Sequence

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from common.numbers import signed, thousands
from datasets.models import DatasetVersion


def made_by(version: DatasetVersion) -> str:
    """Say what made a version: merge of v3 and smear-mined v3. Needs parent links fetched with their datasets."""
    parents = [short(link.parent, version) for link in version.parent_links.all()]
    operation = version.get_operation_display()
    if not parents:
        return operation
    return _("{operation} of {parents}").format(operation=operation, parents=joined(parents))


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
    change = signed(version.asset_count - before.asset_count)
    return _("{assets} · {change}").format(assets=asset_words(version.asset_count), change=change)


def round_of(version: DatasetVersion) -> str:
    """Say in which round of the loop a version was made; empty outside the loop. Needs steps fetched with rounds."""
    numbers = {step.iteration.number for step in version.steps.all()}
    return _("round {number}").format(number=min(numbers)) if numbers else ""


def pairs(versions: Iterable[DatasetVersion]) -> list[tuple[DatasetVersion, DatasetVersion | None]]:
    """Return each version, newest first, with the one before it."""
    listed = list(versions)
    return list(zip(listed, [*listed[1:], None], strict=False))
