"""Moments and deadlines: when something came, and what points are multiplied by if that was late."""
from __future__ import annotations

import datetime
from typing import Optional

from npfl_kit import errors
from npfl_kit.grading import record
from npfl_kit.grading.tasks import task


def instant(text: str) -> datetime.datetime:
    """A moment written as ISO 8601 with a time zone.

    >>> instant("2026-11-21T23:59:59Z") == instant("2026-11-22T00:59:59+01:00")
    True
    """
    try:
        moment = datetime.datetime.fromisoformat(text[:-1] + "+00:00" if text[-1:] in ("Z", "z") else text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise errors.DataError(f"Expected a moment with a time zone, as 2026-11-21T23:59:59+01:00, got {text!r}. Mend "
                               f"due and until in [late] of the task file.")
    return moment


def moment(text: str, late: task.Late = task.Late()) -> str:
    """A moment for people, in the time zone of the deadline; in UTC where there is none.

    >>> moment("2026-11-21T12:00:00.123456+01:00")
    '2026-11-21 11:00:00 UTC'
    >>> moment("2026-11-21T11:00:00Z", task.Late("2026-12-01T23:59:00+01:00"))
    '2026-11-21 12:00:00 +01:00'
    """
    shown = instant(text).astimezone(zone(late)).isoformat(" ", "seconds")
    return f"{shown[:19]} {shown[19:].replace('+00:00', 'UTC')}"


def zone(late: task.Late) -> Optional[datetime.tzinfo]:
    """The time zone of the deadline; UTC where there is none."""
    return instant(late.due).tzinfo if late.due else datetime.timezone.utc


def late_factor(late: task.Late, received_at: datetime.datetime) -> float:
    """What points are multiplied by: 1 until `due`, falling linearly to `least` at `until`, 0 after it.

    Without `due` nothing is late; without `until` all that is late has nothing.

    >>> late = task.Late("2026-11-21T12:00:00Z", "2026-11-21T16:00:00Z", 0.5)
    >>> [late_factor(late, instant(f"2026-11-21T{time}:00Z")) for time in ("12:00", "14:00", "16:00", "16:01")]
    [1.0, 0.75, 0.5, 0.0]
    """
    if late.due is None or received_at <= instant(late.due):
        return 1.0
    if late.until is None or received_at > instant(late.until):
        return 0.0
    due = instant(late.due)
    return 1.0 - (1.0 - late.least) * ((received_at - due) / (instant(late.until) - due))


def shown_factor(factor: float) -> str:
    """A factor of lateness for people, rounded down, in two digits or as many as tell it from 1.

    >>> shown_factor(0.755), shown_factor(0.99985), shown_factor(1.0)
    ('0.75', '0.9998', '1.00')
    """
    digits = 2
    while factor < 1 and round(factor, digits) == 1:
        digits += 1
    return f"{record.rounded_down(factor, digits):.{digits}f}"
