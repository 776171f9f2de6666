"""Make the sample project and take its loop round: what `make demo` calls."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from accounts import services as accounts
from common.commands import WrongUse, YmirCommand
from common.progress_line import ProgressLine
from iterations.services import quickstart


class Command(YmirCommand):
    help = (
        "Make a sample project (or one of your own VOC or COCO data), run the initial training and two rounds with a "
        "random-choice control, and print how accuracy grew. Labels come from a simulated annotator: the held-back "
        "ground truth. Call it again to go on after an interruption."
    )

    example = "quickstart --data /data/smears.zip --rounds 3"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--data", type=Path, help="a VOC or COCO folder or zip (default: drawn scenes)")
        parser.add_argument("--rounds", type=int, default=2, help="rounds after the initial training (default: 2)")
        parser.add_argument("--top-k", type=int, help="assets to label each round (default: as many as at the start)")
        parser.add_argument("--seed", type=int, default=1, help="another number splits otherwise (default: 1)")
        parser.add_argument("--quick", action="store_true", help="a tenth of everything: shows that all of it works")

    def run(
        self, *, data: Path | None, rounds: int, top_k: int | None, seed: int, quick: bool, **options: Any
    ) -> dict[str, Any]:
        if data is not None and not data.exists():
            raise WrongUse(f"{data} does not exist.")
        progress = ProgressLine(self.stderr.write)
        project = quickstart.run(
            by=accounts.acting_user(),
            data=data.resolve() if data else None,
            round_count=rounds,
            top_k=top_k,
            seed=seed,
            report=progress,
            scale=quickstart.QUICK if quick else quickstart.FULL,
        )
        progress.end()
        rows = quickstart.table(project)
        return {
            "project": project.name,
            "id": project.pk,
            "address": project.get_absolute_url(),
            "seconds": round(progress.seconds, 1),
            "rounds": [
                {"round": row.number, "labeled": row.labeled, "mined": row.mined, "random": row.random} for row in rows
            ],
        }

    def describe(self, facts: dict[str, Any]) -> str:
        lines = [
            f"{facts['project']} · simulated annotator (held-back ground truth) · test set never trained on",
            "",
            f"{'round':>5}  {'labeled':>7}   {'mined':^17}   {'random':^17}",
            f"{'':>5}  {'images':>7}   {'mAP@.5':>7} {'@[.5:.95]':>9}   {'mAP@.5':>7} {'@[.5:.95]':>9}",
        ]
        lines += [
            f"{row['round']:>5}  {row['labeled']:>7}   {_pair(row['mined'])}   {_pair(row['random'])}"
            for row in facts["rounds"]
        ]
        return "\n".join([*lines, ""])


def _pair(pair: tuple[float, float] | None) -> str:
    return f"{pair[0]:7.3f} {pair[1]:9.3f}" if pair else f"{'–':>7} {'–':>9}"
