"""Judge a prediction."""

from argparse import ArgumentParser
from typing import Any

from accounts import services as accounts
from executors.commands import JobCommand
from executors.models import Job
from models.models import Evaluation
from models.services import evaluation, registry
from projects import services as projects


class Command(JobCommand):
    help = "Judge a prediction against the ground truth of the dataset version that it was made on: mAP, per class too."
    example = "evaluate --project Smears 12 --wait"

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "prediction", type=int, metavar="PREDICTION_ID", help="its number, as infer --wait prints it"
        )

    def submit(self, *args: Any, project: str, prediction: int, **options: Any) -> Job:
        found = registry.prediction(projects.find(project), prediction)
        return evaluation.submit(prediction=found, by=accounts.acting_user())

    def result(self, job: Job) -> dict[str, Any]:
        return registry.evaluation_facts(Evaluation.objects.get(job=job))
