"""Run the next round of a project's loop."""

from argparse import ArgumentParser
from typing import Any

from accounts import services as accounts
from common.commands import YmirCommand
from executors.commands import follow
from iterations import selectors
from iterations.models import Arm
from iterations.services import rounds
from iterations.steps import UNDER_WAY
from projects import services as projects


class Command(YmirCommand):
    help = (
        "Go on with a project's round under way, or start the next one: mine, label, merge, train. With --wait until "
        "it ends or needs a person."
    )
    example = "iterate --project Smears --wait"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--project", required=True, help="name or number of the project")
        parser.add_argument(
            "--arm",
            choices=Arm.values,
            default=Arm.MINED,
            help="whether a model chooses what is labeled, or chance, for comparison (default: mined)",
        )
        parser.add_argument("--wait", action="store_true", help="drive the round from here (default: workers do)")

    def run(self, *, project: str, arm: str, wait: bool, **options: Any) -> dict[str, Any]:
        found, by = projects.find(project), accounts.acting_user()
        open_rounds = [view for view in selectors.unfinished(found) if view.iteration.arm == arm]
        iteration = (
            open_rounds[0].iteration
            if open_rounds
            else rounds.start_round(project=found, by=by, arm=Arm(arm), automatic=not wait)
        )
        if wait:
            self._drive(iteration, by)
        else:
            rounds.set_automatic(iteration=iteration, automatic=True)
            rounds.advance(iteration=iteration, by=by)
        view = selectors.round_view(iteration)
        return {
            "project": found.name,
            "arm": iteration.arm,
            "round": iteration.number,
            "finished": view.is_finished,
            "steps": {kind.value: state.value for kind, state in view.states.items()},
            "model": view.model_version.ref if view.model_version else None,
            "mAP50": view.evaluation.map50 if view.evaluation else None,
            "mAP50_95": view.evaluation.map50_95 if view.evaluation else None,
        }

    def _drive(self, iteration: Any, by: Any) -> None:
        while True:
            view = selectors.round_view(iteration)
            step = view.current
            if step is None:
                return
            job = view.steps[step].job if view.states[step] in UNDER_WAY else None
            follow(job or rounds.start_step(iteration=iteration, kind=step, by=by), self.stderr.write)
