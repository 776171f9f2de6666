"""Every refusal of the product in one page, made from the classes that declare them (docs/errors.md)."""

import importlib
import pkgutil
from collections.abc import Iterator
from pathlib import Path

from django.apps import apps
from django.conf import settings
from django.utils import translation

from common.errors import DomainError

LANGUAGES = (("en", "English"), ("zh-hans", "中文"))
HEAD = """# Errors

Every refusal and failure has an id, which never changes, words, and a next step. This page is generated:
`manage.py write_error_docs`. {Names in braces} are filled in.

| id | status | what happened | what to do | 发生了什么 | 怎么办 |
|---|---|---|---|---|---|
"""


def error_classes(base: type[DomainError] = DomainError) -> Iterator[type[DomainError]]:
    """Yield every declared error, by depth."""
    for declared in base.__subclasses__():
        yield declared
        yield from error_classes(declared)


def as_markdown() -> str:
    """Return the catalogue page."""
    _import_services()
    declared = {each.id: each for each in error_classes() if "tests" not in each.__module__.split(".")}
    return HEAD + "".join(_row(declared[key]) for key in sorted(declared))


def _import_services() -> None:
    """Load also the services that only a worker loads: a class that nobody imported is not among the subclasses."""
    for app in apps.get_app_configs():
        if Path(app.path).parent == settings.BASE_DIR:
            for module in pkgutil.walk_packages([app.path], f"{app.name}."):
                if "services" in module.name.split("."):
                    importlib.import_module(module.name)


def _row(declared: type[DomainError]) -> str:
    cells = [f"`{declared.id}`", str(declared.status)]
    for code, _name in LANGUAGES:
        with translation.override(code):
            cells += [str(declared.message), str(declared.hint)]
    return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |\n"
