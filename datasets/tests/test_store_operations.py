"""Merge, filter, sample, exclude, select: what they keep, and the laws that hold for any tables."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datasets.store import canonical, operations
from datasets.store.operations import AssetsNotFoundError, MergeConflictError, SampleTooLargeError
from datasets.store.schema import Tables
from datasets.tests.tables import CLASSES, any_tables, asset, laws, names, same, tables

STRATEGIES = st.sampled_from(["newest", "oldest"])
SOME_CLASSES = st.sets(st.sampled_from(CLASSES))


def is_canonical(found: Tables) -> bool:
    return same(found, canonical.canonical(found))


def boxes_of(found: Tables, image: str) -> int:
    return found.annotations.filter(found.annotations["asset_row"] == found.hex().index(asset(image))).height


def test_merge_takes_the_assets_of_all_sides() -> None:
    merged = operations.merge([tables("ab", ("a", "cat", 1, 1, 5, 5)), tables("c", ("c", "dog", 1, 1, 5, 5))], "stop")
    assert names(merged.tables) == "abc"
    assert merged.tables.class_names == ("cat", "dog")
    assert merged.conflicts == []


@pytest.mark.parametrize(("strategy", "winner"), [("newest", "dog"), ("oldest", "cat")])
def test_merge_takes_a_shared_asset_whole_from_one_side(strategy: str, winner: str) -> None:
    old, new = tables("a", ("a", "cat", 1, 1, 5, 5)), tables("a", ("a", "dog", 1, 1, 5, 5))
    merged = operations.merge([old, new], strategy)
    assert merged.tables.class_names == (winner,)
    assert merged.conflicts == [asset("a")]


def test_merge_that_stops_lists_each_conflict() -> None:
    old = tables("abc", ("a", "cat", 1, 1, 5, 5), ("b", "cat", 1, 1, 5, 5), ("c", "cat", 1, 1, 5, 5))
    new = tables("abc", ("a", "cat", 1, 1, 5, 5), ("b", "cat", 1, 1, 6, 5))
    with pytest.raises(MergeConflictError) as caught:
        operations.merge([old, new], "stop")
    assert caught.value.assets == [asset("b")]


@laws
@given(STRATEGIES)
def test_a_side_without_annotations_never_wins(strategy: str) -> None:
    labelled, bare = tables("a", ("a", "cat", 1, 1, 5, 5)), tables("a")
    for sides in ([labelled, bare], [bare, labelled]):
        assert same(operations.merge(sides, strategy).tables, labelled)
        assert same(operations.merge(sides, "stop").tables, labelled)


def test_merge_of_nothing_is_empty() -> None:
    assert operations.merge([], "stop").tables.assets.height == 0


@laws
@given(any_tables(), STRATEGIES)
def test_merge_is_idempotent(one: Tables, strategy: str) -> None:
    assert same(operations.merge([one, one], strategy).tables, one)
    assert same(operations.merge([one, one], "stop").tables, one)


@laws
@given(any_tables(), any_tables(), any_tables(), STRATEGIES)
def test_merge_is_associative(one: Tables, two: Tables, three: Tables, strategy: str) -> None:
    def merge(*sides: Tables) -> Tables:
        return operations.merge(sides, strategy).tables

    assert same(merge(merge(one, two), three), merge(one, merge(two, three)))


@laws
@given(any_tables(), any_tables())
def test_the_newest_of_two_is_the_oldest_of_them_reversed(one: Tables, two: Tables) -> None:
    assert same(operations.merge([one, two], "newest").tables, operations.merge([two, one], "oldest").tables)


@laws
@given(any_tables(), any_tables())
def test_a_merge_stops_exactly_when_there_are_conflicts(one: Tables, two: Tables) -> None:
    conflicts = operations.merge([one, two], "newest").conflicts
    if conflicts:
        with pytest.raises(MergeConflictError) as caught:
            operations.merge([one, two], "stop")
        assert caught.value.assets == conflicts
    else:
        assert operations.merge([one, two], "stop").conflicts == []


def test_filter_keeps_all_boxes_of_the_images_it_keeps() -> None:
    found = operations.filter_classes(
        tables("ab", ("a", "cat", 1, 1, 5, 5), ("a", "dog", 2, 2, 5, 5), ("b", "dog", 1, 1, 5, 5)), include=["cat"]
    )
    assert names(found) == "a"
    assert boxes_of(found, "a") == 2


def test_filter_can_leave_only_the_boxes_of_its_classes() -> None:
    found = operations.filter_classes(
        tables("a", ("a", "cat", 1, 1, 5, 5), ("a", "dog", 2, 2, 5, 5)), include=["cat"], only_these_boxes=True
    )
    assert found.class_names == ("cat",)


def test_filter_drops_images_with_an_excluded_class() -> None:
    given_tables = tables("abc", ("a", "cat", 1, 1, 5, 5), ("b", "dog", 1, 1, 5, 5))
    assert names(operations.filter_classes(given_tables, exclude=["dog"])) == "ac"
    assert names(operations.filter_classes(given_tables, include=["cat", "dog"], exclude=["dog"])) == "a"


@laws
@given(any_tables(), SOME_CLASSES, SOME_CLASSES)
def test_filter_is_a_part_and_filtering_again_changes_nothing(
    one: Tables, include: set[str], exclude: set[str]
) -> None:
    found = operations.filter_classes(one, include=include, exclude=exclude)
    assert is_canonical(found)
    assert set(found.hex()) <= set(one.hex())
    assert same(operations.filter_classes(found, include=include, exclude=exclude), found)
    assert same(operations.select(one, found.hex()), found)


@laws
@given(any_tables(), st.integers(0, 9), st.data())
def test_sample_is_a_part_of_the_size_asked_for_and_the_same_for_a_seed(
    one: Tables, seed: int, data: st.DataObject
) -> None:
    if not one.assets.height:
        return
    count = data.draw(st.integers(1, one.assets.height))
    found = operations.sample(one, seed=seed, count=count)
    assert is_canonical(found)
    assert found.assets.height == count
    assert same(operations.select(one, found.hex()), found)
    assert same(operations.sample(one, seed=seed, count=count), found)


def test_sample_refuses_what_it_cannot_do() -> None:
    one = tables("abc")
    with pytest.raises(SampleTooLargeError):
        operations.sample(one, seed=1, count=4)
    for wrong in ({"count": 0}, {"fraction": 0.0}, {"fraction": 1.5}, {}, {"count": 1, "fraction": 0.5}):
        with pytest.raises(ValueError, match=r"sample|give"):
            operations.sample(one, seed=1, **wrong)


def test_a_small_fraction_still_chooses_one() -> None:
    assert operations.sample(tables("abc"), seed=1, fraction=0.01).assets.height == 1


@laws
@given(any_tables(), any_tables())
def test_what_is_excluded_and_what_is_left_make_the_whole(one: Tables, two: Tables) -> None:
    left = operations.exclude(one, [two])
    assert is_canonical(left)
    assert not set(left.hex()) & set(two.hex())
    shared = operations.select(one, [name for name in one.hex() if name in set(two.hex())])
    assert same(operations.merge([left, shared], "stop").tables, one)


def test_excluding_nothing_keeps_all() -> None:
    one = tables("ab", ("a", "cat", 1, 1, 5, 5))
    assert same(operations.exclude(one, []), one)


def test_select_names_the_assets_that_are_not_there() -> None:
    with pytest.raises(AssetsNotFoundError) as caught:
        operations.select(tables("ab"), [asset("a"), asset("z")])
    assert caught.value.assets == [asset("z")]
