"""Words in a line: icons, states, roles, classes. docs/development/components.md lists the tags."""

from django.template import Library
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from common.charts.overlay import color_class
from common.icons import ICONS

register = Library()
Text = str | Promise

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
