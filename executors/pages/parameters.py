"""The parameters of a job as facts: versions and models as links, everything else as it was given."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from executors import references
from executors.contract import documents
from executors.models import Job
from executors.references import Reference

CONFIG: Final = "config"
SKIPPED: Final = {CONFIG, "keep_source"}
PATH: Final = "source"
LONGEST: Final = 200
Words = str | Promise
Named = Mapping[tuple[str, int], Reference]
LABELS: Final[dict[str, Words]] = {
    "name": gettext_lazy("Name"),
    "message": gettext_lazy("Message"),
    "class_names": gettext_lazy("Classes"),
    "classes": gettext_lazy("Classes"),
    "exclude_classes": gettext_lazy("Without classes"),
    "strategy": gettext_lazy("Strategy"),
    "format": gettext_lazy("Format"),
    "unknown": gettext_lazy("Unknown classes"),
    "source": gettext_lazy("Source"),
    "count": gettext_lazy("Count"),
    "share": gettext_lazy("Share"),
    "seed": gettext_lazy("Seed"),
    "top_k": gettext_lazy("Assets to choose"),
    "stage": gettext_lazy("Checkpoint"),
    "evaluate": gettext_lazy("Evaluate"),
}


@dataclass(frozen=True)
class Facts:
    """Rows of (label, value) and, where there is one, the result with what is to be said of it."""

    rows: list[tuple[Words, str | SafeString]]
    result: Reference | None = None
    remarks: Sequence[Reference] = ()


def of(job: Job) -> Facts:
    """Return what a job was given and what it made; at most one query for each type of thing that is named."""
    named = references.resolve([*_mentioned(job.params), _result_of(job)])
    rows = [row for key, value in job.params.items() if key not in SKIPPED for row in _rows(key, value, named)]
    made = _result_of(job)
    return Facts([*rows, *_image_rows(job), *_config_rows(job)], named.get(made), references.remarks(*made))


def _image_rows(job: Job) -> Iterator[tuple[Words, str | SafeString]]:
    if job.image is not None:
        address = reverse("executors:image", args=[job.image.pk])
        yield _("Executor image"), _anchor(Reference(job.image.reference, address))
        yield _("GPUs"), str(job.gpu_count)


def _config_rows(job: Job) -> Iterator[tuple[str, SafeString]]:
    """The hyper-parameters that differ from the image's template."""
    config = job.params.get(CONFIG)
    for key, value in config.items() if isinstance(config, dict) else ():
        yield key, format_html('<span class="mono">{}</span>', _plain(value))


def _result_of(job: Job) -> tuple[str, int]:
    pk = job.result.get("id")
    return str(job.result.get("type", "")), pk if isinstance(pk, int) else 0


def _mentioned(params: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for key, value in params.items():
        kind = references.type_of_key(key)
        if kind is not None:
            yield from ((kind.name, pk) for pk in _as_list(value))


def _rows(key: str, value: Any, named: Named) -> Iterator[tuple[Words, str | SafeString]]:
    """Nothing that was left empty is shown."""
    if value in (None, "", [], {}):
        return
    kind = references.type_of_key(key)
    if key == PATH and isinstance(value, str):
        value = value.rpartition("/")[2]  # where it lies on the host is nobody's business here
    if kind is None:
        yield LABELS.get(key, key.replace("_", " ").capitalize()), _plain(value)
        return
    found = [(pk, named.get((kind.name, pk)) if isinstance(pk, int) else None) for pk in _as_list(value)]
    things = ((_anchor(reference) if reference else _plain(pk),) for pk, reference in found)
    yield kind.keys[key], format_html_join(", ", "{}", things)


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _anchor(reference: Reference) -> str | SafeString:
    if not reference.url:
        return reference.label
    return format_html('<a href="{}">{}</a>', reference.url, reference.label)


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, list) and all(isinstance(item, str | int | float) for item in value):
        return documents.plain(", ".join(map(str, value)), LONGEST)
    if isinstance(value, list | dict):
        return documents.plain(json.dumps(value, ensure_ascii=False), LONGEST)
    return documents.plain(value, LONGEST)
