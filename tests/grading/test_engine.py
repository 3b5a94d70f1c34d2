"""The engine: points come from a judge's yes alone, whatever else happens, and a record says what to do."""
import dataclasses
import json
import math
import pathlib

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from npfl_kit import errors
from npfl_kit.grading import record
from npfl_kit.grading.grader import engine, engine_code, engine_predictions, failures, plans, reference
from npfl_kit.grading.marks import student_view
from npfl_kit.grading.sandbox import isolation, job, runner
from npfl_kit.grading.tasks.task import Board, Case, Data, Expectation, Limits, Task
from npfl_kit.grading.uploads import intake
from tests.grading import small_course

CANARY = "CANARY-7f3a91"


@pytest.fixture
def course(tmp_path, monkeypatch):
    folder = small_course.make(tmp_path / "home")
    monkeypatch.setenv("NPFL_KIT_HOME", str(tmp_path / "home"))
    return folder


def outcome(case, value=None, state="ok", repeat=0, **parts):
    return runner.Outcome(case, repeat, state, value, seconds=0.1, peak_rss=2**20, **parts)


class Known(reference.References):
    """References that know: functions double, runs have a loss of 1 to 2."""

    def of(self, task, planned, context):
        found = {}
        for plan in planned:
            if plan.case.call:
                found[plan.case.id] = reference.Expected([[2.0, 4.0]] * plan.case.repeats)
            else:
                found[plan.case.id] = reference.Expected(bands={"loss": (1.0, 2.0)})
        return found


FUNCTIONS = Task("double", "functions", "v", "Twice", (
    Case("a", 1, call="double", repeats=2, inputs={"x": {"value": [1.0, 2.0]}}),
    Case("b", 2, visibility="hidden", call="double", inputs={"x": {"value": [1.0, 2.0]}})), ("double.py",))
RUNS = Task("loss", "runs", "v", "A loss", (
    Case("a", 1, flags=("--size=1",), expect={"loss": Expectation(band=True)}),
    Case("b", 2, flags=("--size=2",), differs_from="a", expect={"loss": Expectation(band=True, at_least=1)})),
    ("loss.py",))
UPLOADS = {"double": small_course.upload(double_py="def double(x): pass"),
           "loss": small_course.upload(loss_py="def main(args): pass")}


def graded(monkeypatch, task, outcomes, **changes):
    """The record that these outcomes lead to."""
    monkeypatch.setattr(engine_code.runner, "run", lambda *args, **options: outcomes)
    return engine.grade(task, UPLOADS[task.lab], small_course.context(references=Known(), **changes))


def test_right_outcomes_have_full_marks(monkeypatch):
    right = [outcome("a", [2.0, 4.0]), outcome("a", [2.0, 4.0], repeat=1), outcome("b", [2.0, 4.0])]

    functions = graded(monkeypatch, FUNCTIONS, right)
    runs = graded(monkeypatch, RUNS, [outcome("a", {"loss": 1.5}), outcome("b", {"loss": 1.6})])

    assert (functions.score, functions.state, runs.score) == (3, "graded", 3)
    assert functions.cases[0].seconds == 0.2 and functions.cases[0].peak_rss == 2**20


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-10**18, 10**18) | st.floats() | st.text(max_size=5)
    | st.sampled_from([math.nan, math.inf, -math.inf, "1.5", 10**18]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["loss", "accuracy", "x"]), inner),
    max_leaves=6)
OUTCOMES = st.lists(st.builds(
    lambda case, repeat, state, value, error: runner.Outcome(case, repeat, state, value, error),
    st.sampled_from(["a", "b", "c"]), st.integers(0, 2), st.sampled_from(job.STATES), VALUES,
    st.none() | st.fixed_dictionaries({"type": st.text(max_size=9), "text": st.text(max_size=30),
                                       "traceback": st.lists(st.text(max_size=9), max_size=2)})), max_size=6)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(outcomes=OUTCOMES, task=st.sampled_from([FUNCTIONS, RUNS]))
def test_nothing_but_a_right_value_has_points(monkeypatch, outcomes, task):
    found = graded(monkeypatch, task, outcomes)

    first = {}
    for each in outcomes:
        first.setdefault((each.id, each.repeat), each)
    assert [case.id for case in found.cases] == ["a", "b"]
    for case in found.cases:
        assert case.state in record.STATES and 0 <= case.score <= case.max
        needed = range(task.case(case.id).repeats)
        if case.score:
            for repeat in needed:
                answer = first[case.id, repeat]
                assert answer.state == "ok"
                assert answer.value == [2.0, 4.0] if task is FUNCTIONS else 1 <= answer.value["loss"] <= 2
        else:
            assert case.rationale and case.help
    json.loads(record.canonical(found.as_json()))


@pytest.mark.parametrize("outcomes, states", [
    ([], ("student_error", "student_error")),
    ([outcome("a", [2.0, 4.0])], ("student_error", "student_error")),                   # a repeat is missing
    ([outcome("a", [2.0, 4.0]), outcome("a", [2.0, 4.0], "error", 1)], ("student_error", "student_error")),
    ([outcome("a", [2.0, 4.0]), outcome("a", [2.0, 4.0], "limit", 1)], ("limit", "student_error")),
    ([outcome("a", [2.0, 4.0]), outcome("a", [2.0, 4.0], "lost", 1)], ("student_error", "student_error")),
    ([outcome("a", [2.0, math.nan]), outcome("a", [2.0, 4.0], repeat=1)], ("graded", "student_error")),
    ([outcome("a", 2.0), outcome("a", [2.0, 4.0], repeat=1)], ("graded", "student_error"))])
def test_missing_late_and_broken_claims_fail(monkeypatch, outcomes, states):
    found = graded(monkeypatch, FUNCTIONS, outcomes)

    assert found.score == 0 and tuple(case.state for case in found.cases) == states


@pytest.mark.parametrize("value", [None, 1.5, [1.5], "loss", {}, {"accuracy": 1.5}, {"loss": None}, {"loss": "1.5"},
                                   {"loss": True}, {"loss": math.nan}, {"loss": math.inf}, {"loss": [1.5]},
                                   {"loss": np.ones(2)}, {"loss": np.ones([1, 0])}])
def test_what_is_no_dict_of_numbers_fails(monkeypatch, value):
    found = graded(monkeypatch, RUNS, [outcome("a", value), outcome("b", value)])

    assert found.score == 0 and found.state == "graded" and all(case.help for case in found.cases)


def test_equal_numbers_for_other_flags_cost_both_cases(monkeypatch):
    found = graded(monkeypatch, RUNS, [outcome("a", {"loss": 1.5}), outcome("b", {"loss": 1.5})])

    assert found.score == 0 and "although the flags differ" in found.cases[0].rationale
    assert "although the flags differ" in found.cases[1].rationale


def test_a_case_whose_dependency_failed_has_no_points(monkeypatch):
    cases = (FUNCTIONS.cases[0], dataclasses.replace(FUNCTIONS.cases[1], depends=("a",)))

    found = graded(monkeypatch, dataclasses.replace(FUNCTIONS, cases=cases), [
        outcome("a", [2.0, 5.0]), outcome("a", [2.0, 4.0], repeat=1), outcome("b", [2.0, 4.0])])

    assert found.score == 0 and found.cases[1].rationale == "Not counted, as case a failed."
    assert found.cases[1].help == "Mend case a first."


@pytest.mark.parametrize("place", ["runner.run", "plans", "judges.same", "failures.judged", "failures.of_outcome",
                                   "measurements", "board_values"])
def test_an_error_of_ours_is_ours_and_tells_nothing(monkeypatch, place):
    heard = []

    def fail(*args, **options):
        raise RuntimeError(f"{CANARY} expected [2.0, 4.0]")
    right = [outcome("a", [2.0, 4.0]), outcome("a", [2.0, 4.0], repeat=1), outcome("b", [2.0, 4.0])]
    monkeypatch.setattr(engine_code.runner, "run", lambda *args, **options: right)
    owner, _, name = f"engine_code.{place}".rpartition(".")
    monkeypatch.setattr({"engine_code": engine_code, "engine_code.runner": runner, "engine_code.judges":
                         engine_code.judges, "engine_code.failures": failures}[owner], name, fail)

    found = engine.grade(FUNCTIONS, UPLOADS["double"], small_course.context(references=Known(), report=heard.append))

    assert found.score == 0 and found.state == "grader_error" and not found.values
    assert all(case.state == "grader_error" for case in found.cases)
    assert CANARY not in record.canonical(found.as_json()) and CANARY in str(heard[0])


def test_a_case_without_a_record_is_our_fault_and_takes_the_numbers_of_the_board_with_it(monkeypatch):
    only = record.CaseRecord("a", "graded", 1, 1)
    monkeypatch.setitem(engine.JUDGES, "functions", lambda *args: ([only], {"public": 1.0}))

    found = engine.grade(FUNCTIONS, UPLOADS["double"], small_course.context(references=Known()))

    assert [case.state for case in found.cases] == ["graded", "grader_error"]
    assert found.state == "grader_error" and found.values == {}


def test_our_errors_at_home_that_a_student_can_mend_are_told(monkeypatch):
    class Fails(reference.References):
        def of(self, task, planned, context):
            raise errors.DataError("There is no data; type: npfl-kit data")

    with pytest.raises(errors.DataError, match="npfl-kit data"):
        engine.grade(FUNCTIONS, UPLOADS["double"], small_course.context(references=Fails(), home=True))


def test_code_of_strangers_never_runs_without_a_sandbox(monkeypatch):
    monkeypatch.setattr(engine_code.runner, "run", lambda *args, **options: pytest.fail("it ran"))

    with pytest.raises(errors.UsageError, match="--i-trust-these-files"):
        engine.grade(FUNCTIONS, UPLOADS["double"], small_course.context(trusted=False, references=Known()))


def test_code_runs_without_a_sandbox_at_home_or_if_somebody_trusts_it(monkeypatch):
    for changes in {"trusted": False, "home": True}, {"trusted": True}:
        assert graded(monkeypatch, FUNCTIONS, [], **changes).state == "student_error"


def test_at_home_there_are_public_cases_only(monkeypatch):
    found = graded(monkeypatch, FUNCTIONS, [outcome("a", [2.0, 4.0]), outcome("a", [2.0, 4.0], repeat=1)],
                   home=True, secret=b"")

    assert [case.id for case in found.cases] == ["a"] and found.score == found.max == 1


def test_one_case_can_be_asked_for_and_a_wrong_name_is_refused(monkeypatch):
    assert [case.id for case in graded(monkeypatch, RUNS, [], only=("b",)).cases] == ["b"]
    with pytest.raises(errors.UsageError, match="There is no public case 'b'"):
        graded(monkeypatch, FUNCTIONS, [], only=("b",), home=True)


def test_what_one_case_depends_on_runs_with_it(monkeypatch):
    asked = []
    monkeypatch.setattr(engine_code.runner, "run", lambda sources, jobs, *args, **options: asked.extend(jobs) or [])

    engine.grade(RUNS, UPLOADS["loss"], small_course.context(references=Known(), only=("b",)))

    assert [job.id for job in asked] == ["a", "b"]


def test_public_cases_are_run_before_hidden_ones(monkeypatch):
    asked = []
    monkeypatch.setattr(engine_code.runner, "run", lambda sources, jobs, *args, **options: asked.extend(jobs) or [])
    cases = (dataclasses.replace(FUNCTIONS.cases[1], id="h"), FUNCTIONS.cases[0])

    engine.grade(dataclasses.replace(FUNCTIONS, cases=cases), UPLOADS["double"],
                 small_course.context(references=Known()))

    assert [job.id for job in asked] == ["a", "a", "h"]


def test_forbidden_names_cost_all_points_and_nothing_runs(monkeypatch):
    monkeypatch.setattr(engine_code.runner, "run", lambda *args, **options: pytest.fail("it ran"))
    task = dataclasses.replace(FUNCTIONS, forbidden=("np.multiply",))
    code = "import numpy\n\n\ndef double(x): return numpy.multiply(2, x)"

    found = engine.grade(task, small_course.upload(double_py=code), small_course.context(references=Known()))

    assert found.score == 0 and found.state == "student_error"
    assert found.cases[0].rationale.startswith("double.py, line 4: np.multiply")


@pytest.mark.parametrize("files", [{}, {"other_py": "x = 1"}, {"double_py": "x = 1", "other_py": "x = 2"}])
def test_an_upload_with_other_files_is_ungradable_and_free(files):
    found = engine.grade(FUNCTIONS, small_course.upload(**files), small_course.context(references=Known()))

    assert found.score == 0 and found.state == "ungradable" and "asks for" in found.rationale


def test_reproduce_is_a_command_for_public_cases_and_nothing_for_others(monkeypatch):
    found = graded(monkeypatch, FUNCTIONS, [])

    assert found.cases[0].reproduce == "npfl-kit check double double.py --case=a"
    assert found.cases[1].reproduce == ""


def test_a_wrong_answer_shows_the_call_in_public_cases_only(monkeypatch):
    found = graded(monkeypatch, FUNCTIONS, [outcome("a", [1.0, 4.0]), outcome("b", [1.0, 4.0])])

    assert found.cases[0].rationale.startswith("double(x=[1.0, 2.0]): result")
    assert "double(" not in found.cases[1].rationale


def test_of_several_wrong_answers_that_to_the_shortest_question_is_shown(monkeypatch):
    monkeypatch.setattr(plans.inputs, "arrays", lambda case, seed, repeat: {"x": [0] * (9 - 8 * repeat)})

    found = graded(monkeypatch, FUNCTIONS, [outcome("a", [1.0, 4.0]), outcome("a", [2.0, 5.0], repeat=1)])

    assert found.cases[0].rationale.startswith("double(x=[0]): result[1]")


def test_what_a_function_is_asked_is_short_even_if_it_is_large():
    asked = runner.JobCase("a", 0, "call", "double", {"x": {"array": [0.5] * 999, "dtype": "float32", "shape": [999]}})

    assert failures.called(FUNCTIONS.cases[0], asked) == "double(x=float32 [999])"


def test_an_empty_array_is_shown_by_its_shape():
    asked = runner.JobCase("a", 0, "call", "double", {"x": {"array": [], "dtype": "float32", "shape": [0, 4]}})

    assert failures.called(FUNCTIONS.cases[0], asked) == "double(x=float32 [0, 4], empty)"


def test_a_wrong_answer_to_a_question_that_is_not_empty_is_shown_first(monkeypatch):
    asked = [{"array": [], "dtype": "float32", "shape": [0]}, {"array": [2.0], "dtype": "float32", "shape": [1]}]
    monkeypatch.setattr(plans.inputs, "arrays", lambda case, seed, repeat: {"x": asked[repeat]})

    found = graded(monkeypatch, FUNCTIONS, [outcome("a", [1.0, 4.0]), outcome("a", [2.0, 5.0], repeat=1)])

    assert found.cases[0].rationale.startswith("double(x=[2.0]): result[1]")


def failure(kind, text="", frames=(), state="error", **parts):
    return {"state": state, "error": {"type": kind, "text": text, "traceback": list(frames), **parts}}


@pytest.mark.parametrize("found, why, help", [
    (failure("ImportError", "No module", ["a.py, line 1"], where="import"),
     "The script cannot be imported: ImportError: No module", "Look at a.py, line 1"),
    (failure("seconds", "It took longer than 1 s.", state="limit", where="import"),
     "The script cannot be imported: It took longer than 1 s.", "Look for an endless loop; or do it in fewer steps."),
    (failure("seconds", "It took longer than 1 s.", ["a.py, line 1, in f"], "limit"),
     "double(x=[1.0, 2.0]): It took longer than 1 s.",
     "Look for an endless loop at a.py, line 1, in f, where it was when its time was nearly over; or do it in fewer "
     "steps."),
    (failure("disk", "No more.", state="limit"), "double(x=[1.0, 2.0]): No more.", "Write less, or smaller files."),
    (failure("EOFError", "EOF when reading a line", ["a.py, line 2, in f: input()"]),
     "double(x=[1.0, 2.0]): EOFError: input() cannot be used here, as nobody types",
     "Take the value from the arguments: a.py, line 2, in f: input()"),
    (failure("TypeError", "double() got an unexpected keyword argument 'x'"),
     "double(x=[1.0, 2.0]): TypeError: double() got an unexpected keyword argument 'x'",
     "Name the parameters of double x, as the template does."),
    (failure("lost", "A library crashed (SIGSEGV) before it had answered.", ["a.py, line 1, in f"], "lost"),
     "double(x=[1.0, 2.0]): A library crashed (SIGSEGV) before it had answered.",
     "Look at a.py, line 1, in f, where it was then.")])
def test_what_failed_is_said_in_words_with_one_step(monkeypatch, found, why, help):
    case = graded(monkeypatch, FUNCTIONS, [outcome("a", **found)]).cases[0]

    assert (case.rationale, case.help) == (why, help)


def test_a_parser_that_does_not_take_the_flags_is_told_them(monkeypatch):
    case = graded(monkeypatch, RUNS, [outcome("a", **failure("SystemExit", "code 2"))]).cases[0]

    assert case.help.startswith("Let the parser of the script take the flags --size=1")


def test_an_error_of_the_import_is_said_in_the_same_words_of_each_case(monkeypatch):
    cases = (FUNCTIONS.cases[0], dataclasses.replace(FUNCTIONS.cases[1], depends=("a",), visibility="public"))
    fails = failure("ImportError", "No module", ["a.py, line 1"], where="import")

    found = graded(monkeypatch, dataclasses.replace(FUNCTIONS, cases=cases),
                   [outcome("a", **fails), outcome("a", repeat=1, **fails), outcome("b", **fails)])

    assert len({(case.rationale, case.help, case.state) for case in found.cases}) == 1


def test_a_public_case_does_not_name_a_hidden_one(monkeypatch):
    cases = (RUNS.cases[0], dataclasses.replace(RUNS.cases[1], id="secret", visibility="hidden"))

    found = graded(monkeypatch, dataclasses.replace(RUNS, cases=cases),
                   [outcome("a", {"loss": 1.5}), outcome("secret", {"loss": 1.5})])

    assert found.score == 0 and found.cases[0].rationale == "loss does not follow from the flags."
    assert "secret" not in str(found.cases[0]) and "case a" in found.cases[1].rationale


def test_what_was_printed_where_something_is_wrong_is_told_and_is_not_in_the_record(monkeypatch):
    heard = []
    fails = failure("ValueError", "no", ["a.py, line 9, in double: g(x)", "a.py, line 3, in g: raise"])

    found = graded(monkeypatch, FUNCTIONS, [outcome("a", [2.0, 4.0], output="fine\n"),
                                            outcome("a", [2.0, 4.0], repeat=1, output="fine\n"),
                                            outcome("b", output=f"{CANARY}\n", **fails)], printed=heard.append)

    assert heard == [f"[b]\n{CANARY}\n  a.py, line 9, in double: g(x)\n  a.py, line 3, in g: raise\n"]
    assert CANARY not in record.canonical(found.as_json())


def test_what_was_printed_is_bounded(monkeypatch):
    heard = []

    graded(monkeypatch, FUNCTIONS, [outcome("a", [0.0], output="x" * 10**6), outcome("b", [0.0])],
           printed=heard.append)

    assert len(heard[0]) < failures.MOST_PRINTED + 100 and "bytes left out" in heard[0]


def test_right_work_prints_nothing(monkeypatch):
    right = [outcome("a", [2.0, 4.0], output="x"), outcome("a", [2.0, 4.0], repeat=1), outcome("b", [2.0, 4.0])]

    graded(monkeypatch, FUNCTIONS, right, printed=lambda text: pytest.fail(text))


def test_a_wrong_number_of_arguments_is_said_with_their_names(course):
    code = small_course.DOUBLE.replace("def double(x)", "def double(values)")

    found = engine.grade(small_course.task("double"), small_course.upload(double_py=code), small_course.context())

    assert found.cases[0].help == "Name the parameters of double x, as the template does."


def test_what_the_cases_of_a_course_printed_has_no_dump_of_python(course):
    code = "def double(x):\n    print('mine')\n    while True:\n        pass\n\n\ndef plus(x, y):\n    return x\n"
    heard, task = [], dataclasses.replace(small_course.task("double"), limits=Limits(seconds=0.3))

    engine.grade(task, small_course.upload(double_py=code), small_course.context(printed=heard.append))

    assert heard == ["[double]\nmine\n"]       # and that of the hidden case, which is the same, once


def test_seeds_of_hidden_cases_follow_from_the_secret_and_enter_flags():
    case = Case("h", 1, "hidden", flags=("--seed={seed}",), expect={"loss": Expectation(band=True)})
    task = dataclasses.replace(RUNS, cases=(case,))

    one, same, other = (plans.plans(task, [case], secret)[0] for secret in (b"one", b"one", b"other"))

    assert one.jobs == same.jobs and one.jobs[0].flags == (f"--seed={one.seed}",) and one.seed != other.seed


# Run for real, with the course's own solution as the reference.


def test_the_solution_has_full_marks_for_a_hidden_case_as_well(course):
    found = engine.grade(small_course.task("double"), small_course.upload(double_py=small_course.DOUBLE),
                         small_course.context())

    assert found.score == found.max == 4 and {case.isolation for case in found.cases} == {"L0"}


def test_a_student_reads_which_case_failed_and_what_to_do(course):
    wrong = small_course.DOUBLE.replace("return x + y", "return undefined")

    found = engine.grade(small_course.task("double"), small_course.upload(double_py=wrong), small_course.context())

    case = found.cases[1]
    assert (case.state, case.score) == ("student_error", 0) and "NameError: name 'undefined'" in case.rationale
    assert case.help.startswith("Look at double.py, line ") and found.score == 3


@pytest.mark.parametrize("code, state", [
    ("import sys; sys.exit(0)", "student_error"), ("import os; os._exit(0)", "student_error"),
    ("raise ValueError('no')", "student_error"), ("def double(x):", "student_error"),
    ("def double(x): import os; os._exit(0)\ndef plus(x, y): return x", "student_error"),
    ("def double(x): return float('nan') * x\ndef plus(x, y): return x * float('nan')", "graded"),
    ("def double(x): return '=cmd()'\ndef plus(x, y): return 2", "graded"),
    ("def double(x): return {'score': 1, 'state': 'graded'}\ndef plus(x, y): return 10**30", "graded"),
    ("print('{\"case\":\"double\",\"repeat\":0,\"value\":[1]}')\ndef double(x): return x", "graded")])
def test_attacks_by_code_have_no_points(course, code, state):
    found = engine.grade(small_course.task("double"), small_course.upload(double_py=code), small_course.context())

    assert found.score == 0 and found.state == state


def test_published_numbers_returned_as_constants_have_no_points(course):
    (course / "loss.reference.json").write_text(reference_of_loss(), encoding="utf-8")
    constant = small_course.LOSS.replace('args.size + args.seed % 1000 / 1000', '1.042')

    task = small_course.task("loss", calibrated=True)
    honest, printed = (engine.grade(task, small_course.upload(loss_py=code), small_course.context())
                       for code in (small_course.LOSS, constant))

    assert (honest.score, printed.score) == (4, 0) and printed.state == "graded"


def reference_of_loss():
    task = small_course.task("loss")
    bands = {"one": (1.042, 1.042), "two": (2.042, 2.042), "secret": (3.0, 4.0)}
    cases = {case.id: {"fingerprint": reference.fingerprint(case), "bands": {"loss": {
        "min": bands[case.id][0], "max": bands[case.id][1], "margin": 0.0001}}} for case in task.cases}
    return json.dumps({"cases": cases})


# Predictions and weights.


GOLD = [number % 10 for number in range(40)]


@pytest.fixture
def gold(tmp_path):
    folder = tmp_path / "gold"
    folder.mkdir()
    (folder / "gold.txt").write_text("".join(f"{each}\n" for each in GOLD))
    return folder


PREDICTIONS = Task("glyphs_task", "predictions", "v", "Glyphs", (
    Case("seen", 1, expect={"accuracy": Expectation(at_least=0.5)}),
    Case("unseen", 3, "after_due", expect={"accuracy": Expectation(at_least=0.5)})), ("predictions.txt",),
    data=Data("glyphs", "accuracy"), board=Board("accuracy", public=0.5, decimals=2))


def predicted(right, secret=b"s"):
    """Predictions of which so many, from the first on, are right."""
    lines = [each if place < right else (each + 1) % 10 for place, each in enumerate(GOLD)]
    return intake.Upload({"predictions.txt": "".join(f"{each}\n" for each in lines).encode()})


def test_public_cases_are_judged_by_public_rows_and_others_by_the_rest(gold):
    found = engine.grade(PREDICTIONS, predicted(20), small_course.context(gold_dir=gold))

    shown = [case.actual["accuracy"] for case in found.cases]
    assert sum(shown) == pytest.approx(1, abs=0.011) and set(found.values) >= {"public", "private"}
    assert [case.score > 0 for case in found.cases] == [found.values["public"] >= 0.5, found.values["private"] >= 0.5]
    assert all(case.isolation == record.NO_CODE and case.seconds is not None for case in found.cases)


def test_a_case_of_predictions_that_depends_on_one_that_failed_does_not_count(gold):
    easy = Case("easy", 1, "after_due", depends=("seen",), expect={"accuracy": Expectation(at_least=0)})
    task = dataclasses.replace(PREDICTIONS, cases=(*PREDICTIONS.cases, easy))

    bad, good = (engine.grade(task, predicted(count), small_course.context(gold_dir=gold)) for count in (0, 40))

    assert bad.score == 0 and "case seen failed" in bad.cases[2].rationale and good.score == 5


def test_all_right_has_all_points_and_all_wrong_none(gold):
    right, wrong = (engine.grade(PREDICTIONS, predicted(count), small_course.context(gold_dir=gold))
                    for count in (40, 0))

    assert (right.score, wrong.score) == (4, 0) and wrong.cases[0].help.startswith("See what yours gets wrong")


def test_what_to_do_about_wrong_predictions_is_a_whole_command(gold):
    tags = dataclasses.replace(PREDICTIONS, data=Data("ud_english_ewt", "accuracy", column="xpos"))
    weights = dataclasses.replace(tags, kind="weights")

    assert engine_predictions.next_step(tags) == (
        "See what yours gets wrong of the dev split: npfl-kit check glyphs_task predictions_dev.txt "
        "--html=report.html, or npfl-kit evaluate --dataset=ud_english_ewt --column=xpos --split=dev "
        "predictions_dev.txt")
    assert engine_predictions.next_step(weights).startswith("Predict the dev split with them (--predict --weights=")


@pytest.mark.parametrize("content", [b"", b"7", b"7\n" * 39, b"7\n" * 41, b"nan\n" * 40, b"-1\n" * 40, b"\xff\n" * 40,
                                     b"1_0\n" * 40, "١\n".encode() * 40, b"1e9\n" * 40, b"0.5\n" * 40])
def test_a_file_that_is_no_predictions_is_ungradable_and_names_no_gold(gold, content):
    found = engine.grade(PREDICTIONS, intake.Upload({"predictions.txt": content}), small_course.context(gold_dir=gold))

    assert (found.score, found.state) == (0, "ungradable") and not found.values
    assert "40" not in found.rationale and "predictions.txt" in found.rationale


def test_a_course_without_its_gold_is_at_fault_itself(tmp_path):
    task = dataclasses.replace(PREDICTIONS, data=Data("mnist", "accuracy"))

    found = engine.grade(task, predicted(40), small_course.context(gold_dir=tmp_path / "absent"))

    assert (found.score, found.state) == (0, "grader_error")


def test_predictions_never_need_a_sandbox(gold):
    assert engine.grade(PREDICTIONS, predicted(40), small_course.context(gold_dir=gold, trusted=False)).score == 4


def test_a_student_sees_no_private_number(gold):
    import datetime

    found = engine.grade(PREDICTIONS, predicted(20), small_course.context(gold_dir=gold))
    seen = student_view.as_json(found, PREDICTIONS, datetime.datetime.now(datetime.timezone.utc))

    assert "private" not in json.dumps(seen) and [case["id"] for case in seen["cases"]] == ["seen"]


@pytest.mark.parametrize("error, state", [(None, "graded"), (intake.UngradableError("bad weights"), "ungradable"),
                                          (errors.KitError("no box"), "grader_error"),
                                          (isolation.IsolationError(CANARY), "grader_error")])
def test_weights_become_predictions_and_their_errors_become_states(gold, monkeypatch, error, state):
    def predict(*args, **options):
        if error:
            raise error
        return engine_predictions.weights.Predicted(predicted(40).files["predictions.txt"], 2.5, 2**30, "L1")
    monkeypatch.setattr(engine_predictions.weights, "predict", predict)
    task = dataclasses.replace(PREDICTIONS, kind="weights", files=("weights.safetensors",),
                               data=Data("glyphs", "accuracy", file="weights.safetensors",
                                         home_file="weights.safetensors"))

    found = engine.grade(task, intake.Upload({"weights.safetensors": b"?"}), small_course.context(gold_dir=gold))

    assert found.state == state and found.score == (0 if error else 4) and CANARY not in str(found)
    if not error:
        assert {(case.isolation, case.seconds, case.peak_rss) for case in found.cases} == {("L1", 2.5, 2**30)}


def test_limits_of_a_task_reach_the_runner(monkeypatch):
    asked = {}

    def run(sources, jobs, limits, level, **options):
        asked.update(limits=limits, level=level, jobs=jobs, **options)
        return []
    monkeypatch.setattr(engine_code.runner, "run", run)
    task = dataclasses.replace(FUNCTIONS, limits=Limits(seconds=7))
    folder = pathlib.Path("/data")

    context = small_course.context(references=Known(), data_dirs=(folder,), gold_dir=folder)
    engine.grade(task, UPLOADS["double"], context)

    assert asked["limits"].seconds == 7 and asked["jobs"][0].seconds == 7 and asked["level"].name == "L0"
    assert asked["hidden"] == [folder] and asked["environment"] == {"NPFL_KIT_DATA": str(folder)}
