"""Make the first superuser, once."""

import os
from argparse import ArgumentParser
from typing import Any

from accounts import services
from common.commands import YmirCommand


class Command(YmirCommand):
    help = (
        "Make the first superuser when there is none, with the password of FIRST_ADMIN_PASSWORD; without it, one is "
        "made up and printed. Where there is a superuser nothing happens."
    )
    example = "ensure_admin --username anna"

    def add_arguments(self, parser: ArgumentParser) -> None:
        name = os.environ.get("FIRST_ADMIN", "admin")
        parser.add_argument("--username", default=name, help=f"name of the superuser to make (default: {name})")

    def run(self, *, username: str, **options: Any) -> dict[str, Any]:
        admin, password = services.ensure_admin(username=username, password=os.environ.get("FIRST_ADMIN_PASSWORD", ""))
        return {"username": admin.get_username(), "password": password}
