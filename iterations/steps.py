"""The order of a round's steps, which may be skipped, and what each takes from those before. PURE."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Step(StrEnum):
    """The steps of a round, in order."""

    PREPARE = "prepare"
    MINE = "mine"
    LABEL = "label"
    MERGE = "merge"
    TRAIN = "train"
    EVALUATE = "evaluate"


class State(StrEnum):
    """Where a step stands; all but OPEN, DONE and SKIPPED are the state of its job."""

    OPEN = "open"
    PENDING = "pending"
    RUNNING = "running"
    FAILED = "failed"
    CANCELED = "canceled"
    DONE = "done"
    SKIPPED = "skipped"


ORDER = tuple(Step)
SKIPPABLE = frozenset({Step.PREPARE, Step.MINE, Step.LABEL, Step.EVALUATE})
MAKES_DATASET = frozenset({Step.PREPARE, Step.MINE, Step.LABEL, Step.MERGE})
BEHIND = frozenset({State.DONE, State.SKIPPED})
UNDER_WAY = frozenset({State.PENDING, State.RUNNING})


@dataclass(frozen=True)
class Inputs:
    """Ids of dataset versions that a round starts from."""

    pool: int
    training: int
    """What the round before trained on (or the initial training set)."""


def steps_of(number: int, *, with_testing: bool) -> tuple[Step, ...]:
    """Return the steps of round `number`: round 0 is the initial training, the others go round the whole loop."""
    steps = (Step.TRAIN,) if number == 0 else ORDER[:-1]
    return (*steps, Step.EVALUATE) if with_testing else steps


def current(states: Mapping[Step, State]) -> Step | None:
    """Return the first step that is not behind the round yet; None when the round is finished."""
    return next((step for step in ORDER if step in states and states[step] not in BEHIND), None)


def may_start(states: Mapping[Step, State], step: Step) -> bool:
    """Tell whether a step may be started (again): those before it are behind, none is under way, none after began."""
    if step not in states or any(state in UNDER_WAY for state in states.values()):
        return False
    position = ORDER.index(step)
    before = all(states[other] in BEHIND for other in ORDER[:position] if other in states)
    after = all(states[other] is State.OPEN for other in ORDER[position + 1 :] if other in states)
    return before and after


def source_of(step: Step, outputs: Mapping[Step, int], inputs: Inputs) -> int:
    """Return the id of the dataset version that a step works on.

    A skipped step hands on what it would have taken: mining without candidates takes the pool, labeling without
    mining takes the candidates, and so on. Training takes the merged set.

    Args:
        step: the step to start.
        outputs: dataset version ids that the steps of this round made so far.
        inputs: what the round started from.
    """
    if step is Step.PREPARE:
        return inputs.pool
    if step in {Step.TRAIN, Step.EVALUATE}:
        return outputs.get(Step.MERGE, inputs.training)
    position = ORDER.index(step)
    made = [outputs[other] for other in ORDER[:position] if other in outputs]
    return made[-1] if made else inputs.pool
