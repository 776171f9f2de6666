"""Every component renders, escapes what it is given and holds nothing the content security policy refuses."""

import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django import forms
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.core.paginator import Paginator
from django.template import engines
from django.template.loader import render_to_string
from django.test import RequestFactory
from django.utils import timezone

from common.charts.confusion import Confusion
from common.charts.graph import Node
from common.charts.histogram import Histogram
from common.charts.line import LineChart, Mark, Series
from common.charts.overlay import Box
from common.charts.ring import Ring, Step
from common.charts.spark import Spark
from common.icons import ICONS

EVIL = "<script>alert('x')</script>\"'&"
TEMPLATES = sorted(Path(settings.BASE_DIR, "templates").rglob("*.html"))


class SampleForm(forms.Form):
    name = forms.CharField(help_text="2 to 80 characters.", label=EVIL)
    about = forms.CharField(widget=forms.Textarea, required=False)
    half = forms.BooleanField(required=False)
    unknown = forms.ChoiceField(choices=[("add", EVIL)], widget=forms.RadioSelect)
    secret = forms.CharField(widget=forms.HiddenInput, initial="hidden")

    def clean(self) -> None:
        raise forms.ValidationError(EVIL)


def render(source: str, **context: Any) -> str:
    request = RequestFactory().get("/here/", {"class": "WBC", "page": "2"})
    return engines["django"].from_string(source).render({"evil": EVIL, **context}, request)


def assert_safe(html: str) -> None:
    assert "<script>alert" not in html
    assert not re.search(r"<[^>]*\sstyle=", html)
    assert not re.search(r"<[^>]*\son[a-z]+=", html)


CHART = LineChart(
    [Series([(1, 0.5), (2, 0.6)], f"ours {EVIL}", band=[(1, 0.4, 0.6)], future=[(3, 0.7)], future_label=EVIL)],
    x_label=EVIL,
    y_label=EVIL,
    marks=[Mark(2, 0.6, EVIL)],
    in_use=Mark(1, 0.5, EVIL),
    now=2,
    summary=EVIL,
    caption=EVIL,
)
BOXES = [Box(1, 1, 9, 9, EVIL, 3, 0.5), Box(30, 30, 9, 9, "RBC", verdict="missed", style="dash")]
COMPONENTS = {
    "badge": "{% badge 'running' %}{% badge 'succeeded' evil %}",
    "tag": "{% tag evil on=True %}",
    "class_chip": "{% class_chip evil 21 evil %}",
    "numbers": "{{ 5|thousands }}{{ None|score }}{{ 0.5|signed:2 }}{{ 90|duration }}{{ 10|bytes }}{{ now|when }}",
    "crumbs": "{% crumbs evil '/a/' evil %}",
    "section": "{% section evil meta=evil link='/a/' link_label=evil anchor='x' %}{{ evil }}{% endsection %}",
    "note": "{% note kind='danger' %}{{ evil }}{% endnote %}",
    "empty": "{% empty_state evil meta=evil %}{{ evil }}{% endempty_state %}",
    "confirm": "{% confirm anchor='x' action='/a/' button=evil title=evil keep=evil %}{{ evil }}{% endconfirm %}",
    "facts": "{% facts rows mono=True %}",
    "subtabs": "{% subtabs tabs evil %}",
    "pagination": "{% pagination page %}",
    "form": "{% form_fields form %}{% field form.name %}",
    "meter": "{% meter 0.4 %}{% meter 4 2 %}",
    "bars": "{% bars bars %}",
    "progress": "{% progress 15 24 label=evil ticks=24 %}{% progress 0 0 %}",
    "phases": "{% phases phases %}",
    "version_line": "{% version_line versions %}",
    "tile": "{% tile src=evil url='/a/' width=64 height=48 alt=evil boxes=boxes caption=evil number=evil names=True %}",
    "annotated_image": "{% annotated_image src=evil width=64 height=48 alt=evil boxes=boxes %}",
    "class_toggles": "{% class_toggles classes %}",
    "verdict_key": "{% verdict_key 'missed' evil 3 'dash' %}",
    "histogram": "{% histogram histogram %}",
    "line_chart": "{% line_chart chart %}{% line_chart chart size='full' %}",
    "spark": "{% spark spark evil evil %}",
    "ring": "{% ring ring %}{% ring ring small=True %}",
    "lineage": "{% lineage nodes 'train' evil %}",
    "confusion": "{% confusion confusion %}",
    "lengths": "{% ap_bar 0.8 0.7 %}{% stack_bar shares %}",
}


def context() -> dict[str, Any]:
    return {
        "now": timezone.now(),
        "rows": [(EVIL, EVIL)],
        "tabs": [{"label": EVIL, "url": "/a/", "count": 1200, "current": True}, {"label": "b", "url": "/b/"}],
        "page": Paginator(range(100), 10).page(3),
        "form": SampleForm({"name": ""}),
        "bars": [{"name": EVIL, "value": 0.4, "text": EVIL, "index": 2}, {"name": EVIL, "value": 0, "text": "0"}],
        "phases": [{"name": EVIL, "state": "now", "fraction": 0.5, "note": EVIL, "weight": 9, "ticks": 20}],
        "lines": [EVIL, {"text": EVIL, "time": "16:00", "level": "warn"}, {"text": EVIL, "level": "error"}],
        "versions": [{"label": EVIL, "url": "/a/", "tag": EVIL, "note": EVIL, "origin": EVIL, "current": True}],
        "boxes": BOXES,
        "classes": [{"name": EVIL, "index": 0, "count": 3}],
        "histogram": Histogram([1, 2], summary=EVIL, ticks=[EVIL], titles=[EVIL]),
        "chart": CHART,
        "spark": Spark([1, 2], 2, EVIL),
        "ring": Ring([Step(EVIL, "now", EVIL, 1, 3)], EVIL, EVIL, [EVIL], EVIL),
        "nodes": [Node("a", EVIL, "train"), Node("b", EVIL, "train", ["a"], "/a/", current=True)],
        "confusion": Confusion([EVIL], [[3, 1], [2, 0]]),
        "shares": [(0, 0.4), (1, 0.6)],
    }


@pytest.mark.parametrize("name", COMPONENTS)
def test_a_component_renders_and_escapes(name: str) -> None:
    html = render(COMPONENTS[name], **context())
    assert html.strip()
    assert_safe(html)


@pytest.mark.parametrize("name", ICONS)
def test_an_icon_is_drawn(name: str) -> None:
    assert "<path" in render(f"{{% icon '{name}' %}}")


def test_page_links_keep_the_rest_of_the_query() -> None:
    html = render("{% pagination page %}", page=Paginator(range(100), 10).page(3))
    assert 'href="?class=WBC&amp;page=4"' in html
    assert '<span aria-current="page">3</span>' in html


def test_a_list_on_one_page_has_no_page_links() -> None:
    assert not render("{% pagination page %}", page=Paginator(range(3), 10).page(1)).strip()


def test_a_field_ties_its_help_and_error_to_its_control() -> None:
    html = render("{% field form.name %}", form=SampleForm({"name": ""}))
    described = re.search(r'aria-describedby="([^"]+)"', html)
    assert described is not None
    assert all(f'id="{name}"' in html for name in described[1].split())
    assert 'aria-invalid="true"' in html


def test_a_field_asks_politely_for_what_is_optional() -> None:
    html = render("{% field form.about %}", form=SampleForm())
    assert "optional" in html


@pytest.mark.parametrize("page", ["errors/400.html", "errors/403.html", "errors/404.html", "errors/500.html"])
def test_error_pages_render_without_a_person(page: str) -> None:
    request = RequestFactory().get("/here/")
    request.user = AnonymousUser()
    html = render_to_string(page, {"incident": "1a2b3c4d"}, request)
    assert_safe(html)
    assert "<h1" in html


def test_the_page_of_a_bug_renders_without_a_request() -> None:
    assert "<h1" in render_to_string("errors/500.html")


def test_a_room_without_an_address_is_not_shown() -> None:
    user = SimpleNamespace(is_authenticated=True, is_staff=False, get_full_name=lambda: EVIL, username="m", email=EVIL)
    html = render("{% extends 'base.html' %}", user=user)
    assert "Projects" in html
    assert "Deployment" not in html
    assert_safe(html)


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(settings.BASE_DIR)))
def test_no_template_holds_what_the_policy_refuses(path: Path) -> None:
    source = path.read_text()
    assert not re.search(r"\sstyle=", source), "inline style"
    assert not re.search(r"\son[a-z]+=\"", source), "inline handler"
    assert "<style" not in source
    for script in re.findall(r"<script\b[^>]*>", source):
        assert "src=" in script or 'type="application/json"' in script
