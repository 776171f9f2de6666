"""Texts that rows keep: stored as the English source and its values, told to each reader in their own language."""

import json
from collections.abc import Mapping
from typing import Any, Self

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.expressions import Expression
from django.utils.functional import Promise
from django.utils.translation import gettext, override

from common.phrases import Phrase

SOURCE, VALUES = "text", "values"
MARK = f'{{"{SOURCE}": '
"""What every stored recipe begins with."""


class Wording(str):
    """A text in the active language that knows how to be told in another one.

    Args:
        source: a lazily translated text (or its English) with {fields}.
        values: what fills the fields; a value may be translated lazily or be a `Wording` itself.
    """

    recipe: dict[str, Any]

    def __new__(cls, source: str | Promise, /, **values: Any) -> Self:
        return cls._told({SOURCE: _english(source), VALUES: {name: _stored(value) for name, value in values.items()}})

    @classmethod
    def of(cls, text: str | Mapping[str, Any]) -> str:
        """Return a phrase, or the recipe of one, in the active language; plain text as it is."""
        recipe = text.recipe if isinstance(text, Phrase) else text
        return recipe if isinstance(recipe, str) else cls._told(dict(recipe))

    @classmethod
    def from_stored(cls, stored: str) -> str:
        """Return a text that was stored as `stored()` says, in the active language; plain text as it is."""
        return cls._told(json.loads(stored)) if stored.startswith(MARK) else stored

    @classmethod
    def _told(cls, recipe: dict[str, Any]) -> Self:
        self = super().__new__(cls, _tell(recipe))
        self.recipe = recipe
        return self

    def stored(self) -> str:
        """Return what a row keeps."""
        return json.dumps(self.recipe, ensure_ascii=False)


class WordingField(models.TextField[str, str]):
    """Keeps a `Wording`, or plain text; reads as a text in the language of whoever loads the row."""

    def get_prep_value(self, value: Any) -> Any:
        """Return what is stored; plain text that looks like a recipe is kept from being read as one."""
        if isinstance(value, Promise):
            value = Wording(value)
        elif isinstance(value, str) and not isinstance(value, Wording) and value.startswith(MARK):
            value = Wording("{plain}", plain=value)
        return super().get_prep_value(value.stored() if isinstance(value, Wording) else value)

    def from_db_value(
        self,
        value: str | None,
        expression: Expression,  # noqa: ARG002 # Django gives it
        connection: BaseDatabaseWrapper,  # noqa: ARG002
    ) -> str | None:
        return None if value is None else Wording.from_stored(value)


def _english(source: str | Promise) -> str:
    with override("en"):
        return str(source)


def _stored(value: Any) -> Any:
    if isinstance(value, Wording):
        return value.recipe
    if isinstance(value, Promise):
        return {SOURCE: _english(value), VALUES: {}}
    return value if isinstance(value, int | float) else str(value)


def _tell(recipe: Mapping[str, Any]) -> str:
    values = {name: _tell(value) if isinstance(value, dict) else value for name, value in recipe[VALUES].items()}
    return gettext(recipe[SOURCE]).format(**values) if recipe[SOURCE] else ""
