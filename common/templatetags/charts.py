"""Charts; `common.charts` computes what they draw. docs/development/components.md lists the tags."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

from django.template import Library
from django.utils.functional import Promise
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from common.charts import graph
from common.charts.confusion import Confusion
from common.charts.histogram import Histogram
from common.charts.line import LineChart
from common.charts.overlay import color_class
from common.charts.ring import Ring
from common.charts.spark import Spark

register = Library()
Text = str | Promise

# The drawings of a chart for each column it may stand in: when it is shown, and its width and height.
CHART_SIZES = {
    "full": {"broad wide": (1230, 320), "broad medium": (590, 262), "narrow": (358, 280)},
    "main": {"broad": (740, 330), "narrow": (358, 290)},
    "half": {"broad": (590, 262), "narrow": (358, 250)},
    "third": {"broad": (388, 236), "narrow": (358, 236)},
}


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
