"""Ticks are few, round and inside; limits hold the data."""

import math
from itertools import pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from common.charts import scale

numbers = st.floats(-1e6, 1e6, allow_nan=False)


@given(numbers, numbers, st.integers(3, 8))
def test_ticks_are_inside_evenly_spaced_and_no_more_than_asked(low: float, high: float, most: int) -> None:
    assume(high - low > 1e-3)
    marks = scale.ticks(low, high, most)
    slack = 1e-6 * max(1.0, abs(low), abs(high))
    assert 1 <= len(marks) <= most
    assert all(low - slack <= mark <= high + slack for mark in marks)
    steps = {round(after - before, 6) for before, after in pairwise(marks)}
    assert max(steps, default=0) - min(steps, default=0) < 1e-5


@given(numbers, numbers)
def test_widened_limits_hold_the_data(low: float, high: float) -> None:
    assume(high >= low)
    bottom, top = scale.widen(low, high)
    slack = 1e-6 * max(1.0, abs(low), abs(high))
    assert bottom <= low + slack
    assert top >= high - slack
    assert top > bottom


def test_ticks_are_written_with_one_number_of_decimals() -> None:
    assert scale.text_of([0.0, 0.25, 0.5]) == ["0.00", "0.25", "0.50"]
    assert scale.text_of([0.0, 50000.0]) == ["0", "50,000"]


def test_a_scale_places_its_ends_at_its_ends() -> None:
    axis = scale.Scale(10, 20, 100, 0)
    assert (axis.at(10), axis.at(20)) == (100, 0)
    assert math.isclose(axis.at(15), 50)


@pytest.mark.parametrize("value", [0.0, 0.4, -3.0, 250.0])
def test_one_value_gets_room_around_it(value: float) -> None:
    low, high = scale.widen(value, value)
    assert low <= value <= high
    assert low < high
