"""The ring, the lineage graph, histograms, sparklines and the confusion table."""

from itertools import pairwise

import pytest

from common.charts import graph
from common.charts.confusion import Confusion
from common.charts.graph import Node
from common.charts.histogram import Histogram
from common.charts.ring import Ring, Step
from common.charts.spark import Spark


def test_a_step_in_work_has_a_tick_for_each_asset() -> None:
    drawing = Ring(
        [Step("Mine", "done"), Step("Label", "now", "15 of 24", 15, 24), Step("Merge"), Step("Train")]
    ).draw()
    assert [arc.css for arc in drawing.arcs] == ["done"] + ["done"] * 15 + ["todo"] * 9 + ["track", "track"]
    assert drawing.needle


@pytest.mark.parametrize(("done", "arcs"), [(0, ["todo"]), (40, ["done", "todo"]), (100, ["done"])])
def test_many_assets_are_drawn_as_one_arc(done: int, arcs: list[str]) -> None:
    drawing = Ring([Step("Train", "now", done=done, total=100)]).draw()
    assert [arc.css for arc in drawing.arcs] == arcs


def test_the_newest_rounds_are_named_and_outermost() -> None:
    rounds = [f"Round {number}" for number in range(1, 9)]
    drawing = Ring([Step("Mine"), Step("Label")], rounds=rounds).draw()
    assert [label.text for label in drawing.past_labels] == ["Round 8", "Round 7"]
    heights = [label.y for label in drawing.past_labels]
    assert all(after - before >= 14 for before, after in pairwise(heights))


def test_a_project_that_has_not_started_waits() -> None:
    steps = [Step("Mine"), Step("Label")]
    assert Ring(steps).draw().waiting
    assert not Ring(steps, rounds=["Round 1"]).draw().waiting


def test_lanes_merged_into_the_main_one_lie_above_it_and_branches_below() -> None:
    nodes = [
        Node("t1", "v1", "train"),
        Node("m1", "mined v1", "mined"),
        Node("t2", "v2", "train", ["t1", "m1"]),
        Node("r2", "random v2", "random", ["t1"]),
    ]
    drawing = graph.draw(nodes, main="train")
    place = {each.node.key: each for each in drawing.places}
    assert place["m1"].y < place["t1"].y < place["r2"].y
    assert place["t1"].x < place["m1"].x < place["t2"].x < place["r2"].x <= drawing.width
    assert [edge.css for edge in drawing.edges] == ["", "", "m"]


def test_an_empty_lineage_is_drawn() -> None:
    assert not graph.draw([], main="train").places


def test_bars_of_a_histogram_fill_the_height_and_small_counts_stay_visible() -> None:
    bars = list(Histogram([1, 0, 1000], selected={2}).bars())
    assert [bar.height for bar in bars] == ["1.50%", "0.00%", "100.00%"]
    assert [bar.selected for bar in bars] == [False, False, True]
    assert not list(Histogram([]).bars())


def test_a_sparkline_ends_at_its_edge() -> None:
    assert Spark([0, 1], 1).line == "M0.0 50.0L280.0 2.0"
    assert Spark([1], 2).line == "M0.0 26.0L280.0 26.0"
    assert not Spark([], 1).area


def test_shares_are_of_the_row_and_in_the_last_row_of_the_column() -> None:
    table = Confusion(["RBC", "WBC"], [[90, 0, 10], [0, 8, 2], [30, 0, 0]])
    rows = [cells for _, _, cells in table.rows()]
    assert [(cell.kind, cell.share) for cell in rows[0]] == [("hit", 0.9), ("zero", 0.0), ("miss", 0.1)]
    assert rows[2][0].share == 0.25
    assert rows[2][2].kind == "na"
