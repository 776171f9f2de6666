"""The one way in which a service says no."""

from typing import Any, ClassVar

from django.utils.functional import Promise
from django.utils.translation import gettext as _

from common.wording import Wording

ENDS = (".", "!", "?", "…", "。", "！", "？")


class DomainError(Exception):
    """A refusal or failure that people can act on: it has a stable id, words and a next step.

    Subclasses are declared beside the function that raises them. `message` and `hint` may hold {fields}, which are
    filled from the keyword arguments of the constructor. `message_for_one` takes the message's place when `count` is 1.
    `field` names the form field at fault, where there is one.
    """

    id: str = "common.error"
    status: ClassVar[int] = 400
    message: ClassVar[str | Promise] = ""
    message_for_one: ClassVar[str | Promise] = ""
    hint: ClassVar[str | Promise] = ""
    field: ClassVar[str] = ""

    def __init__(self, **values: Any) -> None:
        self.values = values
        super().__init__(self.id, values)

    def text(self) -> Wording:
        """Return what happened, in the active language; kept in a row, it is told in the reader's."""
        is_one = bool(self.message_for_one) and self.values.get("count") == 1
        return Wording(self.message_for_one if is_one else self.message, **self.values)

    def advice(self) -> Wording:
        """Return what to do now, likewise."""
        return Wording(self.hint, **self.values)

    def words(self) -> str:
        """Return both in one, a full stop between them."""
        text, advice = self.text(), self.advice()
        if not text or not advice:
            return f"{text}{advice}"
        ended = text if text.endswith(ENDS) else _("{sentence}.").format(sentence=text)
        return f"{ended} {advice}"

    def __str__(self) -> str:
        return f"{self.id}: {self.text()}"
