"""The components of every page as template tags and filters; docs/development/components.md lists them.

The library is a builtin of the template engine: pages need no `{% load %}`.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.core.paginator import Page
from django.forms import BaseForm, BoundField, CheckboxInput, CheckboxSelectMultiple, RadioSelect
from django.http import QueryDict
from django.template import Context, Library
from django.template.loader import render_to_string
from django.utils.functional import Promise
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext_lazy as _

from common import numbers
from common.charts import graph
from common.charts.confusion import Confusion
from common.charts.histogram import Histogram
from common.charts.line import LineChart
from common.charts.overlay import Box, color_class, overlay
from common.charts.ring import Ring
from common.charts.spark import Spark
from common.icons import ICONS

register = Library()
Text = str | Promise

# The drawings of a chart for each column it may stand in: when it is shown, and its width and height.
CHART_SIZES = {
    "full": {"broad wide": (1230, 320), "broad medium": (590, 262), "narrow": (358, 280)},
    "main": {"broad": (740, 330), "narrow": (358, 290)},
    "half": {"broad": (590, 262), "narrow": (358, 250)},
    "third": {"broad": (388, 236), "narrow": (358, 236)},
}
# A state is drawn as one of six shapes; the words are those of jobs.
SHAPES = {
    "pending": "queued",
    "succeeded": "ready",
    "done": "ready",
    "canceled": "stopped",
    "skipped": "stopped",
    "current": "running",
    "open": "queued",
}
STATE_WORDS = {
    "pending": _("queued"),
    "queued": _("queued"),
    "running": _("running"),
    "succeeded": _("ready"),
    "ready": _("ready"),
    "done": _("done"),
    "failed": _("failed"),
    "canceled": _("stopped"),
    "stopped": _("stopped"),
    "skipped": _("skipped"),
    "stale": _("stale"),
}


# --- Words in a line --------------------------------------------------------------------------------------------
@register.simple_tag
def icon(name: str) -> SafeString:
    """Draw an icon of `common.icons`; it says nothing to a screen reader."""
    return format_html('<svg class="ico" viewBox="0 0 16 16" aria-hidden="true"><path d="{}" /></svg>', ICONS[name])


@register.simple_tag
def badge(state: str, label: Text = "") -> SafeString:
    """Show a state: a shape and a word. Takes a job's state or one of queued running ready failed stopped stale."""
    words = label or STATE_WORDS.get(state, state)
    return format_html('<span class="badge" data-state="{}">{}</span>', SHAPES.get(state, state), words)


@register.simple_tag
def tag(text: Text, on: bool = False) -> SafeString:
    """Show a role, a round: at most two in a row; `on` for best and current."""
    return format_html('<span class="tag{}">{}</span>', " on" if on else "", text)


@register.simple_tag
def class_chip(name: str, index: int, note: Text = "") -> SafeString:
    """Name a class beside its swatch; `index` is the class's order in the project."""
    words = format_html("{} {}", name, note) if note else name
    return format_html('<span class="cls {}">{}</span>', color_class(index), words)


@register.filter
def same(left: object, right: object) -> str:
    """Compare for an ARIA attribute: "true" or "false"."""
    return "true" if left == right else "false"


@register.filter
def initials(name: str) -> str:
    """Return up to two letters that stand for a person."""
    words = name.split()
    letters = "".join(word[0] for word in (words[0], words[-1])) if len(words) > 1 else name[:2]
    return letters.upper()


# --- Numbers ----------------------------------------------------------------------------------------------------
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


# --- Blocks of a page -------------------------------------------------------------------------------------------
@register.inclusion_tag("components/crumbs.html")
def crumbs(*pairs: Text) -> dict[str, Any]:
    """Draw the way up: label, address, label, address …; a last label alone is no link."""
    addresses = (*pairs[1::2], "") if len(pairs) % 2 else pairs[1::2]
    return {"crumbs": [{"label": label, "url": url} for label, url in zip(pairs[::2], addresses, strict=True)]}


@register.simple_block_tag
def section(
    content: str, title: Text, meta: Text = "", link: str = "", link_label: Text = "", anchor: str = ""
) -> SafeString:
    """Begin a part of a page: a rule above, the title left, a remark or one link right."""
    return render_to_string(
        "components/section.html",
        {"content": content, "title": title, "meta": meta, "link": link, "link_label": link_label, "anchor": anchor},
    )


@register.simple_block_tag
def note(content: str, kind: str = "") -> SafeString:
    """One sentence and one link beside what it is about; `kind` is "", "warn" or "danger"."""
    role = mark_safe(' role="alert"') if kind == "danger" else ""
    return format_html('<p class="note {}"{}>{}</p>', kind, role, content)


@register.simple_block_tag
def empty_state(content: str, title: Text, meta: Text = "") -> SafeString:
    """Say what to do first where there is nothing yet."""
    return render_to_string("components/empty.html", {"content": content, "title": title, "meta": meta})


@register.simple_block_tag(takes_context=True)
def confirm(
    context: Context,
    content: str,
    *,
    anchor: str,
    action: str,
    button: Text,
    title: Text,
    verb: Text = "",
    keep: Text = "",
    danger: bool = True,
) -> SafeString:
    """A button that asks before it posts to `action`; the dialog's button repeats the verb. `content` is the reason."""
    values = {
        "content": content,
        "anchor": anchor,
        "action": action,
        "button": button,
        "title": title,
        "verb": verb or button,
        "keep": keep,
        "danger": danger,
    }
    return render_to_string("components/confirm.html", values, request=context.get("request"))


@register.inclusion_tag("components/facts.html")
def facts(rows: Iterable[tuple[Text, Any]], mono: bool = False) -> dict[str, Any]:
    """A description list of (label, value); values are escaped unless marked safe."""
    return {"rows": rows, "mono": mono}


@register.inclusion_tag("components/tabs.html")
def subtabs(tabs: Sequence[Mapping[str, Any]], label: Text) -> dict[str, Any]:
    """Tabs inside a page: dicts of label, url, count, current."""
    return {"tabs": tabs, "label": label}


@register.inclusion_tag("components/pagination.html", takes_context=True)
def pagination(context: Context, page: Page[Any], name: str = "page") -> dict[str, Any]:
    """Page numbers that keep the rest of the query; nothing where one page holds all."""
    request = context.get("request")
    numbers_shown = page.paginator.get_elided_page_range(page.number, on_each_side=1, on_ends=1)
    return {"page": page, "numbers": numbers_shown, "name": name, "query": request.GET if request else QueryDict()}


@register.simple_tag
def with_query(query: QueryDict, name: str, value: object) -> str:
    """Return a query string with one parameter changed."""
    changed = query.copy()
    changed[name] = str(value)
    return f"?{changed.urlencode()}"


# --- Forms ------------------------------------------------------------------------------------------------------
@register.inclusion_tag("components/field.html")
def field(bound: BoundField) -> dict[str, Any]:
    """Draw a form field: label above, control, help or error below."""
    widget = bound.field.widget
    layout = "plain"
    if isinstance(widget, CheckboxInput):
        layout = "check"
    elif isinstance(widget, RadioSelect | CheckboxSelectMultiple):
        layout = "choices"
    return {"field": bound, "layout": layout}


@register.inclusion_tag("components/form_fields.html")
def form_fields(form: BaseForm, pairs: bool = False) -> dict[str, Any]:
    """Draw every field of a form, faults of the whole form first."""
    return {"form": form, "pairs": pairs}


# --- Lengths ----------------------------------------------------------------------------------------------------
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


@register.inclusion_tag("components/log.html")
def log_view(lines: Iterable[Any], anchor: str = "log", follow: bool = True) -> dict[str, Any]:
    """A log: strings, or dicts of time, text and level ("", "strong", "warn", "error")."""
    rows = [line if isinstance(line, Mapping) else {"text": line} for line in lines]
    return {"lines": rows, "anchor": anchor, "follow": follow}


@register.inclusion_tag("components/version_line.html")
def version_line(versions: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Versions downwards, newest first: dicts of label, url, tag, note, origin, origin_url, current."""
    return {"versions": versions}


# --- Photographs ------------------------------------------------------------------------------------------------
@register.inclusion_tag("components/tile.html")
def tile(
    *,
    src: str,
    url: str = "",
    width: int,
    height: int,
    alt: Text,
    boxes: Iterable[Box] = (),
    caption: Text = "",
    number: Text = "",
    names: bool = False,
    letters: int = 26,
    bold: bool = False,
    done: bool = False,
) -> dict[str, Any]:
    """A photograph with its boxes in a grid; `width` and `height` are those of the image the boxes refer to.

    Names are as high as a part of the width: `letters` of them lie side by side, more in a wider tile.
    """
    drawing = overlay(boxes, width=width, height=height, names=names, letter_height=width / letters)
    return {
        "src": src,
        "url": url,
        "alt": alt,
        "overlay": drawing,
        "names": names,
        "caption": caption,
        "number": number,
        "bold": bold,
        "done": done,
    }


@register.inclusion_tag("components/annotated_image.html")
def annotated_image(
    *, src: str, width: int, height: int, alt: Text, boxes: Iterable[Box] = (), bold: bool = True
) -> dict[str, Any]:
    """One photograph to look into: boxes, names, zoom and pan. Toggles go beside it: `class_toggles`."""
    return {
        "src": src,
        "alt": alt,
        "overlay": overlay(boxes, width=width, height=height, names=True),
        "bold": bold,
    }


@register.inclusion_tag("components/class_toggles.html")
def class_toggles(classes: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Ticks that hide classes in the nearest `.filtered`: dicts of name, index, count."""
    return {"classes": classes}


@register.inclusion_tag("components/verdict_key.html")
def verdict_key(verdict: str, label: Text, count: int | None = None, style: str = "solid") -> dict[str, Any]:
    """Explain one kind of box: true, false, missed or moved, with its line and its number."""
    return {"css": f"v-{verdict}" + ("" if style == "solid" else f" {style}"), "label": label, "count": count}


# --- Charts -----------------------------------------------------------------------------------------------------
@register.inclusion_tag("components/histogram.html")
def histogram(data: Histogram) -> dict[str, Any]:
    """A histogram; selected bins are darker."""
    return {"histogram": data}


@register.inclusion_tag("components/line_chart.html")
def line_chart(chart: LineChart, size: str = "half") -> dict[str, Any]:
    """A line chart, drawn for each width of screen; `size` is full, main, half or third."""
    drawings = []
    for css, (width, height) in CHART_SIZES[size].items():
        plan = chart.draw(width, height)
        drawings.append({"css": css, "plan": plan, "readout": json.dumps(plan.readout, ensure_ascii=False)})
    return {"chart": chart, "drawings": drawings, "size": size}


@register.inclusion_tag("components/spark.html")
def spark(data: Spark, label: Text, text: Text) -> dict[str, Any]:
    """One quantity over the last minutes, its present value printed."""
    return {"data": data, "label": label, "text": text}


@register.inclusion_tag("components/ring.html")
def ring(data: Ring, small: bool = False) -> dict[str, Any]:
    """The loop as growth rings; `small` leaves the words out."""
    return {"ring": data, "drawing": data.draw(), "small": small}


@register.inclusion_tag("components/lineage.html")
def lineage(nodes: Sequence[graph.Node], main: str, summary: Text) -> dict[str, Any]:
    """Versions and their parents as a graph; nodes in order of their making, `main` the lane in the accent."""
    return {"drawing": graph.draw(nodes, main=main), "summary": summary}


@register.inclusion_tag("components/confusion.html")
def confusion(data: Confusion) -> dict[str, Any]:
    """Which classes are taken for which: a table with shades."""
    return {"confusion": data}


@register.simple_tag
def ap_bar(value: float, before: float | None = None) -> SafeString:
    """Average precision as a bar, an earlier one as a tick; in a `<td class="apbar">`."""
    tick = ""
    if before is not None:
        at = f"{max(0.0, min(1.0, before)) * 100:.1f}%"
        tick = format_html(
            '<line class="gap" x1="{0}" x2="{0}" y1="-2" y2="14" />'
            '<line class="was" x1="{0}" x2="{0}" y1="-3" y2="15" />',
            at,
        )
    width = f"{max(0.0, min(1.0, value)) * 100:.1f}"
    return format_html('<svg class="meter" aria-hidden="true"><rect width="{}%" height="100%" />{}</svg>', width, tick)


@register.simple_tag
def stack_bar(shares: Iterable[tuple[int, float]]) -> SafeString:
    """Shares of classes in one bar: (a class's order, share)."""
    parts, start = [], 0.0
    for index, share in shares:
        parts.append((color_class(index), f"{start * 100:.2f}", f"{share * 100:.2f}"))
        start += share
    rects = format_html_join("", '<rect class="{}" x="{}%" width="{}%" height="100%" />', parts)
    return format_html('<svg class="stackbar" aria-hidden="true">{}</svg>', rects)
