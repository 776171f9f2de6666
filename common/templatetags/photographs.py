"""Photographs with their boxes. docs/development/components.md lists the tags."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.template import Library
from django.utils.functional import Promise

from common.charts.overlay import Box, overlay

register = Library()
Text = str | Promise


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
