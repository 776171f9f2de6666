"""Start a project."""

from argparse import ArgumentParser
from typing import Any

from accounts import services as accounts
from common.commands import YmirCommand
from labels.services import split_names
from projects import services


class Command(YmirCommand):
    help = "Create a project with its classes; it belongs to --owner (the first superuser if not given)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name")
        parser.add_argument("--classes", default="", help="class names, separated by commas")
        parser.add_argument("--description", default="")
        parser.add_argument("--owner", default="", help="user name")

    def run(self, *, name: str, classes: str, description: str, owner: str, **options: Any) -> dict[str, Any]:
        project = services.create(
            name=name, classes=split_names(classes), description=description, by=accounts.acting_user(owner)
        )
        return {"project": project.name, "id": project.pk, "classes": services.class_names(project)}
