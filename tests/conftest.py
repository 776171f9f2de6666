"""The site that the tests of flows and pages share: started once a session, with the sample project in it."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.installation import ROOT, Answer, Installation, free_port


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """A running site; YMIR_TEST_SITE=STATE_FOLDER:PORT names one to use and leave running, for quick repetition."""
    if given := os.environ.get("YMIR_TEST_SITE"):
        folder, _colon, port = given.rpartition(":")
        yield Installation(Path(folder), int(port))
        return
    made = Installation(tmp_path_factory.mktemp("site"), free_port())
    try:
        started = made.launcher("start")
        assert started.returncode == 0, started.stdout + started.stderr
        yield made
    finally:
        made.launcher("remove")


@pytest.fixture(scope="session")
def demo(site: Installation) -> Answer:
    """What `quickstart --quick --rounds 1` said: the sample project has gone once round the loop, both arms."""
    if not list(ROOT.glob(".venv-executor/lib/python*/site-packages/torch")):
        pytest.skip("the detector's environment (.venv-executor) has no PyTorch; `make demo` installs it")
    return site.done("quickstart", "--quick", "--rounds", "1")
