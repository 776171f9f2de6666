"""Runs suites of tests one after the other and ends with one line that adds them up, as pytest words it.

run_tests.py [--jobs N] SUITE… [--paths PATH…]
"""

import argparse
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ET
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DETECTOR = ROOT / "executors" / "images" / "detector"
NOTHING_COLLECTED = 5


@dataclass(frozen=True)
class Suite:
    """One run of pytest: its marker expression, its folder and its interpreter."""

    markers: str
    folder: Path = ROOT
    python: Path = ROOT / ".venv" / "bin" / "python"
    parallel: bool = False


SUITES = {
    "fast": Suite("not docker and not browser and not slow and not gpu", parallel=True),
    "slow": Suite("slow and not docker and not browser and not gpu"),
    "site": Suite("(slow or browser) and not docker and not gpu"),  # one session: they share a site with a demo in it
    "docker": Suite("docker and not browser and not gpu"),
    "browser": Suite("browser and not gpu"),
    "detector": Suite("not gpu", folder=DETECTOR, python=ROOT / ".venv-executor" / "bin" / "python"),
}


def run(name: str, jobs: str, paths: list[str], report: Path) -> tuple[int, Counter[str]]:
    """Run one suite; return pytest's exit code and the counts by outcome."""
    suite = SUITES[name]
    command = [str(suite.python), "-m", "pytest", "-q", "-m", suite.markers, f"--junitxml={report}", *paths]
    if suite.parallel:
        command += ["-n", jobs, "--dist", "worksteal"]
    print(f"--- {name}", flush=True)
    code = subprocess.run(command, cwd=suite.folder, check=False).returncode
    return (0 if code == NOTHING_COLLECTED else code), _counts(report)


def _counts(report: Path) -> Counter[str]:
    if not report.exists():
        return Counter(error=1)
    counts: Counter[str] = Counter()
    for case in ET.parse(report).iter("testcase"):
        outcome = next((child.tag for child in case if child.tag in {"failure", "error", "skipped"}), "passed")
        counts[{"failure": "failed"}.get(outcome, outcome)] += 1
    return counts


def main() -> int:
    """Run the suites asked for; 0 only when every one passed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--jobs", default="auto")
    parser.add_argument("suites", nargs="+", choices=SUITES)
    parser.add_argument("--paths", nargs="*", default=[])
    options = parser.parse_args()
    started = time.monotonic()
    total: Counter[str] = Counter()
    failed = []
    with tempfile.TemporaryDirectory() as folder:
        for name in options.suites:
            code, counts = run(name, options.jobs, options.paths, Path(folder) / f"{name}.xml")
            total += counts
            if code:
                failed.append(name)
    print(f"Failed: {', '.join(failed)}" if failed else f"All passed: {', '.join(options.suites)}")
    words = [f"{total[kind]} {kind}" for kind in ("failed", "passed", "skipped", "error") if total[kind]]
    print(f"===== {', '.join(words) or 'no tests ran'} in {time.monotonic() - started:.2f}s =====")
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main())
