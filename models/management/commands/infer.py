"""Let a model look at a dataset version."""

from argparse import ArgumentParser
from typing import Any

from accounts import services as accounts
from datasets.services import versions
from executors.models import Job
from executors.services import images
from models import commands
from models.commands import RunCommand
from models.models import Prediction
from models.services import inference, registry
from projects import services as projects


class Command(RunCommand):
    help = "Let a model look at a dataset version; --evaluate judges what it finds against the ground truth."
    example = "infer --project Smears --image detector --model smear-net@2 --dataset smear-test@1 --evaluate --wait"

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--model", required=True, metavar="NAME@VERSION", help="its recommended checkpoint looks")
        parser.add_argument("--dataset", required=True, metavar="NAME@VERSION", help="where to look")
        parser.add_argument("--evaluate", action="store_true", help="judge it against the ground truth")

    def submit(self, *args: Any, project: str, image: str, **options: Any) -> Job:
        config = commands.overrides(options["overrides"])
        found = projects.find(project)
        return inference.submit(
            project=found,
            image=images.resolve(image),
            checkpoint=commands.checkpoint(found, options["model"]),
            dataset_version=versions.resolve(found, options["dataset"]),
            config=config,
            gpu_count=options["gpus"],
            evaluate=options["evaluate"],
            by=accounts.acting_user(),
        )

    def result(self, job: Job) -> dict[str, Any]:
        return registry.prediction_facts(Prediction.objects.get(job=job))
