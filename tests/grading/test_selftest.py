"""The self-test of a task: it is green for a good task, and red where one pays for nothing or sees no mistake."""
import json

import numpy as np
import pytest
from safetensors import numpy as safetensors_numpy

from npfl_kit import errors
from npfl_kit.grading.grader import reference
from npfl_kit.grading.proofs import mutants, selftest, spoiled_files
from tests.grading import small_course


@pytest.fixture
def course(tmp_path, monkeypatch):
    folder = small_course.make(tmp_path / "home")
    monkeypatch.setenv("NPFL_KIT_HOME", str(tmp_path / "home"))
    return folder


def tried(name="double"):
    task = small_course.task(name)
    solution = selftest.submission(task, reference.script(name))
    return {trial.name: trial for trial in selftest.trials(task, solution, small_course.context(), 2)}


def test_a_good_task_tells_right_from_wrong(course):
    found = tried()

    assert list(found) == ["solution 1", "solution 2", "template", "thrice", "minus"]
    assert all(trial.ok for trial in found.values())
    assert [found[name].record.score for name in found] == [4, 4, 0, 0, 3]


def test_a_template_that_has_points_is_named(course):
    (course / "double.py").write_text(small_course.DOUBLE.replace("    # Exercise: twice each number.\n", ""),
                                      encoding="utf-8")

    found = tried()["template"]

    assert not found.ok and found.why == "double, secret gave points"


def test_a_mutant_that_no_case_sees_is_named(course):
    text = small_course.DOUBLE_MUTANTS.replace('new = "return x - y"', 'new = "return y + x"')
    (course / "double.mutants.toml").write_text(text, encoding="utf-8")

    found = tried()["minus"]

    assert not found.ok and found.why == "plus did not see it"


def test_a_mutant_that_lost_too_few_points_is_named(course):
    (course / "double.toml").write_text("threshold = 2\n" + small_course.DOUBLE_TASK, encoding="utf-8")

    found = tried()["minus"]

    assert not found.ok and found.why == "plus saw it, but 3 points are not below 2"


def test_a_solution_without_full_marks_is_named(course):
    broken = small_course.DOUBLE.replace("return x + y", "raise OSError('no')\n    return x + y")
    (course / "double.py").write_text(broken, encoding="utf-8")

    found = tried()["solution 1"]

    assert not found.ok and found.record.state == "grader_error"    # it is its own reference


@pytest.mark.parametrize("text, said", [
    ('[[mutants]]\nname = "a"\nold = "x"\nnew = "y"\nspoil = "half"', "expected old and new, or spoil"),
    ('[[mutants]]\nname = "a"', "expected old and new, or spoil"),
    ('[[mutants]]\nname = "a"\nspoil = "hallf"', "did you mean half"),
    ('[[mutants]]\nname = "a"\nold = "x"\nfails = ["doubel"]', "did you mean double"),
    ('[[mutants]]\nname = "a"\nodl = "x"', "did you mean old"), ("mutants = []", "one table"), ("[[mutants", "TOML")])
def test_a_mistake_in_the_file_of_mutants_is_named(course, text, said):
    (course / "double.mutants.toml").write_text(text, encoding="utf-8")

    with pytest.raises(errors.DataError, match=r"double\.mutants\.toml.*" + said):
        mutants.read(small_course.task("double"))


@pytest.mark.parametrize("old, new, said", [("return", "", "found it 3 times"), ("absent", "", "found it 0 times"),
                                            ("return 2 * x", "return (", "is no Python")])
def test_a_mutant_that_does_not_fit_the_solution_is_refused(course, old, new, said):
    task = small_course.task("double")

    with pytest.raises(errors.DataError, match=said):
        mutants.spoiled(task, mutants.Mutant("a", old, new), {"double.py": small_course.DOUBLE.encode()}, {})


LINES = b"3\n1\n2\n2\n"
TAGS = b"A\nB\n\nC\n"
BOXES = json.dumps([{"image_id": 1, "category_id": 1, "bbox": [1, 2, 30, 4], "score": 0.75},
                    {"image_id": 2, "category_id": 1, "bbox": [5, 6, 7, 8], "score": 0.25}]).encode()


@pytest.mark.parametrize("way, expected", [("constant", b"3\n3\n3\n3\n"), ("late", b"2\n3\n1\n2\n"),
                                           ("half", b"3\n1\n"), ("other_split", b"dev")])
def test_spoiled_lines(way, expected):
    assert spoiled_files.WAYS[way](LINES, b"dev") == expected


def test_spoiled_tags_keep_their_sentences():
    assert spoiled_files.late(TAGS) == b"C\nA\n\nB\n" and spoiled_files.constant(TAGS) == b"A\nA\n\nA\n"
    assert sorted(spoiled_files.shuffled(TAGS).split(b"\n")) == sorted(TAGS.split(b"\n"))


@pytest.mark.parametrize("way, boxes, scores, images", [
    ("swapped", [[2, 1, 4, 30], [6, 5, 8, 7]], [0.75, 0.25], [1, 2]),
    ("corners", [[1, 2, 31, 6], [5, 6, 12, 14]], [0.75, 0.25], [1, 2]),
    ("centers", [[16, 4, 30, 4], [8.5, 10, 7, 8]], [0.75, 0.25], [1, 2]),
    ("unsure", [[1, 2, 30, 4], [5, 6, 7, 8]], [0.25, 0.75], [1, 2]),
    ("late", [[1, 2, 30, 4], [5, 6, 7, 8]], [0.75, 0.25], [2, 1]),
    ("constant", [[1, 2, 30, 4], [1, 2, 30, 4]], [0.75, 0.75], [1, 2])])
def test_spoiled_detections(way, boxes, scores, images):
    found = json.loads(spoiled_files.WAYS[way](BOXES, b""))

    assert [each["bbox"] for each in found] == boxes and [each["score"] for each in found] == scores
    assert [each["image_id"] for each in found] == images


@pytest.mark.parametrize("way", ["zeros", "noise", "turned", "negative"])
def test_spoiled_weights_keep_names_shapes_and_metadata(way):
    arrays = {"kernel": np.arange(36, dtype=np.float32).reshape(3, 3, 2, 2), "bias": np.ones(2, np.float32)}
    content = safetensors_numpy.save(arrays, metadata={"lab": "cnn"})

    spoiled = spoiled_files.WAYS[way](content, b"")

    found = safetensors_numpy.load(spoiled)
    assert {name: found[name].shape for name in found} == {name: arrays[name].shape for name in arrays}
    assert not np.array_equal(found["kernel"], arrays["kernel"]) and b'"lab":"cnn"' in spoiled


def test_a_task_without_mutants_is_tried_all_the_same(course):
    (course / "double.mutants.toml").unlink()

    assert list(tried()) == ["solution 1", "solution 2", "template"]
    assert mutants.invitation(small_course.task("double")).startswith(
        f"No mutants yet. Write some into {course / 'double.mutants.toml'}, such as:\n\n[[mutants]]\nname = ")


def test_a_sample_of_a_mutant_has_the_form_of_one(course):
    sample = mutants.invitation(small_course.task("double")).partition("\n\n")[2]
    (course / "double.mutants.toml").write_text(sample, encoding="utf-8")

    assert mutants.read(small_course.task("double"))[0].fails == ("double",)


@pytest.mark.parametrize("text", [small_course.DOUBLE_MUTANTS.replace("return x + y", "absent"),
                                  small_course.DOUBLE_MUTANTS.replace('["plus"]', '["pluss"]')])
def test_mutants_and_template_are_checked_before_anything_is_graded(course, monkeypatch, text):
    (course / "double.mutants.toml").write_text(text, encoding="utf-8")
    monkeypatch.setattr(selftest.engine, "grade", lambda *given: pytest.fail("it was graded"))

    with pytest.raises(errors.DataError):
        tried()


def test_a_trial_is_announced_when_it_begins(course):
    task, said = small_course.task("double"), []
    trials = selftest.trials(task, selftest.submission(task, reference.script("double")), small_course.context(), 1,
                             said.append)

    assert [said[-1] for _ in trials] == ["solution 1", "template", "thrice", "minus"]
