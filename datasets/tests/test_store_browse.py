"""Filters, orders and neighbours of a version's images."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from datasets.store import browse, query
from datasets.store.browse import Selection
from datasets.store.query import BadTermError, Query
from datasets.store.schema import Tables
from datasets.store.writer import write_version
from datasets.tests.tables import CLASSES, any_tables, asset, tables

word = st.text(st.sampled_from("abz09_.-: "), min_size=1, max_size=8).filter(str.strip)
bounds = st.integers(0, 4)
queries = st.builds(
    lambda classes, without, least, more, words: Query(
        tuple(sorted(classes)), tuple(sorted(without)), least, None if more is None else least + more, tuple(words)
    ),
    st.sets(st.sampled_from(CLASSES)),
    st.sets(st.sampled_from(CLASSES)),
    bounds,
    st.none() | bounds,
    st.lists(st.sampled_from("abcj"), max_size=1),
)


def shown(selection: Selection) -> str:
    """Return the letters of the images selected, in order."""
    return "".join(each.file_name[0] for each in selection[:])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    found = tables(
        "abcd",
        ("a", "cat", 0, 0, 9, 9),
        ("a", "cat", 9, 9, 9, 9),
        ("a", "dog", 5, 5, 9, 9),
        ("b", "dog", 0, 0, 9, 9),
        ("c", "bird", 0, 0, 9, 9),
        ("c", "bird", 20, 0, 9, 9),
    )
    return write_version(tmp_path, found).path


@given(st.builds(Query, st.just(()), st.just(()), bounds, st.none(), st.lists(word, max_size=3).map(tuple)))
def test_a_filter_line_reads_back_as_it_was_written(wanted: Query) -> None:
    assert query.parse(wanted.text) == wanted


@given(queries)
def test_a_filter_of_classes_reads_back_as_it_was_written(wanted: Query) -> None:
    assert query.parse(wanted.text) == wanted


@pytest.mark.parametrize(
    ("line", "meant"),
    [
        ("", Query()),
        ("class:WBC", Query(classes=("WBC",))),
        ('class:"red cell" -class:x', Query(classes=("red cell",), without=("x",))),
        ("boxes:3", Query(least=3, most=3)),
        ("boxes:>3", Query(least=4)),
        ("boxes:<3", Query(most=2)),
        ("boxes:2..5", Query(least=2, most=5)),
        ("Blood 01", Query(words=("Blood", "01"))),
    ],
)
def test_what_the_terms_mean(line: str, meant: Query) -> None:
    assert query.parse(line) == meant


@pytest.mark.parametrize("line", ["color:red", "boxes:many", "-boxes:3", "boxes:1e9", "boxes:99999999999"])
def test_a_term_that_says_nothing_is_named(line: str) -> None:
    with pytest.raises(BadTermError) as refused:
        query.parse(line)
    assert refused.value.term == line


def test_orders(folder: Path) -> None:
    assert shown(Selection(folder, Query(), "name")) == "abcd"
    assert shown(Selection(folder, Query(), "most"))[:2] == "ac"
    assert shown(Selection(folder, Query(), "fewest"))[0] == "d"
    assert sorted(shown(Selection(folder, Query()))) == list("abcd")


def test_the_score_orders_and_images_without_one_come_last(folder: Path, tmp_path: Path) -> None:
    scores = tmp_path / "scores.parquet"
    pl.DataFrame({"asset": [asset("b"), asset("d"), asset("z")], "score": [0.25, 0.75, 1.0]}).write_parquet(scores)
    selection = Selection(folder, Query(), "score", browse.read_scores(folder, scores))
    assert shown(selection)[:2] == "db"
    assert [selection.score(each) for each in selection[:3]] == [0.75, 0.25, None]


def test_an_image_knows_its_place_and_its_neighbours(folder: Path) -> None:
    selection = Selection(folder, Query(without=("dog",)), "name")
    first, second = selection[:2]
    assert selection.place(first) == browse.Place(0, None, second.asset)
    assert selection.place(second) == browse.Place(1, first.asset, None)
    outside = Selection(folder, Query(), "name")[0]
    assert selection.place(outside) is None


def test_a_class_that_no_image_has_selects_none(folder: Path) -> None:
    assert len(Selection(folder, Query(classes=("fish",)))) == 0


def test_an_empty_version_can_be_browsed(tmp_path: Path) -> None:
    folder = write_version(tmp_path, tables("")).path
    assert [len(Selection(folder, Query(words=("a",)), order)) for order in ("mixed", "name", "most")] == [0, 0, 0]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(any_tables(), queries, st.sampled_from(["mixed", "name", "most", "fewest"]))
def test_a_selection_is_what_looking_at_every_image_finds(
    tmp_path: Path, found: Tables, wanted: Query, order: browse.Order
) -> None:
    folder = write_version(tmp_path, found).path
    everything = Selection(folder, Query())
    matching = {each.asset for each in everything[:] if matches(wanted, each)}
    selection = Selection(folder, wanted, order)
    assert {each.asset for each in selection[:]} == matching
    assert len(selection) == len(matching)
    counts = np.array([len(each.boxes) for each in selection[:]])
    if order == "most":
        assert (np.diff(counts) <= 0).all()
    if order == "name":
        assert [each.file_name for each in selection[:]] == sorted(each.file_name for each in selection[:])


def matches(wanted: Query, image: browse.Asset) -> bool:
    """Tell whether an image matches, the slow way."""
    classes = {box.class_name for box in image.boxes}
    return (
        (not wanted.classes or bool(classes & set(wanted.classes)))
        and not classes & set(wanted.without)
        and wanted.least <= len(image.boxes)
        and (wanted.most is None or len(image.boxes) <= wanted.most)
        and all(each in image.file_name for each in wanted.words)
    )
