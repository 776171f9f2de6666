"""The attempts of a job, with what the runner saw of each in words."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from common import numbers
from executors.models import Job
from executors.runners.base import Cause

CAUSES: dict[str, str | Promise] = {
    Cause.FINISHED: gettext_lazy("the program ended well"),
    Cause.EXIT_CODE: gettext_lazy("the program ended with an error"),
    Cause.OUT_OF_MEMORY: gettext_lazy("the memory ran out"),
    Cause.TIME_LIMIT: gettext_lazy("the time limit was reached"),
    Cause.KILLED: gettext_lazy("the program was stopped"),
}


def of(job: Job) -> list[dict[str, Any]]:
    """Return the attempts of a job in order, each with its facts in words; one query."""
    return [{"attempt": each, "words": list(_words(each.facts))} for each in job.attempts.all()]


def _words(facts: Mapping[str, Any]) -> Iterator[str]:
    if cause := CAUSES.get(facts.get("cause", "")):
        yield str(cause)
    if facts.get("exit_code"):
        yield _("exit code {number}").format(number=facts["exit_code"])
    if facts.get("oom_killed") and facts.get("cause") != Cause.OUT_OF_MEMORY:
        yield str(CAUSES[Cause.OUT_OF_MEMORY])
    seconds = _seconds(facts.get("started_at"), facts.get("finished_at"))
    if seconds is not None:
        yield _("ran {time}").format(time=numbers.duration(seconds))


def _seconds(began: str | None, ended: str | None) -> float | None:
    if not began or not ended:
        return None
    return max(0.0, (datetime.fromisoformat(ended) - datetime.fromisoformat(began)).total_seconds())
