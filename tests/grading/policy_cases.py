"""Tasks and runs for tests of what becomes of records."""
import dataclasses
import datetime

from npfl_kit.grading import record
from npfl_kit.grading.stores import entries
from npfl_kit.grading.tasks import task

NOON = datetime.datetime(2026, 11, 21, 12, tzinfo=datetime.timezone.utc)
DIGEST = "ab" * 32


def a_task(points=10.0, **parts):
    """A task with one public case."""
    return task.Task(**{"lab": "first", "kind": "predictions", "version": "v1", "title": "A first task",
                        "cases": (task.Case("only", points),), "files": ("predictions.txt",), **parts})


def a_record(score=10.0, of=10.0, state="graded", **values):
    """A record with one case."""
    case = record.CaseRecord("only", state, score if state == "graded" else 0.0, of)
    return record.Record("first", "v1", DIGEST, state, (case,), values=values)


class Course:
    """Runs in the order in which they come; submissions are numbered from 1."""

    def __init__(self):
        self.runs = []
        self.submissions = 0

    def hand_in(self, result, person="ada", team=(), at=NOON):
        """A new submission with this result; `at` is a moment, or hours after noon."""
        self.submissions += 1
        moment = at if isinstance(at, datetime.datetime) else NOON + datetime.timedelta(hours=at)
        submission = entries.Submission(self.submissions, "first", person, tuple(sorted({person, *team})),
                                        moment.astimezone(datetime.timezone.utc).isoformat(timespec="microseconds"),
                                        DIGEST, DIGEST)
        return self.grade(submission, result)

    def grade(self, submission, result):
        """Another run of a submission."""
        self.runs.append(entries.Run(len(self.runs) + 1, submission, "v1", DIGEST, 1, True, result, None, "submit", 0,
                                     submission.received_at, submission.received_at))
        return self.runs[-1]

    def regrade(self, run, result):
        """The same submission once more."""
        return self.grade(run.submission, dataclasses.replace(result))
