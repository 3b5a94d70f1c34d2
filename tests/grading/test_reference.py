"""References: what the solution answers comes from the file for public cases and is computed once for the others."""
import json

import numpy as np
import pytest

from npfl_kit import errors
from npfl_kit.grading.grader import plans, reference
from npfl_kit.grading.proofs import calibrate
from npfl_kit.grading.sandbox import runner
from npfl_kit.grading.tasks import task_file
from npfl_kit.grading.wire import values
from tests.grading import small_course


@pytest.fixture
def course(tmp_path, monkeypatch):
    folder = small_course.make(tmp_path / "home")
    monkeypatch.setenv("NPFL_KIT_HOME", str(tmp_path / "home"))
    return folder


@pytest.fixture
def runs(monkeypatch):
    """Counts the jobs that are run."""
    jobs, real = [], runner.run

    def run(sources, cases, *args, **options):
        jobs.extend(case.id for case in cases)
        return real(sources, cases, *args, **options)
    monkeypatch.setattr(reference.runner, "run", run)
    return jobs


def of(task, context, references=None):
    planned = plans.plans(task, task.cases, context.secret)
    return (references or context.references).of(task, planned, context)


def test_answers_are_computed_once_for_equal_seeds_and_anew_for_others(course, runs):
    task, cache = small_course.task("double"), {}
    context = small_course.context(secret=b"one")

    first = of(task, context, reference.References(cache))
    again = of(task, context, reference.References(cache))
    count = len(runs)
    of(task, small_course.context(secret=b"two"), reference.References(cache))

    assert count == 5 and runs[count:] == ["secret"]        # public seeds are the same for every secret
    np.testing.assert_array_equal(first["secret"].values[0], again["secret"].values[0])


def test_a_solution_that_was_mended_answers_anew(course):
    task, cache, context = small_course.task("double"), {}, small_course.context()
    (course / "double.py").write_text(small_course.DOUBLE.replace("2 * x", "3 * x"), encoding="utf-8")
    wrong = of(task, context, reference.References(cache))["secret"].values[0]
    (course / "double.py").write_text(small_course.DOUBLE, encoding="utf-8")

    right = of(task, context, reference.References(cache))["secret"].values[0]

    np.testing.assert_allclose(3 * right, 2 * wrong)


def test_a_reference_file_knows_its_solution(course):
    task = small_course.task("loss")
    assert not reference.is_of_another_solution(task)       # which nobody has measured
    document = calibrate.calibrate(task, course / "loss.py", small_course.context(), 1, {"as it is": {}})
    (course / "loss.reference.json").write_text(calibrate.text(document), encoding="utf-8")
    assert not reference.is_of_another_solution(task)

    (course / "loss.py").write_text(small_course.LOSS + "# mended\n", encoding="utf-8")

    assert reference.is_of_another_solution(task)


def test_a_cache_holds_text_only(course):
    cache = {}

    of(small_course.task("double"), small_course.context(), reference.References(cache))

    assert cache and all(isinstance(text, str) and json.loads(text) for text in cache.values())


def test_public_values_come_from_the_file_without_a_run(course, runs):
    task = small_course.task("double")
    cases = {case.id: {"fingerprint": reference.fingerprint(case), "values": [values.to_json([7.0])] * case.repeats}
             for case in task.cases}
    (course / "double.reference.json").write_text(json.dumps({"cases": cases}), encoding="utf-8")

    found = of(task, small_course.context())

    assert found["double"].values == [[7.0]] * 3 and set(runs) == {"secret"}      # the file is no word on hidden cases


@pytest.mark.parametrize("change", ["repeats = 3", "{ n = [0, 3] }"])
def test_a_case_that_changed_since_is_refused(course, change):
    task = small_course.task("double")
    cases = {case.id: {"fingerprint": reference.fingerprint(case), "values": []} for case in task.cases}
    (course / "double.reference.json").write_text(json.dumps({"cases": cases}), encoding="utf-8")
    changed = small_course.DOUBLE_TASK.replace(change, change.replace("3", "4"))
    (course / "double.toml").write_text(changed, encoding="utf-8")

    with pytest.raises(errors.DataError, match="grade calibrate double"):
        of(small_course.task("double"), small_course.context())


def test_points_and_words_of_a_case_may_change_without_a_new_calibration(course):
    before = small_course.task("double").cases[0]
    text = small_course.DOUBLE_TASK.replace("points = 1\nwhy", "points = 5\nwhy").replace("All else", "Nothing")
    (course / "double.toml").write_text(text, encoding="utf-8")

    assert reference.fingerprint(small_course.task("double").cases[0]) == reference.fingerprint(before)


def test_a_secret_seed_has_the_margin_around_the_answer_for_it(course):
    task = small_course.task("loss")
    cases = {case.id: {"fingerprint": reference.fingerprint(case),
                       "bands": {"loss": {"min": 1.0, "max": 2.0, "margin": 0.25}}} for case in task.cases}
    (course / "loss.reference.json").write_text(json.dumps({"cases": cases}), encoding="utf-8")
    context = small_course.context(secret=b"one")
    seed = plans.plans(task, task.cases, b"one")[2].seed

    found = of(small_course.task("loss"), context)

    assert found["one"].bands == {"loss": (0.75, 2.25)}
    answer = 3 + seed % 1000 / 1000
    assert found["secret"].bands["loss"] == pytest.approx((answer - 0.25, answer + 0.25))


def test_a_band_that_was_never_measured_is_the_fault_of_the_course(course):
    with pytest.raises(errors.DataError, match="no calibrated band. Type: npfl-kit grade calibrate loss"):
        of(small_course.task("loss"), small_course.context())


def test_a_solution_that_fails_is_named(course):
    (course / "double.py").write_text("def double(x): return x\ndef plus(x, y): raise OSError('gone')")

    with pytest.raises(errors.DataError, match=r"double.toml, \[\[cases\]\] plus, inputs: the reference solution "
                       r"double.py fails .*OSError: gone"):
        of(small_course.task("double"), small_course.context())


def test_the_solution_of_a_task_is_the_lab_whose_name_it_begins_with(course):
    assert reference.script("double").name == reference.script("double_of_weights").name == "double.py"
    with pytest.raises(errors.UsageError, match="There is no lab 'doublet'; did you mean double"):
        reference.script("doublet")


def test_the_version_of_a_task_follows_from_its_reference_file(course):
    before = small_course.task("double").version

    (course / "double.reference.json").write_text('{"cases": {}}', encoding="utf-8")

    assert task_file.read(task_file.find("double")).version != before


def outdated(course, name, **changes):
    """A course whose reference results are of another task file."""
    cases = {case.id: {"fingerprint": reference.fingerprint(case), "values": [],
                       "bands": {"loss": {"min": 1.0, "max": 2.0, "margin": 0.25}}}
             for case in small_course.task(name).cases}
    (course / f"{name}.reference.json").write_text(json.dumps({"cases": cases}), encoding="utf-8")
    text = small_course.FILES[f"{name}.toml"]
    for old, new in changes.values():
        assert old in text
        text = text.replace(old, new)
    (course / f"{name}.toml").write_text(text, encoding="utf-8")
    return small_course.task(name)


@pytest.mark.parametrize("name, change, said", [
    ("double", ("{ n = [0, 3] }", "{ n = [0, 4] }"), "The case double of double was changed"),
    ("loss", ("--size=2", "--size=4"), "The case two of loss was changed"),
    ("loss", ('id = "two"', 'id = "deux"'), "The case deux of loss has no calibrated band"),
    ("loss", ("expect.loss = { band = true, at_most = 100 }", "expect.accuracy = { band = true }"),
     "The case two of loss has no calibrated band of accuracy")])
def test_results_of_another_task_file_are_refused_before_anything_runs(course, runs, name, change, said):
    task = outdated(course, name, change=change)

    with pytest.raises(errors.DataError, match=f"{said}.* Type: npfl-kit grade calibrate {name}"):
        reference.require_current(task)
    with pytest.raises(errors.DataError, match=f"{said}.* Type: npfl-kit grade calibrate {name}"):
        of(task, small_course.context())
    assert not runs


def test_a_student_is_sent_to_the_teacher_and_to_no_verb_of_teachers(course):
    task = outdated(course, "double", change=("{ n = [0, 3] }", "{ n = [0, 4] }"))

    with pytest.raises(errors.DataError, match="tell your teacher. The case double of double was changed") as raised:
        of(task, small_course.context(home=True))
    assert "calibrate" not in str(raised.value)


@pytest.mark.parametrize("name", ["double", "loss"])
def test_results_of_the_task_file_are_current_and_functions_need_none(course, name):
    reference.require_current(small_course.task("double"))
    reference.require_current(outdated(course, name))
    hidden = "inputs.x = { normal = [4] }", "inputs.x = { normal = [5] }"
    reference.require_current(outdated(course, "double", change=hidden))


@pytest.mark.parametrize("text", ["[]", "{}", '{"cases": 3}'])
def test_a_reference_file_of_another_form_is_named(course, text):
    (course / "double.reference.json").write_text(text, encoding="utf-8")

    with pytest.raises(errors.DataError, match="double.reference.json.*grade calibrate double"):
        reference.require_current(small_course.task("double"))


def test_a_list_that_should_be_an_array_is_explained(course):
    text = small_course.DOUBLE_TASK.replace("inputs.x = { normal = [2] }", "inputs.x = { value = [1.0, 2.0] }")
    (course / "double.toml").write_text(text, encoding="utf-8")
    (course / "double.py").write_text("def double(x): return x\ndef plus(x, y): return x.max()", encoding="utf-8")

    with pytest.raises(errors.DataError, match='inputs: .*no attribute .max.*dtype = "float32"'):
        of(small_course.task("double"), small_course.context())
