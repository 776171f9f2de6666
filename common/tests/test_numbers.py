"""How numbers, durations and times are written."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import translation

from common import numbers


@pytest.mark.parametrize(
    ("value", "text"), [(118287, "118,287"), (0, "0"), (-1200, "-1,200"), (12.5, "12.5"), (12.0, "12")]
)
def test_counts_have_commas(value: float, text: str) -> None:
    assert numbers.thousands(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.025, "+0.025"), (-0.004, "−0.004"), (0.0, "0.000"), (-0.0001, "0.000"), (1204, "+1,204"), (0, "0")],
)
def test_changes_have_a_sign_unless_they_are_nothing(value: float, text: str) -> None:
    assert numbers.signed(value) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (0.42, "0.4 s"),
        (12, "12 s"),
        (59.7, "1 min 0 s"),
        (435, "7 min 15 s"),
        (7500, "2 h 5 min"),
        (timedelta(days=3, hours=4), "3 d 4 h"),
        (-5, "0 s"),
    ],
)
def test_durations_have_their_two_largest_units(seconds: float | timedelta, text: str) -> None:
    assert numbers.duration(seconds) == text


def test_shares_scores_and_sizes() -> None:
    assert numbers.percent(0.61) == "61\u202f%"
    assert numbers.percent(0.9889, 1) == "98.9\u202f%"
    assert numbers.score(0.87149) == "0.871"
    assert numbers.size(512) == "512 B"
    assert numbers.size(18_245_223) == "17.4 MB"


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (datetime(2025, 6, 3, 16, 5, tzinfo=UTC), "today 16:05"),
        (datetime(2025, 6, 2, 9, 12, tzinfo=UTC), "yesterday 09:12"),
        (datetime(2025, 3, 3, 14, 0, tzinfo=UTC), "3 Mar 14:00"),
        (datetime(2024, 3, 3, 14, 0, tzinfo=UTC), "3 Mar 2024"),
    ],
)
def test_moments_are_said_as_people_do(moment: datetime, text: str) -> None:
    with translation.override("en"):
        assert numbers.when(moment, now=datetime(2025, 6, 3, 20, 0, tzinfo=UTC)) == text
