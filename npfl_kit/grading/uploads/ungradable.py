"""The error for an upload that cannot be judged."""
from npfl_kit import errors


class UngradableError(errors.KitError):
    """An upload that cannot be judged: it has no points and costs no attempt.

    Its text is for the student: what was expected, what came, and what to do next; it holds nothing that is hidden.
    `state` is what the record says.
    """

    state = "ungradable"


class OverLimitError(UngradableError):
    """An upload that took more time, memory or space than the task allows while it was judged."""

    state = "limit"
