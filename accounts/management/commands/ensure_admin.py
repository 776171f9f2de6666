"""Make the first superuser, once."""

import os
from argparse import ArgumentParser
from typing import Any

from accounts import services
from common.commands import YmirCommand


class Command(YmirCommand):
    help = "Make the first superuser when there is none; prints the password if it was generated."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--username", default=os.environ.get("FIRST_ADMIN", "admin"))

    def run(self, *, username: str, **options: Any) -> dict[str, Any]:
        admin, password = services.ensure_admin(username=username, password=os.environ.get("FIRST_ADMIN_PASSWORD", ""))
        return {"username": admin.get_username(), "password": password}
