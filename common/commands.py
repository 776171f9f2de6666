"""The common form of YMIR's management commands: `--json`, refusals as exit code 1, wrong use as 2."""

import json
import sys
from argparse import ArgumentParser
from typing import Any, ClassVar, NoReturn

from django.core.management.base import BaseCommand, CommandError, CommandParser, DjangoHelpFormatter
from django.db import OperationalError, connection
from django.utils.translation import gettext_lazy as _
from redis.exceptions import ConnectionError as RedisConnectionError

from common.errors import DomainError

DONE, FAILED, WRONG_USE = 0, 1, 2
EXAMPLE = "example:\n "


class DatabaseUnreachable(DomainError):
    """Nothing can be read or written: the site's servers are stopped, or elsewhere."""

    id = "common.database_unreachable"
    status = 503
    message = _("The database of the site does not answer.")
    hint = _("Run “make start”, or look whether DATABASE_URL and REDIS_URL are right.")


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

    def execute(self, *args: Any, **options: Any) -> str | None:  # noqa: RET503 -- `fail` never returns
        """Run the command; servers that do not answer end it in one line."""
        try:
            return super().execute(*args, **options)
        except OperationalError:
            if _is_connected():
                raise
        except RedisConnectionError:
            pass
        self.fail(DatabaseUnreachable(), as_json=options.get("json", False))

    def fail(self, error: DomainError, *, as_json: bool) -> NoReturn:
        """Say what went wrong and end with exit code 1."""
        if as_json:
            body = {"id": error.id, "message": error.text(), "hint": error.advice()}
            self.stdout.write(json.dumps({"error": body}, ensure_ascii=False))
        self.stderr.write(f"{error.id}: {error.words()}")
        sys.exit(FAILED)


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
            self.fail(error, as_json=as_json)
        if as_json:
            self.stdout.write(json.dumps(facts, ensure_ascii=False, default=str))
        else:
            self.stdout.write(self.describe(facts))


class WrongUse(CommandError):
    """Arguments that name nothing, or contradict each other."""

    def __init__(self, message: str) -> None:
        super().__init__(message, returncode=WRONG_USE)


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def _is_connected() -> bool:
    """Tell whether there is a database at the other end: then the error was about something else."""
    return connection.connection is not None and not connection.connection.closed
