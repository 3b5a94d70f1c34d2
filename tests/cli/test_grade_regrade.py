"""A lab whose reference results are stale is not graded, nor graded again: its results stay, its submissions wait."""
import pytest

from npfl_kit.grading.stores import store as stores


@pytest.fixture
def stale(command, course, lab_folder):
    """Two graded labs, of which `first` was changed after its calibration; gives the store."""
    (lab_folder / "second.toml").write_text((lab_folder / "first.toml").read_text().replace(
        "[[cases]]", 'files = ["first.py"]\n[[cases]]', 1))
    for lab in ("first", "second"):
        assert command("submit", lab, course.archive(), "--person=ada")[0] == 0
    assert command("grade", "run", course.store)[0] == 0
    (lab_folder / "first.reference.json").write_text('{"cases": {"area": {"fingerprint": "0", "values": []}}}')
    return course.store


def runs(store):
    with stores.Store(store) as opened:
        return {number: len(opened.runs(number)) for number in (1, 2)}


@pytest.mark.parametrize("arguments", [["regrade", "--lab=first"], ["rerun", "1"], ["run", "--lab=first"]])
def test_a_stale_lab_alone_is_refused_with_what_to_type(command, stale, arguments):
    code, _, err = command("grade", arguments[0], stale, *arguments[1:])

    assert code == 2 and err.startswith("error: The case area of first was changed after its calibration.")
    assert "npfl-kit grade calibrate first" in err and runs(stale) == {1: 1, 2: 1}


@pytest.mark.parametrize("arguments", [["regrade"], ["rerun", "1", "2"]])
def test_other_labs_are_graded_all_the_same(command, stale, arguments):
    code, out, err = command("grade", arguments[0], stale, *arguments[1:])

    assert "1 done" in out and runs(stale) == {1: 1, 2: 2}
    assert err.startswith("first is left out, and its submissions wait: The case area of first was changed")


def test_a_new_submission_of_a_stale_lab_waits_until_it_is_calibrated(command, stale, course, lab_folder):
    command("submit", "first", course.archive("# 0.5 graded"), "--person=bob")

    _, out, err = command("grade", "run", stale)
    (lab_folder / "first.reference.json").unlink()

    assert "0 done" in out and "first is left out, and its submissions wait" in err
    command("grade", "run", stale)
    with stores.Store(stale) as opened:
        assert opened.runs(3)[-1].score == 2.5


def test_a_solution_that_changed_after_its_calibration_is_told(command, course, lab_folder):
    command("submit", "first", course.archive(), "--person=ada")
    (lab_folder / "first.reference.json").write_text('{"solution": "0", "cases": {}}')

    code, _, err = command("grade", "run", course.store)

    assert code == 0 and "first: the solution was changed" in err and "npfl-kit grade calibrate first" in err
