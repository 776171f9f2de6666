"""Commands that wait for a job which a person stops meanwhile."""

import pytest
from django.core.management import call_command, load_command_class

from executors import kinds
from executors.models import Job
from models.models import ModelVersion
from models.tests import builders
from models.tests.test_commands_models import SETS, TRAIN

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def admin(make_user):
    return make_user("root", is_superuser=True)


def stop(*, keep):
    """Stop the training that was asked for; keep what it has saved, or nothing."""
    job = Job.objects.get(state=Job.State.PENDING)
    result = {}
    if keep:
        ctx = builders.context(job, partial=True)
        builders.write_weights(ctx, {"best": 0.4})
        result = kinds.get(job.kind).collect(ctx, None)
    Job.objects.filter(pk=job.pk).update(state=Job.State.CANCELED, phase=Job.Phase.DONE, result=result)
    return job


@pytest.fixture
def wait_for(project, capsys):
    """Type `train --wait` for a training that is stopped while the command waits."""
    builders.trained(project)

    def train(*words, keep):
        command = load_command_class("models", "train")
        ask = command.submit

        def ask_and_stop(**options):
            ask(**options)
            return stop(keep=keep)

        command.submit = ask_and_stop
        code = 0
        try:
            call_command(command, *TRAIN[1:], *SETS, "--wait", *words)
        except SystemExit as ended:
            code = ended.code
        return code, capsys.readouterr()

    return train


def test_a_training_that_was_stopped_and_kept_is_done_and_named(wait_for):
    code, said = wait_for(keep=True)
    kept = ModelVersion.objects.latest("pk")
    assert (code, kept.is_partial) == (0, True)
    job = Job.objects.latest("pk")
    assert said.out.startswith(f"Job {job.pk} was stopped early; what it had reached is kept as {kept.ref}.\n")
    assert "recommended: best" in said.out


def test_machines_are_told_that_it_was_stopped(wait_for):
    code, said = wait_for("--json", keep=True)
    assert code == 0
    assert '"stopped_early": true' in said.out


def test_a_training_that_was_stopped_with_nothing_kept_is_a_failure(wait_for):
    code, said = wait_for(keep=False)
    assert code == 1
    assert "executors.job_failed" in said.err
    assert "stopped" in said.err
