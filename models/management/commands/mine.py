"""Choose the assets worth labeling."""

from argparse import ArgumentParser
from typing import Any

from accounts import services as accounts
from datasets.models import DatasetVersion
from datasets.services import versions
from executors.models import Job
from executors.services import images
from models import commands
from models.commands import RunCommand
from models.services import mining
from projects import services as projects


class Command(RunCommand):
    help = "Let a model choose the assets of a dataset version that are worth labeling; they become a dataset version."

    example = (
        "mine --project Smears --name mined --image detector --model smear-net@2 --dataset pool@1 --top-k 24 --wait"
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--name", required=True, help="the dataset that gets a new version")
        parser.add_argument("--model", required=True, metavar="NAME@VERSION", help="its recommended checkpoint looks")
        parser.add_argument("--dataset", required=True, metavar="NAME@VERSION", help="where to look")
        parser.add_argument("--top-k", type=int, required=True, help="how many assets to choose")
        parser.add_argument("--message", default="", help="what the version is for, kept with it")

    def submit(self, *args: Any, project: str, name: str, image: str, **options: Any) -> Job:
        config = commands.overrides(options["overrides"])
        found = projects.find(project)
        return mining.submit(
            project=found,
            name=name,
            image=images.resolve(image),
            checkpoint=commands.checkpoint(found, options["model"]),
            candidates=versions.resolve(found, options["dataset"]),
            top_k=options["top_k"],
            config=config,
            gpu_count=options["gpus"],
            message=options["message"],
            by=accounts.acting_user(),
        )

    def result(self, job: Job) -> dict[str, Any]:
        return versions.facts(DatasetVersion.objects.select_related("dataset", "dataset__project").get(job=job))
