"""Records and tasks with a canary in everything that is hidden, and with hostile text in everything that is not."""
from npfl_kit.grading import record
from npfl_kit.grading.tasks import task
from tests.grading.policy_cases import DIGEST

CANARY = "canary-4f1d"
NUMBER = 987654.25      # a canary where only a number may stand
HOSTILE = ("<script>alert(1)</script>\"'><img src=x onerror=alert(2)> &lt; [link](javascript:alert(3)) `code` "
           "\x1b[31mred\x1b[0m\x1b]0;title\x07 \u202eright to left\u202c \u2066isolate\u2069 \u200bzero\ufeff "
           "\x00\x08\x9b1m \ud800 \U000e0041 e\u0301\u0301\u0301\u0301\u0301\u0301 =cmd|'/c calc'!A1 ]]> --> </style>")


def hidden_case(identity, visibility, state="graded"):
    """A case whose every field but those that are shown holds the canary."""
    said = {name: f"{CANARY} {name}" for name in ("expected", "actual", "rationale", "help", "isolation", "reproduce")}
    return record.CaseRecord(identity, state, 0.0, 2.0, visibility, seconds=NUMBER, peak_rss=int(NUMBER) * 2**30,
                             **said)


def a_record(state="graded", rationale=""):
    """One case of each visibility, and all values of a board."""
    cases = (record.CaseRecord("seen", "graded", 1.0, 1.0, "public", 1, 1, "It is right."),
             hidden_case("kept", "hidden", state), hidden_case("later", "after_due"))
    values = {"public": 0.87654321, **dict.fromkeys(("private", "whole", "public_error", "private_error"), NUMBER)}
    return record.Record("first", "v1", DIGEST, record.overall(cases), cases, {"python": "3.11"}, values, rationale)


def a_task(due="2026-12-01T12:00:00Z", until=None, **parts):
    """The task of `a_record`; hidden cases have canaries, too."""
    cases = (task.Case("seen", 1.0, why="Because it is the start."),
             task.Case("kept", 2.0, "hidden", why=f"{CANARY} why", flags=(f"--{CANARY}",)),
             task.Case("later", 2.0, "after_due", why=f"{CANARY} why"))
    return task.Task(**{"lab": "first", "kind": "predictions", "version": "v1", "title": "A first task",
                        "cases": cases, "files": ("predictions.txt",), "board": task.Board("accuracy"),
                        "late": task.Late(due, until), **parts})


def a_hostile_record():
    """All that a stranger may write is hostile; one case of each state."""
    said = dict.fromkeys(("expected", "actual", "rationale", "help", "reproduce"), HOSTILE)
    said["actual"] = {HOSTILE: [HOSTILE, 1]}
    cases = tuple(record.CaseRecord(f"case-{state}", state, 0.0, 1.0, "public", seconds=1.0, peak_rss=2**30,
                                    isolation="L1", **said) for state in record.STATES)
    return record.Record("first", "v1", DIGEST, "student_error", cases, {HOSTILE: HOSTILE}, {}, HOSTILE)
