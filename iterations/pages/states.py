"""Where steps stand, in words."""

from django.utils.translation import gettext as _

from executors.models import Job
from iterations.selectors import StepView
from iterations.steps import State


def words(state: State) -> str:
    """Say where a step stands."""
    return {
        State.OPEN: _("to do"),
        State.PENDING: _("queued"),
        State.RUNNING: _("running"),
        State.FAILED: _("failed"),
        State.CANCELED: _("stopped"),
        State.DONE: _("done"),
        State.SKIPPED: _("skipped"),
    }[state]


def of_step(step: StepView) -> str:
    """Say where a step stands; of one that runs, what its job is at and how far: running, 61 %."""
    if step.state is not State.RUNNING or step.job is None:
        return words(step.state)
    phases = {
        Job.Phase.QUEUE: _("starting"),
        Job.Phase.PREPARE: _("preparing"),
        Job.Phase.EXECUTE: _("running"),
        Job.Phase.COLLECT: _("collecting the result"),
    }
    return phases.get(Job.Phase(step.job.phase), words(step.state))
