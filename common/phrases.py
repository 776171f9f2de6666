"""Texts made where no framework is known, told in the reader's language later: see `common.wording`. PURE."""

from typing import Any, Self


def gettext_noop(text: str) -> str:
    """Return the text: the name makes the collector of texts to translate find it."""
    return text


class Phrase(str):
    """An English text that remembers what it was made from.

    Args:
        source: the text with {fields}, marked by `gettext_noop`.
        values: what fills the fields: numbers, texts, or phrases.
    """

    recipe: dict[str, Any]
    """`text` and `values`, as `common.wording.Wording` keeps them; fit for JSON."""

    def __new__(cls, source: str, /, **values: int | str) -> Self:
        self = super().__new__(cls, source.format(**values))
        kept = {name: value.recipe if isinstance(value, Phrase) else value for name, value in values.items()}
        self.recipe = {"text": source, "values": kept}
        return self
