"""Bars, progress, logs and lines of versions. docs/development/components.md lists the tags."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.template import Library
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString

from common.charts.overlay import color_class

register = Library()
Text = str | Promise


@register.simple_tag
def meter(fraction: float, index: int | None = None) -> SafeString:
    """A bar beside a printed number; `index` gives it a class's color."""
    return format_html(
        '<svg class="meter{}" aria-hidden="true"><rect width="{}%" height="100%" /></svg>',
        "" if index is None else f" {color_class(index)}",
        f"{max(0.5, min(1.0, fraction) * 100):.1f}",
    )


@register.inclusion_tag("components/bars.html")
def bars(rows: Iterable[Mapping[str, Any]], wide_names: bool = False) -> dict[str, Any]:
    """Bars with printed numbers: dicts of name, value (0 to 1), text, index (a class's order) and color_bar."""
    return {"rows": rows, "wide_names": wide_names}


@register.inclusion_tag("components/progress.html")
def progress(value: float, maximum: float = 1, label: Text = "", ticks: int = 0) -> dict[str, Any]:
    """A progress bar; with `ticks` it shows countable units."""
    share = max(0.0, min(1.0, value / maximum)) if maximum else 0.0
    return {
        "value": value,
        "maximum": maximum,
        "label": label,
        "width": f"{share * 100:.2f}%",
        "lines": [f"{100 * line / ticks:.3f}%" for line in range(1, ticks)],
    }


@register.inclusion_tag("components/phases.html")
def phases(items: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Phases side by side: dicts of name, state (done, now, later, failed), fraction, note, weight (1–12), ticks."""
    return {"phases": items}


@register.inclusion_tag("components/version_line.html")
def version_line(versions: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Versions downwards, newest first: dicts of label, url, tag, note, origin, origin_url, current."""
    return {"versions": versions}
