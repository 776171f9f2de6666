"""Runs one job: prepare → execute → collect → finish.

    claim ──> lease GPUs ──> adopt the run that is there, or prepare and start one ──> watch ──> collect ──> final state
                 │ none free                                                             │ canceled, killed, failed
                 └──> back into the queue                                                └──> collect what is there

Any step may happen twice, because a worker can die at any instant: the run is named after the job, and kinds publish a
result once. The final state is written before the container is removed, so that no instant exists in which both are
missing; what a death in between leaves behind is swept (services.orphans).
"""

import logging
import shutil
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from common.errors import DomainError
from common.wording import Wording
from executors import kinds
from executors.contract import metrics, monitor, outbox
from executors.contract.layout import WorkDir
from executors.kinds import JobContext, JobKind
from executors.models import ExecutorImage, Job
from executors.runners.base import EngineUnavailableError, Runner, RunnerError, RunOutcome, RunSpec, RunState
from executors.services import failures, gpus, jobs, queues, running
from executors.services.heartbeats import Heart, JobCanceled, WorkerStopping

logger = logging.getLogger(__name__)
LONGEST_NOTE = 200
ENGINE_PATIENCE = 60.0
"""Seconds for which an engine may be away (it is being restarted) before a running job is given up."""
MEASURE_SECONDS = 5.0
"""Between two looks at how much a run has written."""
MEGABYTE = 1 << 20


def run(job_id: int, *, worker: str, on_heart: Callable[[Heart], None] | None = None) -> None:
    """Run a waiting job to its end; return at once when it is not waiting any more.

    Args:
        worker: `<host>:<process>`, for the record.
        on_heart: told of the job's heart, so that the worker can tell it when it must stop.
    """
    job = jobs.claim(job_id=job_id, worker=worker)
    if job is None:
        return
    if not kinds.is_known(job.kind):
        error = jobs.KindGone(kind=job.kind)
        jobs.fail(job, error_id=error.id, message=error.text(), hint=error.advice())
        return
    try:
        with Heart(job) as heart:
            if on_heart is not None:
                on_heart(heart)
            _Run(job, kinds.get(job.kind), heart).go()
    except jobs.FenceLost:
        logger.info("job %s: taken over by another worker", job.pk)


@dataclass
class _Run:
    """A claimed job in the hands of this worker."""

    job: Job
    kind: JobKind
    heart: Heart

    def __post_init__(self) -> None:
        self.work: WorkDir = running.work_dir(self.job)
        self.name = running.run_name(self.job)
        has_run = self.job.image is not None and type(self.kind).prepare is not JobKind.prepare
        self.runner: Runner | None = running.runner(self.job.image.runner) if has_run and self.job.image else None
        self.gpus: tuple[int, ...] = ()
        self.knows_of_shut = False

    def go(self) -> None:
        """Do the work and write how it ended.

        Raises:
            executors.services.jobs.FenceLost
        """
        try:
            self.heart.check()  # a stop that was asked for while it waited needs no GPU
            leased = gpus.lease(self.job)
            if leased is None:
                jobs.wait_for_resources(self.job, note=Wording(_("waits for a free GPU")))
                return
            self.gpus = leased
            self._work()
        except JobCanceled as stop:
            self._end_canceled(stop.mode)
        except failures.TooMuchOutput as error:
            self._end_overfull(error)
        except WorkerStopping:
            self._hand_back()
            return
        except jobs.FenceLost:
            raise
        except Exception as error:  # noqa: BLE001 -- whatever it is, the job must not stay open
            self._end_failed(error)
        self._clear()

    def _work(self) -> None:
        adopted = self._adopt(self.runner) if self.runner else None
        spec = None if adopted else self._prepare()
        outcome = adopted
        if self.runner and (adopted or spec):
            jobs.note_attempt(self.job, adopted=adopted is not None)
            outcome = self._execute(self.runner, spec)
            jobs.note_attempt(self.job, facts=outcome.facts())
            if not outcome.succeeded:
                self._end_unsuccessful(outcome, self._failure(outcome))
                return
            self.heart.heeds = {Job.Cancel.DISCARD}
        jobs.succeed(self.job, result=self._collect(outcome))

    def _adopt(self, runner: Runner) -> RunOutcome | None:
        """Take over a run that another worker started; of a run that may go on, an engine that starts is waited for."""
        began = time.monotonic()
        while True:
            try:
                return runner.adopt(self.name)
            except EngineUnavailableError:
                if self.job.phase != Job.Phase.EXECUTE or time.monotonic() - began > ENGINE_PATIENCE:
                    raise
            self.heart.check()
            time.sleep(settings.YMIR_POLL_SECONDS)

    def _prepare(self) -> RunSpec | None:
        self.heart.check()
        jobs.enter_phase(self.job, Job.Phase.PREPARE)
        self.work.create()
        spec = self.kind.prepare(self._context())
        if spec is None or self.job.image is None:
            return None
        is_container = self.job.image.runner == ExecutorImage.Runner.DOCKER
        image = (is_container and self.job.image.digest) or self.job.image.reference
        return replace(spec, name=self.name, image=image, job=str(self.job.pk), gpus=self.gpus)

    def _execute(self, runner: Runner, spec: RunSpec | None) -> RunOutcome:
        """Start the run, unless one was adopted, and watch it until it ends."""
        if spec is not None or self.job.phase != Job.Phase.EXECUTE:
            self.heart.check()
            jobs.enter_phase(self.job, Job.Phase.EXECUTE)
        if spec is not None:
            runner.start(spec)
        answered = measured = time.monotonic()
        while True:
            self.heart.check()
            try:
                outcome = runner.poll(self.name)
                runner.logs(self.name)
                answered = time.monotonic()
            except EngineUnavailableError:
                if time.monotonic() - answered > ENGINE_PATIENCE:
                    raise
            else:
                if outcome.state is not RunState.RUNNING:
                    self._refuse_too_much()  # in full: what its user had shut is open now
                    return outcome
            self._show_progress()
            if time.monotonic() - measured >= MEASURE_SECONDS:
                self._refuse_too_much()
                measured = time.monotonic()
            time.sleep(settings.YMIR_POLL_SECONDS)

    def _show_progress(self) -> None:
        seen = monitor.read(self.work.out_dir)
        if seen is not None:
            self.heart.report(seen.percent, seen.message.partition("\n")[0][:LONGEST_NOTE] if not seen.code else "")

    def _refuse_too_much(self) -> None:
        limit = settings.YMIR_JOB_OUT_MAX_MB
        if not limit:
            return
        usage = outbox.disk_usage(self.work.out_dir)
        if usage.shut and not self.knows_of_shut:
            logger.warning("job %s: shut folders in its output (%d) count at its end", self.job.pk, usage.shut)
            self.knows_of_shut = True
        if usage.size > limit * MEGABYTE:
            raise failures.TooMuchOutput(limit=limit)

    def _collect(self, outcome: RunOutcome | None) -> dict[str, Any]:
        self.heart.check()
        jobs.enter_phase(self.job, Job.Phase.COLLECT)
        return self.kind.collect(self._context(), outcome)

    def _context(self) -> JobContext:
        return JobContext(job=self.job, work=self.work, report=self.heart.report, gpus=self.gpus)

    def _failure(self, outcome: RunOutcome) -> DomainError:
        in_container = self.job.image is not None and self.job.image.runner == ExecutorImage.Runner.DOCKER
        return failures.of_outcome(outcome, self.work, in_container=in_container)

    def _end_unsuccessful(self, outcome: RunOutcome, error: DomainError) -> None:
        """The run failed: say why, and keep what it saved, where its kind can use that."""
        kept = self._collect_partial(outcome)
        jobs.fail(self.job, error_id=error.id, message=error.text(), hint=error.advice(), result=kept)

    def _end_overfull(self, error: failures.TooMuchOutput) -> None:
        """The run wrote too much: stop it, keep what can be used, and give the room back."""
        outcome = None
        with suppress(RunnerError):
            outcome = self._stop()
        self._end_unsuccessful(outcome or RunOutcome(RunState.MISSING), error)
        outbox.clear(self.work.out_dir, keep={monitor.FILE, metrics.FILE})

    def _end_failed(self, cause: Exception) -> None:
        """Something stopped us: end the run too."""
        error = failures.of_exception(cause)
        with suppress(RunnerError):
            self._stop()
        jobs.fail(self.job, error_id=error.id, message=error.text(), hint=error.advice())

    def _end_canceled(self, mode: Job.Cancel) -> None:
        outcome = None
        with suppress(RunnerError):
            outcome = self._stop()
        kept: dict[str, Any] = {}
        if mode == Job.Cancel.KEEP and outcome is not None:
            jobs.note_attempt(self.job, facts=outcome.facts())
            kept = self._collect_partial(outcome)
        jobs.finish_canceled(self.job, result=kept)

    def _collect_partial(self, outcome: RunOutcome) -> dict[str, Any]:
        """Collect what a run saved before it ended; nothing usable is no second failure.

        The job stays in the phase and at the progress at which it ended: that is what people want to see of it.
        """
        if not self.kind.keeps_partial or outcome.started_at is None:
            return {}
        self.heart.heeds = set()
        context = replace(self._context(), partial=True, report=self._go_on)
        try:
            return self.kind.collect(context, outcome)
        except jobs.FenceLost:
            raise
        except Exception as error:  # noqa: BLE001 -- the job's own failure counts more
            logger.info("job %s: nothing to keep (%s)", self.job.pk, error)
            return {}

    def _go_on(self, _share: float, _note: str = "") -> None:
        self.heart.check()

    def _stop(self) -> RunOutcome | None:
        """Stop the run, if there is one, with its log complete."""
        if self.runner is None:
            return None
        outcome = self.runner.stop(self.name)
        self.runner.logs(self.name)
        return None if outcome.state is RunState.MISSING else outcome

    def _hand_back(self) -> None:
        """The worker must end: containers go on and are adopted; a process of this host ends, and resumes later."""
        is_process = self.job.image is not None and self.job.image.runner == ExecutorImage.Runner.PROCESS
        # One that has ended already is left to be collected by the next worker.
        if is_process and self.runner and self.runner.poll(self.name).state is RunState.RUNNING:
            self.runner.stop(self.name)
            self.runner.remove(self.name)
        jobs.wait_for_resources(self.job, note=Wording(_("waits for a worker")))
        jobs.send(self.job)

    def _clear(self) -> None:
        """Remove the container and what was staged; the log, the curves and the configuration stay."""
        if self.runner is not None:
            with suppress(RunnerError):
                self.runner.remove(self.name)
        for folder in (self.work.assets_dir, self.work.annotations_dir, self.work.weights_dir):
            if folder.is_symlink():
                folder.unlink()
            shutil.rmtree(folder, ignore_errors=True)
        if self.job.state != Job.State.FAILED:
            shutil.rmtree(self.work.out_dir / "models", ignore_errors=True)
        if self.job.gpu_count:
            queues.send_forgotten(timezone.now())
