"""The common form of YMIR's management commands: `--json`, refusals as exit code 1, wrong use as 2."""

import json
import sys
from argparse import ArgumentParser
from typing import Any, ClassVar

from django.core.management.base import BaseCommand, CommandError, CommandParser, DjangoHelpFormatter

from common.errors import DomainError

DONE, FAILED, WRONG_USE = 0, 1, 2
EXAMPLE = "example:\n "


class HelpFormatter(DjangoHelpFormatter):
    """Leaves the example at the end of a command's help as it is, to be copied."""

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        return text if text.startswith(EXAMPLE) else super()._fill_text(text, width, indent)


class ExplainedCommand(BaseCommand):
    """A command whose `--help` ends with an example: the words behind `manage.py`."""

    example: ClassVar[str]

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        return super().create_parser(
            prog_name, subcommand, formatter_class=HelpFormatter, epilog=f"{EXAMPLE} manage.py {self.example}", **kwargs
        )


class YmirCommand(ExplainedCommand):
    """A command over one service. Subclasses add arguments and return from `run` what the command says.

    With `--json` stdout holds one object and nothing else; without it, `describe` makes the words.
    """

    requires_system_checks: list[str] = []

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        parser = super().create_parser(prog_name, subcommand, **kwargs)
        parser.add_argument("--json", action="store_true", help="print one JSON object and nothing else")
        return parser

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the command's own arguments."""

    def run(self, *args: Any, **options: Any) -> dict[str, Any]:
        """Do the work through a service and return the facts to print."""
        raise NotImplementedError

    def describe(self, facts: dict[str, Any]) -> str:
        """Return the facts in words, one line a fact."""
        return "\n".join(f"{key}: {_plain(value)}" for key, value in facts.items() if value not in (None, "", [], {}))

    def handle(self, *args: Any, **options: Any) -> None:
        as_json = options.pop("json")
        try:
            facts = self.run(**options)
        except DomainError as error:
            self._fail(error, as_json=as_json)
        if as_json:
            self.stdout.write(json.dumps(facts, ensure_ascii=False, default=str))
        else:
            self.stdout.write(self.describe(facts))

    def _fail(self, error: DomainError, *, as_json: bool) -> None:
        if as_json:
            body = {"id": error.id, "message": error.text(), "hint": error.advice()}
            self.stdout.write(json.dumps({"error": body}, ensure_ascii=False))
        self.stderr.write(f"{error.id}: {error.words()}")
        sys.exit(FAILED)


class WrongUse(CommandError):
    """Arguments that name nothing, or contradict each other."""

    def __init__(self, message: str) -> None:
        super().__init__(message, returncode=WRONG_USE)


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
