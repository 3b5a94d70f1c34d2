"""Reading a report, whose lines are the student's to write: what is taken as an answer, and what is not."""
import pytest

from npfl_kit.grading.sandbox import claims, isolation
from npfl_kit.grading.sandbox.job import JobCase

CASES = [JobCase("a"), JobCase("b")]
LIMITS = {"seconds": 5.0, "import_seconds": 9.0, "memory": 10**9, "processes": 9, "disk": 10**6}
START = ['{"alive":true}', '{"ready":true}']
CLAIM = '{"case":"a","repeat":0,"value":%s}'
OF_B = '{"case":"b","repeat":0,"value":2}'


def outcomes(lines, reason="done", code=None, survivors=0, cases=CASES):
    steps = [{"seconds": 0.5, "peak_rss": 100, "output": f"step {i}\n"} for i in range(len(cases) + 2)]
    report = {"lines": lines, "steps": steps, "reason": reason, "code": code, "survivors": survivors}
    return claims.Answers(cases, report, LIMITS, "L1").outcomes()


def test_answers_are_values_with_what_was_measured():
    one, two = outcomes([*START, CLAIM % "1", OF_B])

    assert (one.state, one.value, one.seconds, one.peak_rss, one.isolation) == ("ok", 1, 0.5, 100, "L1")
    assert (one.output, two.output, two.value) == ("step 1\nstep 2\n", "step 3\n", 2)


NO_ANSWERS = {
    "a score": '{"case":"a","repeat":0,"value":1,"score":10,"state":"graded"}',
    "a state": '{"state":"graded","score":10,"max":10}',
    "another case": OF_B,
    "another repeat": '{"case":"a","repeat":1,"value":1}',
    "a repeat that is equal to the number": '{"case":"a","repeat":false,"value":1}',
    "a value and an error": '{"case":"a","repeat":0,"value":1,"error":null}',
    "no value": '{"case":"a","repeat":0}',
    "bare NaN": CLAIM % "NaN",
    "bare infinity": CLAIM % "-Infinity",
    "too deep": CLAIM % ("[" * 100_000 + "]" * 100_000),
    "deeper than values": CLAIM % ("[" * 10 + "]" * 10),
    "a giant number": CLAIM % ("9" * 100_000),
    "a large number": CLAIM % ("9" * 19),
    "an array of another shape": CLAIM % '{"array":[1],"dtype":"float32","shape":[1000000000]}',
    "no JSON": "graded 10 of 10",
    "nothing": "",
    "a list": "[]",
    "a number": "1",
    "a lonely surrogate": "\ufffd",
    "an error without words": '{"case":"a","repeat":0,"error":"none"}',
    "an error of numbers": '{"case":"a","repeat":0,"error":{"type":1,"text":"","traceback":[],"errno":null}}',
    "readiness again": '{"ready":true}',
}


@pytest.mark.parametrize("line", NO_ANSWERS.values(), ids=NO_ANSWERS.keys())
def test_what_is_no_answer_ends_the_trust(line):
    found = outcomes([*START, line, OF_B])

    assert [(each.state, each.error["type"], each.value) for each in found] == [("error", "Tampering", None)] * 2


def test_an_answer_before_the_tampering_stands():
    one, two = outcomes([*START, CLAIM % "1", CLAIM % "2"])       # the second one answers nothing

    assert (one.state, one.value) == ("ok", 1)
    assert (two.state, two.value) == ("error", None)


@pytest.mark.parametrize("line", ['{"ready":1}', "{}", '{"error":1}', "x", CLAIM % "1"])
def test_an_import_that_ends_in_neither_way_is_tampering(line):
    assert {each.error["type"] for each in outcomes([START[0], line])} == {"Tampering"}


@pytest.mark.parametrize("reason, code, state, kind", [
    ("seconds", None, "limit", "seconds"), ("memory", None, "limit", "memory"), ("claims", None, "limit", "claims"),
    ("processes", None, "limit", "processes"), ("disk", None, "limit", "disk"), ("exit", 0, "lost", "lost"),
    ("exit", -9, "lost", "lost"), ("exit", -40, "lost", "lost"), ("exit", -24, "limit", "cpu"),
    ("exit", -25, "limit", "disk")])
def test_an_end_is_that_of_the_case_in_which_it_came(reason, code, state, kind):
    one, two = outcomes([*START, CLAIM % "1"], reason, code)

    assert (one.state, two.state, two.error["type"], two.value) == ("ok", state, kind, None)
    assert {each.state for each in outcomes(START[:1], reason, code)} == {state}     # of the import: of all cases


@pytest.mark.parametrize("number, kind", [(28, "disk"), (27, "disk"), (122, "disk"), (11, "processes"), (2, None)])
def test_an_error_of_the_kernel_may_be_a_limit(number, kind):
    line = '{"case":"a","repeat":0,"error":{"type":"OSError","text":"x","traceback":["f"],"errno":%d}}' % number

    found, = outcomes([*START, line], cases=CASES[:1])

    assert (found.state, found.error["type"]) == (("limit", kind) if kind else ("error", "OSError"))
    assert {"disk": "may write 1,000,000 bytes (x)", "processes": "9 are allowed (x)", None: "x"}[kind] in \
        found.error["text"]


@pytest.mark.parametrize("lines", [[], ["x"], ['{"ready":true}']])
def test_a_sandbox_that_does_not_start_is_our_fault(lines):
    with pytest.raises(isolation.IsolationError, match="did not start.*step 0"):
        outcomes(lines, "exit", 1)


def test_processes_that_cannot_be_killed_are_our_fault():
    with pytest.raises(isolation.IsolationError, match="3 processes"):
        outcomes([*START, CLAIM % "1", OF_B], survivors=3)


def test_no_further_thread_is_a_limit_as_no_further_process_is():
    found = {"type": "RuntimeError", "text": "can't start new thread", "traceback": [], "errno": None}

    state, parts = claims.failure(found, LIMITS)

    assert (state, parts["error"]["type"]) == ("limit", "processes") and "9 are allowed" in parts["error"]["text"]
    assert claims.failure({**found, "text": "no"}, LIMITS)[0] == "error"


def test_what_fails_in_the_import_says_so():
    failed = '{"error":{"type":"KeyError","text":"x","traceback":[],"errno":null}}'

    assert {each.error.get("where") for each in outcomes([START[0], failed])} == {"import"}
    assert {each.error.get("where") for each in outcomes(START[:1], "seconds")} == {"import"}
    assert outcomes([*START, CLAIM % "1"], "seconds")[1].error.get("where") is None


@pytest.mark.parametrize("code, said", [(-11, "crashed (SIGSEGV)"), (139, "crashed (SIGSEGV)"), (-6, "SIGABRT"),
                                        (-9, "was killed"), (3, "exit code 3"), (0, "exit code 0")])
def test_how_a_process_ended_is_said_in_words(code, said):
    assert said in outcomes([*START, CLAIM % "1"], "exit", code)[1].error["text"]


def test_where_the_code_was_is_read_from_what_python_dumped():
    dumped = ('Timeout (0:00:01)!\nThread 0x1 (most recent call first):\n  File "/usr/lib/json.py", line 3 in x\n'
              '  File "/tmp/box/lab.py", line 7 in inner\n  File "/tmp/box/lab.py", line 9 in f\n'
              '  File "/k/child.py", line 1 in main\n')

    assert claims.dumped(dumped, {"lab.py"}) == ["lab.py, line 9, in f", "lab.py, line 7, in inner"]
    assert claims.dumped("nothing", {"lab.py"}) == []
    assert claims.DUMP.sub("", f"one\n{dumped}two\n  File x\n") == "one\ntwo\n  File x\n"
