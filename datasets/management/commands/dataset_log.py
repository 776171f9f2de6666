"""Show how a dataset came to be."""

from argparse import ArgumentParser
from typing import Any

from common.commands import YmirCommand
from datasets.services import versions
from projects import services as projects


class Command(YmirCommand):
    help = "List the versions of a dataset, newest first: what each holds, what it was made of and why."
    example = "dataset_log --project Smears smear-train"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--project", required=True, help="name or number of the project")
        parser.add_argument("name", metavar="NAME", help="the dataset")

    def run(self, *, project: str, name: str, **options: Any) -> dict[str, Any]:
        newest = versions.resolve(projects.find(project), name)
        return {
            "dataset": newest.dataset.name,
            "versions": [versions.facts(each) for each in versions.log(newest.dataset)],
        }

    def describe(self, facts: dict[str, Any]) -> str:
        return "\n".join(_line(each) for each in facts["versions"])


def _line(facts: dict[str, Any]) -> str:
    parents = f" ← {', '.join(facts['parents'])}" if facts["parents"] else ""
    message = f"  {facts['message']}" if facts["message"] else ""
    return (
        f"{facts['ref']}  {facts['content_id'][:12]}  {facts['operation']}{parents}  "
        f"{facts['asset_count']} assets, {facts['annotation_count']} annotations{message}"
    )
