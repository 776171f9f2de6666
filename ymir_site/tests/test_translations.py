"""The Chinese catalogue has every text of the product, rightly; templates hold no text outside of it."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import polib
import pytest
from django.conf import settings
from django.test import Client
from django.utils import translation
from django.utils.translation.template import templatize

ROOT = settings.BASE_DIR
CATALOGUE = ROOT / "locale" / "zh_Hans" / "LC_MESSAGES" / "django.po"
APPS = ("accounts", "common", "datasets", "executors", "iterations", "labels", "models", "projects", "ymir_site")
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
CHINESE = re.compile(r"[\u4e00-\u9fff]")
FIELD = re.compile(r"%\(\w+\)[sd]|%[sd]|\{\w*\}")
Key = tuple[str, str]
"""Context and text."""


def entries() -> list[polib.POEntry]:
    return [entry for entry in polib.pofile(str(CATALOGUE)) if not entry.obsolete]


def words(entry: polib.POEntry) -> list[str]:
    return list(entry.msgstr_plural.values()) or [entry.msgstr]


# --- the catalogue ---------------------------------------------------------------------------------------------------


def test_every_entry_is_translated_and_none_is_fuzzy():
    assert [entry.msgid for entry in entries() if not entry.translated() or entry.fuzzy] == []


def test_placeholders_are_those_of_the_english_text():
    differing = [
        (entry.msgid, text)
        for entry in entries()
        for text in words(entry)
        if sorted(FIELD.findall(text)) != sorted(FIELD.findall(entry.msgid_plural or entry.msgid))
    ]
    assert differing == []


def test_chinese_is_set_with_full_width_punctuation_and_spaced_from_latin():
    half_width = re.compile(r"[\u4e00-\u9fff][,;:?!()]|[,;:?!()][\u4e00-\u9fff]")
    glued = re.compile(r"[\u4e00-\u9fff][A-Za-z0-9]|[A-Za-z0-9%][\u4e00-\u9fff]")
    code = re.compile(r"-?class:名称|\{\w*\}|%\(\w+\)[sd]|%[sd]")
    misset = [
        text
        for entry in entries()
        for text in words(entry)
        if half_width.search(code.sub("", text)) or glued.search(code.sub("", text))
    ]
    assert misset == []


def test_every_text_of_sources_and_templates_is_in_the_catalogue():
    known = {(entry.msgctxt or "", entry.msgid) for entry in entries()}
    missing = sorted({*source_texts(), *template_texts()} - known)
    assert missing == [], "run make messages, then translate what is new"


def source_texts() -> Iterator[Key]:
    """Yield the texts that Python sources mark."""
    files = (path for app in APPS for path in (ROOT / app).rglob("*.py"))
    for path in files:
        if {"tests", "migrations", "images"} & set(path.relative_to(ROOT).parts[:-1]):
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                given = [each.value for each in node.args if isinstance(each, ast.Constant)]
                yield from marked(node.func.id, [each for each in given if isinstance(each, str)])


def template_texts() -> Iterator[Key]:
    """Yield the texts that templates mark, as Django hands them to xgettext."""
    quoted = r"u?('(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\")"
    call = re.compile(rf"\b(_|n?p?gettext)\({quoted}(?:, {quoted})?")
    for path in TEMPLATES:
        for name, *texts in call.findall(templatize(path.read_text())):
            yield from marked(name, [ast.literal_eval(text) for text in texts if text])


def marked(function: str, texts: list[str]) -> Iterator[Key]:
    if function in {"_", "gettext", "gettext_lazy", "gettext_noop", "ngettext", "ngettext_lazy"} and texts:
        yield "", texts[0]
    elif function in {"pgettext", "pgettext_lazy", "npgettext", "npgettext_lazy"} and len(texts) > 1:
        yield texts[0], texts[1]


# --- pages -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def compiled(settings: object, tmp_path: Path) -> Path:
    """The catalogue compiled anew, and in use."""
    target = tmp_path / "locale" / "zh_Hans" / "LC_MESSAGES" / "django.mo"
    target.parent.mkdir(parents=True)
    polib.pofile(str(CATALOGUE)).save_as_mofile(str(target))
    settings.LOCALE_PATHS = [tmp_path / "locale"]  # type: ignore[attr-defined]
    return target


def test_a_compiled_catalogue_speaks_chinese(compiled: Path):
    with translation.override("zh-hans"):
        assert translation.gettext("Validation set") == "验证集"
        assert translation.ngettext("{count} asset", "{count} assets", 1).format(count=1) == "1 张图像"
        assert translation.pgettext("executors", "Images") == "镜像"


@pytest.mark.django_db
def test_a_page_is_in_the_language_of_the_cookie(compiled: Path):
    browser = Client()
    browser.cookies[settings.LANGUAGE_COOKIE_NAME] = "zh-hans"
    page = browser.get("/login/").content.decode()
    assert '<html lang="zh-hans"' in page
    assert "登录" in page
    assert "Sign in" not in page


# --- templates -------------------------------------------------------------------------------------------------------

NOT_TEXT = re.compile(
    r"{%\s*(?:blocktranslate|comment)\b.*?{%\s*end(?:blocktranslate|comment)\s*%}"
    r"|<!--.*?-->|<!doctype[^>]*>|<(script|style|pre|code|kbd)\b.*?</\1>",
    re.DOTALL | re.IGNORECASE,
)
TEMPLATE_TAG = re.compile(r"{%.*?%}|{{.*?}}|{#.*?#}", re.DOTALL)
HTML_TAG = re.compile(r"<[^>]*>", re.DOTALL)
SPOKEN_ATTRIBUTE = re.compile(r'\b(?:aria-label|aria-description|title|placeholder|alt)="([^"]*)"')
TRANSLATED_ARGUMENT = re.compile(r"""_\(("[^"]*"|'[^']*')\)""")
ARGUMENT = re.compile(r'"([A-Z][^"]*)"')
# Names and units that are the same in both languages, and the button that speaks the other one.
SAME_IN_BOTH = {"YMIR", "GPU", "CPU", "API", "mAP", "AP", "IoU", "COCO", "VOC", "EN", "Switch to English", "px", "ms"}


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT / "templates")))
def test_a_template_has_no_text_outside_of_translate_tags(path: Path):
    assert [text for text in bare_texts(path.read_text()) if not same_in_both(text)] == []


def bare_texts(source: str) -> Iterator[str]:
    """Yield what people would read, or hear, in English whatever their language."""
    source = NOT_TEXT.sub(" ", source)
    for tag in TEMPLATE_TAG.findall(source):
        if not tag.startswith(("{#", "{% translate", "{% load", "{% extends", "{% include", "{% url", "{% static")):
            yield from ARGUMENT.findall(TRANSLATED_ARGUMENT.sub("", tag))
    html = TEMPLATE_TAG.sub("\0", source)
    for element in HTML_TAG.findall(html):
        yield from (piece for value in SPOKEN_ATTRIBUTE.findall(element) for piece in value.split("\0"))
    yield from re.split(r"[\n\0]", HTML_TAG.sub("\n", html))


def same_in_both(text: str) -> bool:
    text = re.sub(r"&\w+;", "", text).strip(" \t·,.:;()@0123456789/×%–[]→←+-")
    return text in SAME_IN_BOTH or not re.search(r"[A-Za-z]{2,}", text)


@pytest.mark.parametrize(
    "source",
    [
        "<p>Nothing here</p>",
        '<img alt="A photograph">',
        '<a aria-label="{{ count }} versions">{{ count }}</a>',
        '{% section "Classes" %}{% endsection %}',
        '{{ name|default:"Unknown" }}',
    ],
)
def test_bare_english_is_found(source: str):
    assert [text for text in bare_texts(source) if not same_in_both(text)] != []
