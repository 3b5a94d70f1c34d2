"""Calibration: a band spans what the solution gives over all settings, and a solution must agree with itself."""
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from npfl_kit import errors
from npfl_kit.grading.grader import engine, reference
from npfl_kit.grading.proofs import calibrate
from tests.grading import small_course

TWO = {name: calibrate.SETTINGS[name] for name in ("oneDNN, 1 thread", "plain, 4 threads")}
NUMBERS = st.floats(-1e6, 1e6)


@pytest.fixture
def course(tmp_path, monkeypatch):
    folder = small_course.make(tmp_path / "home")
    monkeypatch.setenv("NPFL_KIT_HOME", str(tmp_path / "home"))
    return folder


def calibrated(course, name, repeats=2, settings=TWO):
    document = calibrate.calibrate(small_course.task(name), course / f"{name}.py", small_course.context(), repeats,
                                   settings)
    (course / f"{name}.reference.json").write_text(calibrate.text(document), encoding="utf-8")
    return document


@given(st.lists(st.lists(NUMBERS, min_size=1, max_size=4), min_size=1, max_size=4))
def test_a_band_holds_every_number_and_its_margin_every_spread(numbers):
    band = calibrate.band(numbers)

    for each in numbers:
        assert band["min"] <= min(each) and max(each) <= band["max"]
        assert band["margin"] >= max(each) - min(each) and band["margin"] >= calibrate.ABSOLUTE


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_a_band_of_what_is_not_finite_is_refused(number):
    with pytest.raises(errors.DataError, match="not finite"):
        calibrate.band([[1.0, number]])


def test_settings_are_all_threads_with_both_kinds_of_kernels():
    assert len(calibrate.SETTINGS) == 6
    assert {each["TF_ENABLE_ONEDNN_OPTS"] for each in calibrate.SETTINGS.values()} == {"0", "1"}
    assert {each["OMP_NUM_THREADS"] for each in calibrate.SETTINGS.values()} == {"1", "2", "4"}


def test_values_of_public_functions_are_kept_and_hidden_ones_are_not(course):
    document = calibrated(course, "double", repeats=1)

    assert set(document["cases"]) == {"double", "plus"} and len(document["cases"]["double"]["values"]) == 3
    found = engine.grade(small_course.task("double", True), small_course.upload(double_py=small_course.DOUBLE),
                         small_course.context(home=True, secret=b""))
    assert found.score == found.max == 2


def test_bands_of_hidden_runs_span_the_seeds_and_their_margin_does_not(course):
    document = calibrated(course, "loss", repeats=2)

    bands = {name: entry["bands"]["loss"] for name, entry in document["cases"].items()}
    assert bands["one"]["min"] == bands["one"]["max"] == pytest.approx(1.042)
    assert bands["secret"]["max"] > bands["secret"]["min"] and bands["secret"]["margin"] < 0.01
    found = engine.grade(small_course.task("loss", True), small_course.upload(loss_py=small_course.LOSS),
                         small_course.context())
    assert found.score == found.max == 4


def test_a_solution_that_differs_from_itself_is_refused(course):
    (course / "double.py").write_text("import random\n\n\ndef double(x): return random.random()\n"
                                      "def plus(x, y): return 1", encoding="utf-8")

    with pytest.raises(errors.DataError, match="differs from itself in the case double"):
        calibrated(course, "double", repeats=1)


def test_settings_reach_the_solution(course):
    (course / "loss.py").write_text(small_course.LOSS.replace("import argparse", "import argparse\nimport os").replace(
        "args.size +", "int(os.environ['OMP_NUM_THREADS']) + int(os.environ['TF_ENABLE_ONEDNN_OPTS']) +"),
        encoding="utf-8")

    band = calibrated(course, "loss", repeats=1)["cases"]["one"]["bands"]["loss"]

    assert (band["min"], band["max"], band["margin"]) == pytest.approx((2.042, 4.042, 20.0))


def test_the_file_is_json_with_a_line_for_each_case(course):
    document = calibrated(course, "loss", repeats=1)
    text = (course / "loss.reference.json").read_text(encoding="utf-8")

    assert json.loads(text) == json.loads(json.dumps(document))
    assert [name for name in ("one", "two", "secret") if f'\n    "{name}": ' in text] == ["one", "two", "secret"]
    assert document["environment"]["python"] and document["settings"] == list(TWO)


def test_a_task_of_bounds_alone_runs_nothing(course, monkeypatch):
    text = small_course.LOSS_TASK.replace("band = true", "at_least = 0").replace(", at_most = 100", "")
    (course / "loss.toml").write_text(text, encoding="utf-8")
    monkeypatch.setattr(reference, "run", lambda *args, **options: pytest.fail("it ran"))

    assert calibrated(course, "loss")["cases"] == {}
