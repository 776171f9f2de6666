"""A line chart keeps what it draws inside, and its labels apart."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.charts.line import LABEL_STEP, LineChart, Mark, Series

SIZES = [(740, 330), (590, 262), (388, 236), (358, 250)]
point = st.tuples(st.floats(0, 1000), st.floats(0, 1))
lines = st.lists(st.lists(point, min_size=1, max_size=30), min_size=1, max_size=4)


@given(lines, st.sampled_from(SIZES))
def test_everything_drawn_lies_inside_and_labels_do_not_cover_each_other(
    points: list[list[tuple[float, float]]], size: tuple[int, int]
) -> None:
    width, height = size
    chart = LineChart([Series(sorted(line), f"line {i} 0.846", dots=True) for i, line in enumerate(points)])
    drawing = chart.draw(width, height)
    for dot in drawing.dots:
        assert drawing.left <= dot.x <= drawing.right + 0.1
        assert drawing.top <= dot.y <= drawing.bottom + 0.1
    for one in drawing.labels:
        assert one.left >= 0
        assert one.right <= width + 4
        for other in drawing.labels:
            if one is not other and one.left < other.right and other.left < one.right:
                assert abs(one.y - other.y) >= LABEL_STEP - 0.2


@pytest.mark.parametrize("size", SIZES)
def test_a_chart_without_points_still_has_axes(size: tuple[int, int]) -> None:
    drawing = LineChart([Series([], "training")], x_range=(0, 100), y_range=(0, 1)).draw(*size)
    assert drawing.x_ticks
    assert drawing.y_ticks
    assert not drawing.lines
    assert not drawing.labels


def test_one_point_is_drawn_as_a_dot_with_its_own_tick() -> None:
    drawing = LineChart([Series([(60, 0.41)], "mined 0.410")]).draw(590, 262)
    assert len(drawing.dots) == 1
    assert [tick.text for tick in drawing.x_ticks] == ["60"]


def test_ours_is_drawn_over_references_and_what_is_to_come_is_hollow() -> None:
    chart = LineChart(
        [
            Series([(24, 0.7), (48, 0.8)], "mined", band=[(24, 0.6, 0.8), (48, 0.7, 0.9)], future=[(72, 0.85)]),
            Series([(24, 0.7), (48, 0.75)], "random", "reference"),
            Series([(205, 0.88)], "all 205 labeled", "limit"),
        ]
    )
    drawing = chart.draw(740, 330)
    assert [path.css for path in drawing.lines] == ["s3 fine", "s2", "s1", "s1 future"]
    assert [dot.css for dot in drawing.dots] == ["p2", "p0"]
    assert [band.css for band in drawing.bands] == ["b1"]


def test_values_are_named_at_each_place() -> None:
    chart = LineChart(
        [Series([(1, 0.5), (2, 0.25)], "training 0.25"), Series([(2, 0.75)], "validation 0.75", "reference")],
        x_label="epoch",
    )
    assert [words for _, words in chart.draw(590, 262).readout] == [
        "epoch 1: training 0.500",
        "epoch 2: training 0.250 · validation 0.750",
    ]


def test_the_name_of_the_x_axis_gives_way_to_a_line() -> None:
    rising = LineChart([Series([(0, 0.0), (100, 1.0)], "a")], x_label="epoch", y_range=(0, 1)).draw(590, 262)
    level = LineChart([Series([(0, 0.8), (100, 1.0)], "a")], x_label="epoch", y_range=(0, 1)).draw(590, 262)
    assert rising.x_name is not None
    assert level.x_name is not None
    assert (rising.x_name.anchor, level.x_name.anchor) == ("end", "start")


def test_marks_outside_the_limits_are_held_at_the_edge() -> None:
    chart = LineChart([Series([(0, 0.5), (1, 0.9)], "a")], y_range=(0, 1), marks=[Mark(0.5, 1.7, "best")])
    assert chart.draw(590, 262).dots[-1].y == 32.0


def test_long_lines_are_thinned_and_keep_their_end() -> None:
    drawing = LineChart([Series([(x, x / 10_000) for x in range(10_001)], "loss")]).draw(590, 262)
    assert drawing.lines[0].d.count("L") <= 401
    assert drawing.readout[-1][1] == "10,000: loss 1.000"
