"""Draw assets of a version by lot."""

from argparse import ArgumentParser
from typing import Any

from accounts import services as accounts
from common.commands import WrongUse
from datasets.commands import VersionCommand
from datasets.services import operations, versions
from executors.models import Job
from projects import services as projects


class Command(VersionCommand):
    help = "Make a new dataset version of assets drawn by lot, by number or share; the same seed draws the same."
    example = "sample_dataset --project Smears --name start pool@1 --count 60 --seed 7 --wait"

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("source", metavar="NAME@VERSION", help="the version to draw from")
        size = parser.add_mutually_exclusive_group(required=True)
        size.add_argument("--count", type=int, help="how many assets, at least 1")
        size.add_argument("--share", type=float, help="which share of the assets, over 0 and at most 1")
        parser.add_argument("--seed", type=int, default=1, help="0 or more; another number draws others (default: 1)")

    def submit(self, *, project: str, name: str, source: str, **options: Any) -> Job:
        count, share = options["count"], options["share"]
        if (count is not None and count < 1) or (share is not None and not 0 < share <= 1) or options["seed"] < 0:
            raise WrongUse("--count takes 1 or more, --share over 0 to 1, --seed 0 or more.")
        found = projects.find(project)
        return operations.submit_sample(
            project=found,
            name=name,
            source=versions.resolve(found, source),
            count=count,
            share=share,
            seed=options["seed"],
            message=options["message"],
            by=accounts.acting_user(),
        )
