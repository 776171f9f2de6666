"""Numbers, changes and moments in words. docs/development/components.md lists the tags."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.template import Library
from django.utils.functional import Promise
from django.utils.html import format_html

from common import numbers

register = Library()
Text = str | Promise


NOTHING = "–"


def _number_filter(name: str, write: Callable[[Any], str]) -> None:
    """Register a way of writing numbers; nothing to write becomes a dash."""
    register.filter(name, lambda value: NOTHING if value is None or value == "" else write(value))


_number_filter("thousands", numbers.thousands)
_number_filter("score", numbers.score)
_number_filter("bytes", numbers.size)
_number_filter("duration", numbers.duration)


@register.filter
def signed(value: float | str | None, decimals: int | None = None) -> str:
    """Write a change with its sign: +0.025."""
    return NOTHING if value is None or isinstance(value, str) else numbers.signed(value, decimals)


@register.filter
def percent(fraction: float | str | None, decimals: int = 0) -> str:
    """Write a fraction as percent: 61 %."""
    return NOTHING if fraction is None or isinstance(fraction, str) else numbers.percent(fraction, decimals)


@register.filter
def when(moment: datetime | None) -> str:
    """Say when, with the exact moment in the element: today 16:05."""
    if moment is None:
        return NOTHING
    return format_html('<time datetime="{}">{}</time>', moment.isoformat(), numbers.when(moment))


@register.filter
def change_class(value: float) -> str:
    """Return the CSS class of a change that is known to be real: up, down or quiet."""
    return "up" if value > 0 else "down" if value < 0 else "quiet"
