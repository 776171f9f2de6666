"""The order of a round's steps."""

from hypothesis import given
from hypothesis import strategies as st

from iterations.steps import (
    BEHIND,
    ORDER,
    SKIPPABLE,
    Inputs,
    State,
    Step,
    current,
    may_start,
    source_of,
    steps_of,
)

INPUTS = Inputs(pool=1, training=2)
any_states = st.dictionaries(st.sampled_from(ORDER), st.sampled_from(State), max_size=len(ORDER))


def test_round_0_only_trains():
    assert steps_of(0, with_testing=False) == (Step.TRAIN,)


def test_later_rounds_go_round_the_whole_loop():
    assert steps_of(3, with_testing=False) == (Step.PREPARE, Step.MINE, Step.LABEL, Step.MERGE, Step.TRAIN)


def test_a_test_set_adds_the_evaluation():
    assert steps_of(0, with_testing=True)[-1] is Step.EVALUATE
    assert steps_of(1, with_testing=True)[-1] is Step.EVALUATE


def test_merging_and_training_cannot_be_skipped():
    assert Step.MERGE not in SKIPPABLE
    assert Step.TRAIN not in SKIPPABLE


def test_each_step_takes_what_the_one_before_made():
    outputs = {Step.PREPARE: 10, Step.MINE: 11, Step.LABEL: 12, Step.MERGE: 13}
    assert source_of(Step.PREPARE, {}, INPUTS) == INPUTS.pool
    assert source_of(Step.MINE, outputs, INPUTS) == 10
    assert source_of(Step.LABEL, outputs, INPUTS) == 11
    assert source_of(Step.MERGE, outputs, INPUTS) == 12
    assert source_of(Step.TRAIN, outputs, INPUTS) == 13


def test_a_skipped_step_hands_on_what_it_would_have_taken():
    assert source_of(Step.MINE, {}, INPUTS) == INPUTS.pool
    assert source_of(Step.LABEL, {Step.PREPARE: 10}, INPUTS) == 10
    assert source_of(Step.MERGE, {Step.PREPARE: 10, Step.MINE: 11}, INPUTS) == 11


def test_the_initial_training_takes_the_initial_set():
    assert source_of(Step.TRAIN, {}, INPUTS) == INPUTS.training


@given(any_states)
def test_the_current_step_is_the_first_that_is_not_behind(states):
    step = current(states)
    if step is None:
        assert all(state in BEHIND for state in states.values())
    else:
        assert states[step] not in BEHIND
        assert all(states[other] in BEHIND for other in ORDER[: ORDER.index(step)] if other in states)


@given(any_states, st.sampled_from(ORDER))
def test_a_step_starts_only_when_nothing_is_under_way_and_nothing_after_it_began(states, step):
    if may_start(states, step):
        assert not {State.RUNNING, State.PENDING} & set(states.values())
        after = ORDER[ORDER.index(step) + 1 :]
        assert all(states[other] is State.OPEN for other in after if other in states)
