"""What the management commands that start a run have in common."""

from argparse import ArgumentParser
from collections.abc import Sequence

from common.commands import WrongUse
from executors.commands import JobCommand
from models.models import Checkpoint
from models.services import registry
from projects.models import Project


class RunCommand(JobCommand):
    """A command whose job runs an executor image."""

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--image", required=True, help="reference or name of a registered executor image")
        parser.add_argument("--gpus", type=whole, default=0, help="GPUs to lease (default: 0)")
        parser.add_argument(
            "--set",
            nargs="+",
            action="extend",
            default=[],
            metavar="KEY=VALUE",
            dest="overrides",
            help="hyper-parameters that differ from the image's template",
        )


def whole(word: str) -> int:
    """Return a number that is not negative, for argparse, which tells what else is no such number."""
    number = int(word)
    if number < 0:
        raise ValueError(word)
    return number


def overrides(words: Sequence[str]) -> dict[str, str]:
    """Return hyper-parameters given as key=value; the contract reads the values in the template's types.

    Raises:
        WrongUse: a word has no = or no key, or two set the same key.
    """
    found: dict[str, str] = {}
    for word in words:
        key, equals, value = word.partition("=")
        if not equals or not key:
            raise WrongUse(f"--set takes KEY=VALUE, not {word!r}")
        if key in found:
            raise WrongUse(f"--set names {key} twice")
        found[key] = value
    return found


def checkpoint(project: Project, ref: str) -> Checkpoint:
    """Return the recommended checkpoint of the version named NAME or NAME@NUMBER.

    Raises:
        models.services.registry.ModelNotFound, NoCheckpoint
    """
    return registry.checkpoint_of(registry.resolve(project, ref))
