"""Name the datasets of a project."""

from argparse import ArgumentParser
from typing import Any

from common.commands import YmirCommand
from datasets import selectors
from datasets.services import versions
from projects import services as projects


class Command(YmirCommand):
    help = "List the datasets of a project with the newest version of each, the latest changed first."
    example = "list_datasets --project Smears"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--project", required=True, help="name or number of the project")

    def run(self, *, project: str, **options: Any) -> dict[str, Any]:
        found = list(selectors.dataset_list(projects.find(project)))
        newest = selectors.newest_versions(found)
        return {
            "datasets": [{"dataset": each.name, **_newest(versions.facts(newest[each.pk]))} for each in found],
        }

    def describe(self, facts: dict[str, Any]) -> str:
        lines = [
            f"{each['ref']}  {each['asset_count']} assets, {each['annotation_count']} annotations"
            for each in facts["datasets"]
        ]
        return "\n".join(lines) or "The project has no dataset yet; import_dataset makes one."


def _newest(newest: dict[str, Any]) -> dict[str, Any]:
    return {name: newest[name] for name in ("ref", "asset_count", "annotation_count")}
