"""From nothing to a project whose loop has gone round: what `make demo` runs.

Each stage looks for what an earlier, interrupted call has made, so that calling again goes on from there.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User

from datasets.models import DatasetVersion
from datasets.scenes.sets import SceneCounts, write_scenes
from datasets.services import imports, operations
from executors.models import ExecutorImage, Job
from executors.services import images, jobs
from iterations import selectors
from iterations.models import Arm, Iteration, LoopSettings
from iterations.services import rounds
from iterations.services import settings as loop_settings
from iterations.steps import UNDER_WAY, Step
from projects import services as projects
from projects.models import Project

logger = logging.getLogger(__name__)
Report = Callable[[str, float | None], None]
"""Told what is being done, and the share done (0..1) or None."""

SAMPLE_NAME = "Workbench parts"
VALIDATION_SHARE, TEST_SHARE, INITIAL_SHARE = 0.15, 0.2, 0.1


@dataclass(frozen=True)
class Scale:
    """How much the demo does: pictures to draw, and the hyper-parameters of each training."""

    counts: SceneCounts
    training: dict[str, Any]


# Both arms train for as many epochs, not for as many minutes: a machine that is busy for a while must not decide which
# arm looks better. `max_minutes` only keeps a slow machine from taking all day.
FULL = Scale(
    SceneCounts(),
    {
        "epochs": 28,
        "max_minutes": 4.0,
        "batch_size": 8,
        "learning_rate": 0.01,
        "evaluations": 6,
        "flip_vertical": True,
    },
)
QUICK = Scale(
    SceneCounts(initial=12, pool=40, validation=12, test=16),
    {"max_minutes": 0.15, "epochs": 20, "batch_size": 4, "input_size": 160, "width": 0.5},
)
"""Proves in two minutes that everything works; its accuracy says nothing."""


@dataclass(frozen=True)
class Sets:
    """The dataset versions that the demo's loop starts from."""

    initial: DatasetVersion
    pool_truth: DatasetVersion
    validation: DatasetVersion
    testing: DatasetVersion


@dataclass(frozen=True)
class Row:
    """A line of the closing table: one round, both arms as (mAP@.5, mAP@[.5:.95])."""

    number: int
    labeled: int
    mined: tuple[float, float] | None
    random: tuple[float, float] | None


def run(
    *,
    by: User,
    data: Path | None,
    round_count: int,
    top_k: int | None,
    seed: int,
    report: Report,
    scale: Scale = FULL,
) -> Project:
    """Make the sample project (or one of the user's own `data`) and run its initial training and `round_count` rounds.

    Raises:
        DomainError: what a service refused, or executors.services.jobs.JobFailed.
    """
    image = _image(by, report)
    project = _project(data, by)
    if data is None:
        sets = _sets_of_sample(project, scale.counts, seed, by, report)
    else:
        sets = _sets_of_data(project, data, seed, by, report)
    _settle_loop(project, sets, image, scale.training, top_k, seed, by, report)
    for number in range(round_count + 1):
        for arm in (Arm.MINED, Arm.RANDOM) if number else (Arm.MINED,):
            _run_round(project, arm, number, by, report)
    return project


def table(project: Project) -> list[Row]:
    """Return the closing table from the learning curve."""
    points = {(point.number, point.arm): point for point in selectors.learning_curve(project)}
    rows = []
    for number in sorted({number for number, _arm in points}):
        mined, random = points.get((number, Arm.MINED)), points.get((number, Arm.RANDOM))
        known = mined or random
        rows.append(
            Row(
                number=number,
                labeled=known.labeled if known else 0,
                mined=(mined.map50, mined.map50_95) if mined else None,
                random=(random.map50, random.map50_95) if random else None,
            )
        )
    return rows


def _image(by: User, report: Report) -> ExecutorImage:
    report("Registering the detector", None)
    image, job = images.add_shipped("detector", by=by)
    if job is not None:
        _wait(job, report)
        image.refresh_from_db()
    return image


def _project(data: Path | None, by: User) -> Project:
    name = SAMPLE_NAME if data is None else data.stem
    found = Project.objects.active().filter(name=name, created_by=by).first()
    return found or projects.create(name=name, classes=[], by=by, is_sample=data is None)


def _sets_of_sample(project: Project, counts: SceneCounts, seed: int, by: User, report: Report) -> Sets:
    folder = Path(settings.YMIR_DATA_ROOT) / "samples" / f"workbench-{seed}-{counts.total}"
    if not (folder / "complete").exists():
        write_scenes(
            folder, seed=seed, counts=counts, on_written=lambda done, total: report("Drawing the scenes", done / total)
        )
    (folder / "complete").touch()  # young: no garbage while it is imported
    training = _import(project, "training", folder / "initial", by, report)
    found = {name: _import(project, name, folder / name, by, report) for name in ("validation", "test")}
    pool = _import(project, "pool-truth", folder / "pool_truth", by, report)
    return Sets(initial=training, pool_truth=pool, validation=found["validation"], testing=found["test"])


def _sets_of_data(project: Project, data: Path, seed: int, by: User, report: Report) -> Sets:
    """Split the user's own data: test, validation and a first training set by lot; the rest is the pool."""
    everything = _import(project, "all", data, by, report)
    taken: list[DatasetVersion] = []
    for name, share in (("test", TEST_SHARE), ("validation", VALIDATION_SHARE), ("training", INITIAL_SHARE)):
        rest = everything if not taken else _exclude(project, f"without-{name}", everything, taken, by, report)
        count = max(2, round(everything.asset_count * share))
        taken.append(_sample(project, name, rest, count, seed, by, report))
    testing, validation, initial = taken
    pool = _exclude(project, "pool-truth", everything, taken, by, report)
    return Sets(initial=initial, pool_truth=pool, validation=validation, testing=testing)


def _settle_loop(
    project: Project,
    sets: Sets,
    image: ExecutorImage,
    training: dict[str, Any],
    top_k: int | None,
    seed: int,
    by: User,
    report: Report,
) -> None:
    if loop_settings.loop_of(project).pool is not None:
        return
    pool = _existing(project, "pool") or _wait_version(
        operations.submit_prepare(
            project=project, name="pool", pool=sets.pool_truth, excluded=[], chunk=None, seed=seed, by=by
        ),
        report,
    )
    loop_settings.update(
        project=project,
        pool=pool,
        truth=sets.pool_truth,
        initial_training=sets.initial,
        validation=sets.validation,
        testing=sets.testing,
        image=image,
        training_config=training,
        annotator=LoopSettings.Annotator.SIMULATED,
        with_control=True,
        top_k=top_k or max(4, sets.initial.asset_count),
        seed=seed,
    )


def _run_round(project: Project, arm: Arm, number: int, by: User, report: Report) -> None:
    iteration = Iteration.objects.filter(project=project, arm=arm, number=number).first()
    if iteration is None:
        iteration = rounds.start_round(project=project, arm=arm, by=by)
    title = f"Round {number}, {arm.label}" if number else "Initial training"
    while True:
        view = selectors.round_view(iteration)
        step = view.current
        if step is None:
            return
        job = view.steps[step].job if view.states[step] in UNDER_WAY else _start(iteration, step, by)
        if job is not None:
            _wait(job, report, title)


def _start(iteration: Iteration, step: Step, by: User) -> Job:
    return rounds.start_step(iteration=iteration, kind=step, by=by)


def _existing(project: Project, name: str) -> DatasetVersion | None:
    found = DatasetVersion.objects.in_project(project).active().filter(dataset__name=name)
    return found.select_related("dataset").order_by("-number").first()


def _import(project: Project, name: str, source: Path, by: User, report: Report) -> DatasetVersion:
    return _existing(project, name) or _wait_version(
        imports.submit(project=project, name=name, source=source, unknown="add", by=by), report
    )


def _sample(
    project: Project, name: str, source: DatasetVersion, count: int, seed: int, by: User, report: Report
) -> DatasetVersion:
    return _existing(project, name) or _wait_version(
        operations.submit_sample(project=project, name=name, source=source, count=count, seed=seed, by=by), report
    )


def _exclude(
    project: Project,
    name: str,
    source: DatasetVersion,
    excluded: list[DatasetVersion],
    by: User,
    report: Report,
) -> DatasetVersion:
    return _existing(project, name) or _wait_version(
        operations.submit_exclude(project=project, name=name, source=source, excluded=excluded, by=by), report
    )


def _wait_version(job: Job, report: Report) -> DatasetVersion:
    _wait(job, report)
    return DatasetVersion.objects.select_related("dataset").get(job=job)


def _wait(job: Job, report: Report, title: str = "") -> None:
    def tell(current: Job) -> None:
        words = f"{title}: {current.title}" if title else current.title
        report(words, current.progress if current.phase == Job.Phase.EXECUTE else None)

    jobs.wait(job, on_progress=tell)
