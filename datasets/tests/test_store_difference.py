"""Diff: what it calls moved, relabelled, edited, added and removed, and that applying it gives the other version."""

from hypothesis import given

from datasets.store import difference
from datasets.store.schema import Tables
from datasets.tests.tables import any_tables, asset, laws, same, tables


def changes(before: Tables, after: Tables) -> dict[str, int]:
    counts = difference.diff(before, after).counts()
    return {change: count for change, count in counts.items() if count}


def test_a_box_that_shifts_a_little_is_moved() -> None:
    assert changes(tables("a", ("a", "cat", 10, 10, 50, 50)), tables("a", ("a", "cat", 12, 10, 50, 50))) == {"moved": 1}


def test_a_box_that_changes_its_class_is_relabelled() -> None:
    before, after = tables("a", ("a", "cat", 10, 10, 50, 50)), tables("a", ("a", "dog", 10, 10, 50, 50))
    assert changes(before, after) == {"relabelled": 1}


def test_a_box_that_changes_only_its_values_is_edited() -> None:
    box = ("a", "cat", 10, 10, 50, 50)
    assert changes(tables("a", box), tables("a", box, difficult=[True])) == {"edited": 1}


def test_a_box_far_away_is_another_box() -> None:
    before, after = tables("a", ("a", "cat", 10, 10, 50, 50)), tables("a", ("a", "cat", 200, 10, 50, 50))
    assert changes(before, after) == {"added": 1, "removed": 1}


def test_the_closest_are_paired_first() -> None:
    before = tables("a", ("a", "cat", 10, 10, 50, 50), ("a", "cat", 20, 10, 50, 50))
    after = tables("a", ("a", "cat", 11, 10, 50, 50), ("a", "cat", 21, 10, 50, 50))
    assert changes(before, after) == {"moved": 2}


def test_equal_boxes_are_counted() -> None:
    box = ("a", "cat", 10, 10, 50, 50)
    assert changes(tables("a", box), tables("a", box, box)) == {"added": 1}


def test_assets_that_come_and_go_take_their_boxes_along() -> None:
    found = difference.diff(tables("ab", ("a", "cat", 1, 1, 5, 5)), tables("bc", ("c", "cat", 1, 1, 5, 5)))
    assert (found.added.hex(), found.added.annotations.height) == ([asset("c")], 1)
    assert (found.removed.hex(), found.removed.annotations.height) == ([asset("a")], 1)
    assert not any(found.counts().values())


@laws
@given(any_tables())
def test_nothing_differs_from_itself(one: Tables) -> None:
    found = difference.diff(one, one)
    assert found.changes.height == found.added.assets.height == found.removed.assets.height == 0


@laws
@given(any_tables(), any_tables())
def test_applying_a_difference_gives_the_other_version(before: Tables, after: Tables) -> None:
    assert same(difference.apply(before, difference.diff(before, after)), after)


@laws
@given(any_tables(), any_tables())
def test_a_difference_reversed_swaps_added_and_removed(before: Tables, after: Tables) -> None:
    there, back = difference.diff(before, after).counts(), difference.diff(after, before).counts()
    assert (there["added"], there["removed"]) == (back["removed"], back["added"])
