"""Tell which containers and processes of jobs there are on this host."""

from typing import Any

from common.commands import YmirCommand
from executors.services import running


class Command(YmirCommand):
    help = "List the containers and processes of this host that run a job, or have ended and are not collected yet."
    example = "list_runs --json"

    def run(self, **options: Any) -> dict[str, Any]:
        return {"runs": [run for runner in running.reachable() for run in running.owned(runner)]}

    def describe(self, facts: dict[str, Any]) -> str:
        if not facts["runs"]:
            return "No job runs on this host."
        return "\n".join(f"{run['name']}  {run['runner']}  job {run['job']}  {run['state']}" for run in facts["runs"])
