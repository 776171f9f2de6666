"""Blocks of a page and its forms. docs/development/components.md lists the tags."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.core.paginator import Page
from django.forms import BaseForm, BoundField, CheckboxInput, CheckboxSelectMultiple, RadioSelect
from django.http import QueryDict
from django.template import Context, Library
from django.template.loader import render_to_string
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

register = Library()
Text = str | Promise


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
