"""Mining without a container: candidates by strategy, selection under rules, groups of near-duplicates."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from datasets.scenes import composition, rendering
from datasets.store import schema
from models.mining import near_duplicates, selection
from models.mining.candidates import Strategy, candidates
from models.mining.selection import MisalignedScoresError


def assets(*numbers: int) -> pl.Series:
    return schema.hash_column([f"{number:02x}" * 32 for number in numbers])


POOL = assets(*range(20))
NONE = assets()


def test_free_looks_at_the_whole_pool_every_time() -> None:
    found = candidates(POOL, Strategy.FREE, earlier_inputs=[POOL], earlier_outputs=[assets(1, 2)])
    assert found.tolist() == list(range(20))


def test_unique_leaves_out_what_earlier_rounds_chose() -> None:
    found = candidates(POOL, Strategy.UNIQUE, earlier_inputs=[POOL], earlier_outputs=[assets(1, 2), assets(19, 77)])
    assert found.tolist() == [0, *range(3, 19)]


def test_chunks_never_overlap_and_use_the_pool_up() -> None:
    inputs: list[pl.Series] = []
    for _round in range(4):
        found = candidates(POOL, Strategy.CHUNK, earlier_inputs=inputs, chunk_size=8, seed=1)
        assert found.tolist() == sorted(found.tolist())
        inputs.append(POOL.gather(found))
    assert [len(chunk) for chunk in inputs] == [8, 8, 4, 0]
    assert sorted(pl.concat(inputs).to_list()) == POOL.to_list()


@pytest.mark.parametrize("strategy", list(Strategy))
def test_the_training_set_is_never_a_candidate(strategy: Strategy) -> None:
    found = candidates(POOL, strategy, exclude=[assets(0, 1), assets(2), NONE], chunk_size=100)
    assert found.tolist() == list(range(3, 20))


def test_a_chunk_needs_a_size() -> None:
    with pytest.raises(ValueError, match="at least one"):
        candidates(POOL, Strategy.CHUNK)


def test_the_best_are_taken_in_order() -> None:
    assert selection.choose_best([7, 3, 9, 1], 2).tolist() == [7, 3]
    assert selection.choose_best([], 2).tolist() == []


def test_near_duplicates_are_capped_and_the_next_best_move_up() -> None:
    chosen = selection.choose_best([10, 11, 12, 13, 14, 15], 4, groups=[0, 0, 0, 1, -1, -1], per_group=1)
    assert chosen.tolist() == [10, 13, 14, 15]
    assert selection.choose_best([10, 11, 12], 3, groups=[0, 0, 0], per_group=2).tolist() == [10, 11]


def test_classes_share_the_places() -> None:
    chosen = selection.choose_best(range(8), 4, classes=[0, 0, 0, 0, 0, 1, -1, 1])
    assert chosen.tolist() == [0, 1, 5, 7]
    short = selection.choose_best(range(6), 4, classes=[0, 0, 0, 0, 0, 1])
    assert short.tolist() == [0, 1, 2, 5]


def test_columns_of_other_lengths_are_refused() -> None:
    with pytest.raises(MisalignedScoresError):
        selection.choose_best([1, 2, 3], 2, groups=[0])


@given(
    groups=st.lists(st.integers(-1, 3), max_size=30),
    count=st.integers(0, 12),
    per_group=st.integers(1, 3),
    data=st.data(),
)
def test_selection_keeps_its_rules(groups: list[int], count: int, per_group: int, data: st.DataObject) -> None:
    classes = data.draw(st.lists(st.integers(-1, 2), min_size=len(groups), max_size=len(groups)))
    chosen = selection.choose_best(
        range(len(groups)), count, groups=groups, per_group=per_group, classes=classes
    ).tolist()
    capped = sum(min(groups.count(number), per_group) for number in range(4)) + groups.count(-1)
    assert len(chosen) == min(count, capped)
    assert chosen == sorted(set(chosen))
    for number in range(4):
        assert sum(groups[index] == number for index in chosen) <= per_group


def test_a_random_choice_repeats_with_its_seed_and_changes_with_another() -> None:
    first = selection.choose_randomly(POOL, 8, seed=1).tolist()
    assert selection.choose_randomly(POOL, 8, seed=1).tolist() == first
    assert selection.choose_randomly(POOL, 8, seed=2).tolist() != first
    assert len(set(first)) == 8


def test_a_random_choice_hangs_on_content_and_grows() -> None:
    few = POOL.gather(selection.choose_randomly(POOL, 5, seed=3)).to_list()
    turned = POOL.reverse()
    assert turned.gather(selection.choose_randomly(turned, 5, seed=3)).to_list() == few
    assert POOL.gather(selection.choose_randomly(POOL, 9, seed=3)).to_list()[:5] == few


def test_frames_of_one_camera_form_a_group(tmp_path: Path) -> None:
    scenes = []
    for seed in range(3):
        scenes += composition.draw_burst(np.random.default_rng(seed), frames=3)
    marks = []
    for number, scene in enumerate(scenes):
        path = tmp_path / f"{number}.jpg"
        Image.fromarray(rendering.render(scene).pixels).save(path)
        marks.append(near_duplicates.fingerprint(path))
    groups = near_duplicates.group(np.array(marks, dtype=np.uint64), distance=10)
    assert groups.tolist() == [0, 0, 0, 1, 1, 1, 2, 2, 2]


@given(st.lists(st.integers(0, 2**64 - 1), max_size=12), st.integers(0, 8), st.lists(st.integers(0, 63), max_size=12))
def test_grouping_equals_comparing_all_with_all(marks: list[int], distance: int, flips: list[int]) -> None:
    marks = marks + [mark ^ (1 << flip) for mark, flip in zip(marks, flips, strict=False)]
    groups = near_duplicates.group(np.array(marks, dtype=np.uint64), distance=distance).tolist()
    expected = list(range(len(marks)))
    for first, mark in enumerate(marks):
        for second, other in enumerate(marks):
            if (mark ^ other).bit_count() <= distance:
                low, high = sorted((expected[first], expected[second]))
                expected = [low if number == high else number for number in expected]
    together = [[a == b for b in groups] for a in groups]
    assert together == [[a == b for b in expected] for a in expected]
