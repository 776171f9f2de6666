"""Remove files that nothing refers to."""

import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings

from common.commands import YmirCommand
from ymir_site import garbage

HOUR = 3600.0


class Command(YmirCommand):
    help = "Remove files of the data root that no version, model, prediction or job refers to."
    example = "collect_garbage --dry-run"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="only say what would go")
        parser.add_argument(
            "--older-than", type=float, default=24.0, metavar="HOURS", help="what is younger stays (default: 24)"
        )

    def run(self, *, dry_run: bool, older_than: float, **options: Any) -> dict[str, Any]:
        root = Path(settings.YMIR_DATA_ROOT)
        candidates = garbage.find(root, older_than=older_than * HOUR, now=time.time())
        found = [each for each in candidates if dry_run or garbage.remove(each)]
        return {
            "dry_run": dry_run,
            "count": len(found),
            "bytes": sum(each.bytes for each in found),
            "kinds": garbage.by_kind(found),
            "paths": [str(each.path.relative_to(root)) for each in found],
        }
