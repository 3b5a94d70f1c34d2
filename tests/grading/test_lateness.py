"""Lateness costs as the deadline says, in whatever zone it is written, and is shown as what it is."""
import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as some

from npfl_kit import errors
from npfl_kit.grading.marks import lateness
from npfl_kit.grading.tasks import task
from tests.grading.policy_cases import NOON

HOUR = datetime.timedelta(hours=1)
LATE = task.Late("2026-11-21T12:00:00+00:00", "2026-11-21T16:00:00+00:00", 0.5)


@pytest.mark.parametrize("hours, factor", [(-100, 1.0), (0, 1.0), (2, 0.75), (4, 0.5), (4.001, 0.0), (1000, 0.0)])
def test_lateness_falls_linearly_to_the_least_and_then_to_nothing(hours, factor):
    assert lateness.late_factor(LATE, NOON + hours * HOUR) == pytest.approx(factor)


def test_the_same_moment_in_another_zone_is_as_late():
    due = task.Late("2026-11-21T23:59:59+14:00", None)

    assert lateness.late_factor(due, lateness.instant("2026-11-21T09:59:59Z")) == 1
    assert lateness.late_factor(due, lateness.instant("2026-11-21T10:00:00Z")) == 0


@pytest.mark.parametrize("late", [task.Late(), task.Late(None, None, 0.0)])
def test_without_a_deadline_nothing_is_late(late):
    assert lateness.late_factor(late, NOON + 10**5 * HOUR) == 1


@given(some.floats(0, 1), some.floats(-10, 10), some.floats(-10, 10))
def test_later_is_never_worth_more(least, first, second):
    late = task.Late(LATE.due, LATE.until, least)
    earlier, later = (lateness.late_factor(late, NOON + hours * HOUR) for hours in sorted((first, second)))

    assert 0 <= later <= earlier <= 1


@pytest.mark.parametrize("text", ["2026-11-21T12:00:00", "2026-11-21", "", "tomorrow", "2026-13-01T00:00:00Z", "Z"])
def test_a_moment_without_a_zone_is_an_error_with_an_example(text):
    with pytest.raises(errors.DataError, match=r"time zone, as 2026"):
        lateness.instant(text)


@pytest.mark.parametrize("due, shown", [
    (None, "2026-11-21 11:00:00 UTC"), ("2026-12-01T00:00:00+00:00", "2026-11-21 11:00:00 UTC"),
    ("2026-12-01T00:00:00-03:30", "2026-11-21 07:30:00 -03:30")])
def test_moments_are_shown_in_the_zone_of_the_deadline(due, shown):
    assert lateness.moment("2026-11-21T11:00:00.999999+00:00", task.Late(due)) == shown


@pytest.mark.parametrize("factor, shown", [
    (1.0, "1.00"), (0.999854, "0.9998"), (0.9961, "0.996"), (0.754, "0.75"), (0.5, "0.50"), (0.0, "0.00")])
def test_a_factor_never_looks_like_one_unless_it_is(factor, shown):
    assert lateness.shown_factor(factor) == shown
