"""Register an executor image."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings

from accounts import services as accounts
from common.commands import YmirCommand
from executors.commands import follow
from executors.models import ExecutorImage, Job
from executors.services import images


class Command(YmirCommand):
    help = (
        "Register an executor image: a worker pulls it where it is missing and reads what it can do. REFERENCE is as "
        "for docker pull, or the name of an executor that comes with YMIR (detector)."
    )

    example = "add_image ymir/detector:latest --name Detector --wait"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "reference", metavar="REFERENCE", help="such as ymir/detector:1, or detector for the one that comes along"
        )
        parser.add_argument("--name", default="", help="as people see it (default: the reference)")
        parser.add_argument(
            "--runner",
            choices=ExecutorImage.Runner.values,
            help="(default: docker; for what comes with YMIR, as YMIR_RUNNER says)",
        )
        parser.add_argument("--network", action="store_true", help="let its containers use the network")
        parser.add_argument("--root", action="store_true", help="let its containers run as root")
        parser.add_argument("--wait", action="store_true", help="wait until it is inspected")

    def run(
        self, *, reference: str, name: str, runner: str | None, network: bool, root: bool, wait: bool, **options: Any
    ) -> dict[str, Any]:
        by = accounts.acting_user()
        job: Job | None
        if runner is None and (Path(settings.YMIR_IMAGES_DIR) / reference).is_dir():
            image, job = images.add_shipped(reference, by=by)
        else:
            image, job = images.add(
                reference=reference,
                runner=runner or ExecutorImage.Runner.DOCKER,
                name=name,
                network_allowed=network,
                root_allowed=root,
                by=by,
            )
        if wait and job is not None:
            follow(job, self.stderr.write)
            image.refresh_from_db()
        return {
            "image": image.name,
            "id": image.pk,
            "reference": image.reference,
            "runner": image.runner,
            "state": image.state,
            "tasks": sorted(set(image.templates.values_list("task", flat=True))),
            "job": job.pk if job else None,
        }
