"""Rounds: inputs follow from the round before; steps start in order, once, and again when they failed."""

from threading import Thread

import pytest
from django.db import connection
from django.urls import reverse

from datasets.models import DatasetVersion
from datasets.services import versions
from executors.models import Job
from executors.services import jobs
from iterations import selectors
from iterations.models import Arm, Iteration, LoopSettings
from iterations.services import rounds
from iterations.services import settings as loops
from iterations.steps import State, Step
from models.tests import builders
from projects import services as projects

pytestmark = pytest.mark.django_db(transaction=True)


def _finish(iteration, work_off, owner):
    while rounds.advance(iteration=iteration, by=owner) is not None:
        work_off()
    view = selectors.round_view(iteration)
    assert view.is_finished, view.states
    return view


@pytest.fixture
def first(loop, project, owner, work_off):
    """The initial training, done."""
    return _finish(rounds.start_round(project=project, by=owner), work_off, owner)


def test_the_first_round_is_the_initial_training(first, loop):
    assert first.iteration.number == 0
    assert set(first.steps) == {Step.TRAIN, Step.EVALUATE}
    assert first.model_version.training_version == loop.initial_training


def test_a_round_chooses_labels_merges_and_trains_again(first, loop, project, owner, work_off):
    view = _finish(rounds.start_round(project=project, by=owner), work_off, owner)
    made = {kind: step.dataset_version for kind, step in view.steps.items()}
    assert made[Step.PREPARE].asset_count == 10
    assert made[Step.MINE].asset_count == 3
    assert made[Step.MINE].annotation_count == 0
    assert made[Step.LABEL].annotation_count == 3
    assert made[Step.MERGE].asset_count == 4 + 3
    assert made[Step.MERGE].dataset == loop.initial_training.dataset
    assert view.model_version.training_version == made[Step.MERGE]
    assert view.model_version.parent == first.model_version


def test_the_next_round_does_not_choose_the_same_assets_again(first, project, owner, work_off):
    one = _finish(rounds.start_round(project=project, by=owner), work_off, owner)
    two = _finish(rounds.start_round(project=project, by=owner), work_off, owner)
    chosen = [set(versions.load(view.steps[Step.MINE].dataset_version).hex()) for view in (one, two)]
    assert not chosen[0] & chosen[1]
    assert two.training_version.asset_count == 4 + 3 + 3


def test_the_chunk_strategy_looks_at_new_candidates_each_round(first, project, owner, work_off):
    loops.update(project=project, strategy=LoopSettings.Strategy.CHUNK, chunk_size=4)
    one = _finish(rounds.start_round(project=project, by=owner), work_off, owner)
    two = _finish(rounds.start_round(project=project, by=owner), work_off, owner)
    seen = [set(versions.load(view.steps[Step.PREPARE].dataset_version).hex()) for view in (one, two)]
    assert [len(each) for each in seen] == [4, 4]
    assert not seen[0] & seen[1]


def test_the_free_strategy_looks_at_the_whole_pool_each_round(first, project, owner, work_off):
    loops.update(project=project, strategy=LoopSettings.Strategy.FREE)
    for _number in (1, 2):
        view = _finish(rounds.start_round(project=project, by=owner), work_off, owner)
        assert view.steps[Step.PREPARE].dataset_version.asset_count == 10


def test_the_control_chooses_by_lot_and_keeps_its_own_line(first, project, owner, work_off):
    _finish(rounds.start_round(project=project, by=owner), work_off, owner)
    control = _finish(rounds.start_round(project=project, by=owner, arm=Arm.RANDOM), work_off, owner)
    assert control.steps[Step.MINE].dataset_version.operation == DatasetVersion.Operation.SAMPLE
    assert control.training_version.dataset.name == "training-random"
    assert control.model_version.parent == first.model_version
    curve = selectors.learning_curve(project)
    assert [(point.arm, point.number, point.labeled) for point in curve] == [
        (Arm.MINED, 0, 4),
        (Arm.RANDOM, 0, 4),
        (Arm.MINED, 1, 7),
        (Arm.RANDOM, 1, 7),
    ]


def test_a_round_waits_for_the_one_before(loop, project, owner):
    rounds.start_round(project=project, by=owner)
    with pytest.raises(rounds.RoundUnfinished):
        rounds.start_round(project=project, by=owner)


def test_a_loop_without_its_sets_says_what_it_lacks(project, owner):
    with pytest.raises(loops.NotReady) as refusal:
        rounds.start_round(project=project, by=owner)
    assert "validation set" in refusal.value.text()
    assert not Iteration.objects.exists()


def test_one_version_cannot_have_two_roles(loop, project):
    with pytest.raises(loops.SetsOverlap):
        loops.update(project=project, validation=loop.testing)


def test_a_step_is_not_started_twice(loop, project, owner):
    iteration = rounds.start_round(project=project, by=owner)
    rounds.start_step(iteration=iteration, kind=Step.TRAIN, by=owner)
    with pytest.raises(rounds.StepNotNow):
        rounds.start_step(iteration=iteration, kind=Step.TRAIN, by=owner)
    assert Job.objects.filter(kind="models.train").count() == 1


def test_a_failed_step_stops_the_round_until_a_person_repeats_it(loop, project, owner, work_off):
    loops.update(project=project, training_config={"fails": True})
    iteration = rounds.start_round(project=project, by=owner, automatic=True)
    rounds.advance_automatic()
    work_off()
    assert selectors.round_view(iteration).states[Step.TRAIN] is State.FAILED
    assert rounds.advance_automatic() == 0
    loops.update(project=project, training_config={})
    rounds.start_step(iteration=iteration, kind=Step.TRAIN, by=owner)
    work_off()
    assert selectors.round_view(iteration).states[Step.TRAIN] is State.DONE


def test_an_automatic_round_goes_on_by_itself(loop, project, owner, work_off):
    iteration = rounds.start_round(project=project, by=owner, automatic=True)
    while rounds.advance_automatic():
        work_off()
    assert selectors.round_view(iteration).is_finished
    rounds.advance_automatic()
    iteration.refresh_from_db()
    assert not iteration.is_automatic


def test_a_refusal_stops_its_round_and_not_the_others(loop, project, owner):
    refused = rounds.start_round(project=project, by=owner, automatic=True)
    loops.update(project=project, validation=builders.version(project, "bare", {"v": [("nothing", 1, 2, 3, 4)]}))
    assert rounds.advance_automatic() == 0
    refused.refresh_from_db()
    assert not refused.is_automatic


def test_a_round_in_the_trash_rests(loop, project, owner):
    rounds.start_round(project=project, by=owner, automatic=True)
    projects.hide(project=project)
    assert rounds.advance_automatic() == 0


def test_people_label_and_attach_what_they_made(first, project, owner, work_off):
    loops.update(project=project, annotator=LoopSettings.Annotator.PEOPLE)
    iteration = rounds.start_round(project=project, by=owner)
    while rounds.advance(iteration=iteration, by=owner) is not None:
        work_off()
    assert selectors.round_view(iteration).current is Step.LABEL
    with pytest.raises(rounds.WaitsForPeople):
        rounds.start_step(iteration=iteration, kind=Step.LABEL, by=owner)
    annotated = builders.version(project, "annotated", {"p1": [("WBC", 1, 1, 9, 9)]})
    rounds.attach(iteration=iteration, kind=Step.LABEL, dataset_version=annotated)
    view = _finish(iteration, work_off, owner)
    assert view.training_version.asset_count == 5


def test_skipped_steps_hand_on_what_they_would_have_taken(first, project, owner, work_off):
    iteration = rounds.start_round(project=project, by=owner)
    for kind in (Step.PREPARE, Step.MINE, Step.LABEL):
        rounds.skip(iteration=iteration, kind=kind)
    view = _finish(iteration, work_off, owner)
    assert view.training_version.asset_count == 4 + 10
    with pytest.raises(rounds.StepNeeded):
        rounds.skip(iteration=iteration, kind=Step.MERGE)


def test_both_arms_start_or_none(first, project, owner, work_off):
    loops.update(project=project, with_control=True)
    rounds.start_rounds(project=project, by=owner, automatic=False)
    assert Iteration.objects.filter(project=project, number=1).count() == 2
    _finish(Iteration.objects.get(project=project, number=1, arm=Arm.MINED), work_off, owner)
    with pytest.raises(rounds.RoundUnfinished):
        rounds.start_rounds(project=project, by=owner, automatic=False)
    assert not Iteration.objects.filter(project=project, number=2).exists()


def test_a_job_of_a_round_is_repeated_in_the_round(loop, project, owner, work_off, as_user):
    loops.update(project=project, training_config={"fails": True})
    iteration = rounds.start_round(project=project, by=owner)
    job = rounds.start_step(iteration=iteration, kind=Step.TRAIN, by=owner)
    work_off()
    job.refresh_from_db()
    with pytest.raises(jobs.JobBelongs):
        jobs.retry(job=job, by=owner)
    page = as_user(owner).get(reverse("executors:job", args=[job.pk])).content.decode()
    assert reverse("iterations:detail", args=[iteration.pk]) in page


def test_what_a_round_made_is_named_by_it_in_the_readers_language(first, as_user, viewer, project):
    client, model = as_user(viewer), first.model_version
    assert model.message == ""
    address = reverse("models:version", args=[model.pk])
    assert "round 0" in client.get(address).content.decode()
    chinese = client.get(address, headers={"Accept-Language": "zh-hans"}).content.decode()
    assert "第 0 轮" in chinese
    assert "round 0" not in chinese


def test_a_round_that_a_later_one_builds_on_is_kept(first, project, owner, work_off):
    rounds.start_round(project=project, by=owner)
    with pytest.raises(rounds.StepNotNow):
        rounds.start_step(iteration=first.iteration, kind=Step.TRAIN, by=owner)
    rounds.start_step(iteration=first.iteration, kind=Step.EVALUATE, by=owner)


def test_training_is_not_repeated_once_the_next_round_has_begun(loop, project, owner, work_off):
    loops.update(project=project, testing=None)
    first = _finish(rounds.start_round(project=project, by=owner), work_off, owner)
    rounds.start_round(project=project, by=owner)
    with pytest.raises(rounds.RoundBehind):
        rounds.start_step(iteration=first.iteration, kind=Step.TRAIN, by=owner)


def test_only_labeled_assets_are_the_result_of_labeling(first, project, owner, work_off):
    loops.update(project=project, annotator=LoopSettings.Annotator.PEOPLE)
    iteration = rounds.start_round(project=project, by=owner)
    while rounds.advance(iteration=iteration, by=owner) is not None:
        work_off()
    bare = selectors.round_view(iteration).steps[Step.MINE].dataset_version
    with pytest.raises(rounds.NotLabeled):
        rounds.attach(iteration=iteration, kind=Step.LABEL, dataset_version=bare)
    # people looked, and found nothing on any of them: negatives are worth training on
    DatasetVersion.objects.filter(pk=bare.pk).update(operation=DatasetVersion.Operation.IMPORT)
    bare.refresh_from_db()
    rounds.attach(iteration=iteration, kind=Step.LABEL, dataset_version=bare)
    assert selectors.round_view(iteration).steps[Step.LABEL].dataset_version == bare


def test_a_page_that_waits_for_people_holds_still(first, project, owner, work_off, as_user):
    loops.update(project=project, annotator=LoopSettings.Annotator.PEOPLE)
    iteration = rounds.start_round(project=project, by=owner, automatic=True)
    while rounds.advance(iteration=iteration, by=owner) is not None:
        work_off()
    page = as_user(owner).get(reverse("iterations:detail", args=[iteration.pk])).content.decode()
    assert "Attach version" in page
    assert "every 2s" not in page


def test_two_people_who_press_at_once_start_one_step(loop, project, owner, editor):
    iteration = rounds.start_round(project=project, by=owner)
    outcomes: list[object] = []

    def press(user):
        try:
            outcomes.append(rounds.start_step(iteration=iteration, kind=Step.TRAIN, by=user))
        except rounds.StepNotNow as error:
            outcomes.append(error)
        finally:
            connection.close()

    threads = [Thread(target=press, args=[user]) for user in (owner, editor)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(type(each).__name__ for each in outcomes) == ["Job", "StepNotNow"]
    assert Job.objects.filter(kind="models.train").count() == 1


def test_a_running_step_says_its_phase_and_that_the_time_is_unknown_yet(loop, project, owner, as_user):
    iteration = rounds.start_round(project=project, by=owner)
    job = rounds.start_step(iteration=iteration, kind=Step.TRAIN, by=owner)
    client, address = as_user(owner), reverse("iterations:detail", args=[iteration.pk])
    assert "Train: queued" in client.get(address).content.decode()
    held = jobs.claim(job_id=job.pk, worker="test:1")
    jobs.enter_phase(held, Job.Phase.PREPARE)
    page = client.get(address).content.decode()
    assert 'data-state="running"' in page
    assert "Train: preparing" in page
    assert "time left unknown yet" in page
    assert reverse("executors:job", args=[job.pk]) in page
    jobs.enter_phase(held, Job.Phase.EXECUTE)
    jobs.heartbeat(held, progress=0.5)
    page = client.get(address).content.decode()
    assert "50 %" in page.replace("\u2009", " ").replace("\u202f", " ").replace("\xa0", " ")
    assert " left" in page
    home = client.get(reverse("iterations:overview", args=[project.pk])).content.decode()
    assert "Train is under way in round 0" in home
    assert " left" in home
    changed = client.get(reverse("iterations:rows", args=[iteration.pk]), {"at": "train:pending"})
    assert changed.headers["HX-Refresh"] == "true"
