"""Fixtures of the apps below, for tests of what knows them all."""

from datasets.tests.conftest import make_job, make_version

__all__ = ["make_job", "make_version"]
