"""Train a model."""

from argparse import ArgumentParser
from typing import Any

from accounts import services as accounts
from datasets.services import versions
from executors.models import Job
from executors.services import images
from models import commands
from models.commands import RunCommand
from models.models import ModelVersion
from models.services import registry, training
from projects import services as projects


class Command(RunCommand):
    help = "Train the next version of a model on a dataset version; --start names a version to go on from."

    example = (
        "train --project Smears --name smear-net --image detector --training smear-train@2 --validation smear-val@1 "
        "--set epochs=40 batch_size=8 --wait"
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--name", "--model", required=True, metavar="NAME", help="the model that gets a new version"
        )
        parser.add_argument("--training", required=True, metavar="NAME@VERSION", help="what to learn from")
        parser.add_argument("--validation", required=True, metavar="NAME@VERSION", help="what to judge by meanwhile")
        parser.add_argument("--start", default="", metavar="NAME@VERSION", help="go on from its recommended checkpoint")
        parser.add_argument("--message", default="", help="what the version is for, kept with it")

    def submit(self, *args: Any, project: str, name: str, image: str, **options: Any) -> Job:
        config = commands.overrides(options["overrides"])
        found = projects.find(project)
        return training.submit(
            project=found,
            name=name,
            image=images.resolve(image),
            training=versions.resolve(found, options["training"]),
            validation=versions.resolve(found, options["validation"]),
            config=config,
            parent=commands.checkpoint(found, options["start"]) if options["start"] else None,
            gpu_count=options["gpus"],
            message=options["message"],
            by=accounts.acting_user(),
        )

    def result(self, job: Job) -> dict[str, Any]:
        return registry.facts(ModelVersion.objects.for_list().get(job=job))
