"""Start a project."""

from argparse import ArgumentParser
from typing import Any

from accounts import services as accounts
from common.commands import YmirCommand
from labels.services import split_names
from projects import services
from projects.models import ObjectType


class Command(YmirCommand):
    help = "Create a project with its classes. It belongs to one person, who may then add others as members."
    example = "create_project Smears --classes RBC,WBC,Platelets --owner anna"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", metavar="NAME", help="what the project is called")
        parser.add_argument("--classes", default="", help="class names, separated by commas (default: none)")
        parser.add_argument(
            "--object-type",
            type=int,
            choices=ObjectType.values,
            default=ObjectType.DETECTION.value,
            help="what its models find: 2 boxes, 3 areas, 4 outlines of each object (default: 2)",
        )
        parser.add_argument("--description", default="", help="what the project is for")
        parser.add_argument("--owner", default="", help="user name (default: the first superuser)")

    def run(
        self, *, name: str, classes: str, object_type: int, description: str, owner: str, **options: Any
    ) -> dict[str, Any]:
        project = services.create(
            name=name,
            classes=split_names(classes),
            object_type=object_type,
            description=description,
            by=accounts.acting_user(owner),
        )
        return {"project": project.name, "id": project.pk, "classes": services.class_names(project)}
