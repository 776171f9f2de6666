"""A network trained once on toy scenes, for all tests that need one."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
import scenes

from detector.__main__ import main


@pytest.fixture(scope="session", autouse=True)
def _calm_threads() -> None:
    os.environ["OMP_WAIT_POLICY"] = "PASSIVE"


@pytest.fixture(scope="session")
def run() -> Callable[[Path], int]:
    """Run the executor over an env.yaml in this process; returns its exit status."""

    def start(env: Path) -> int:
        os.environ["DEFAULT_ENV_FILE_PATH"] = str(env)
        return main()

    return start


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory, run: Callable[[Path], int]) -> Path:
    """The work folder of a finished training."""
    work = tmp_path_factory.mktemp("trained")
    assert run(scenes.training_env(work)) == 0
    return work
