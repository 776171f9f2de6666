"""Write a dataset version to a folder or zip."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from common.commands import YmirCommand
from datasets.services import exports, versions
from projects import services as projects


class Command(YmirCommand):
    help = "Write a dataset version in a common format to a folder, or to a zip when PATH ends in .zip."
    example = "export_dataset --project Smears smear-train@2 --format coco /tmp/smear-train.zip"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--project", required=True, help="name or number of the project")
        parser.add_argument("version_ref", metavar="NAME@VERSION", help="what to write; NAME alone is the newest")
        parser.add_argument("--format", choices=exports.FORMATS, required=True, help="how annotations are written")
        parser.add_argument("--annotations-only", action="store_true", help="leave the images out")
        parser.add_argument("--wait", action="store_true", help="changes nothing: an export is written before it ends")
        parser.add_argument("path", type=Path, metavar="PATH", help="a folder or zip that does not exist yet")

    def run(self, *, project: str, version_ref: str, path: Path, **options: Any) -> dict[str, Any]:
        version = versions.resolve(projects.find(project), version_ref)
        exports.write(
            version=version,
            format=options["format"],
            destination=path,
            with_images=not options["annotations_only"],
        )
        return {
            "version": version.ref,
            "format": options["format"],
            "path": str(path),
            "asset_count": version.asset_count,
        }
