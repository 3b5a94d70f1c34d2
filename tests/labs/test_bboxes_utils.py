"""bboxes_utils: the course's examples, the kit's core, a slow oracle, and the mistakes that its own check must see."""
import importlib.util
import pathlib
import subprocess
import sys

import numpy as np
import pytest

from npfl_kit import errors
from npfl_kit.core import boxes, matching

LAB = pathlib.Path(__file__).parents[2] / "labs" / "05_detection" / "bboxes_utils.py"
FUNCTIONS = ["bboxes_area", "bboxes_iou", "bboxes_to_fast_rcnn", "bboxes_from_fast_rcnn", "bboxes_training"]
QUARTERS = np.float32([[0, 0, 10, 10], [0, 10, 10, 20], [10, 0, 20, 10], [10, 10, 20, 20]])
TWO = np.array([0, 1]), np.float32([[3, 3, 20, 18], [10, 1, 18, 21]])
MUTANTS = {     # what is replaced by what, and which functions are wrong then
    "area_may_be_negative": ("np.maximum(heights, 0) *", "heights *", "bboxes_area bboxes_iou bboxes_training"),
    "width_for_height": ("bboxes[..., BOTTOM] - bboxes[..., TOP], b", "bboxes[..., RIGHT] - bboxes[..., LEFT], b",
                         "bboxes_area bboxes_iou bboxes_training"),
    "sum_for_union": (" - intersections\n", "\n", "bboxes_iou bboxes_training"),
    "nan_for_empty": ("np.where(unions > 0, unions, 1)", "unions", "bboxes_iou"),
    "one_is_added": ("unions > 0, unions, 1)", "unions > 0, unions + 1, 1)", "bboxes_iou bboxes_training"),
    "sign_of_the_shift": ("(centers - anchor_centers)", "(anchor_centers - centers)",
                          "bboxes_to_fast_rcnn bboxes_training"),
    "log_of_two": ("np.log(", "np.log2(", "bboxes_to_fast_rcnn bboxes_training"),
    "sizes_of_the_box": ("/ anchor_sizes, np", "/ sizes, np", "bboxes_to_fast_rcnn bboxes_training"),
    "x_before_y": ("np.concatenate([(centers - anchor_centers) / anchor_sizes,",
                   "np.concatenate([((centers - anchor_centers) / anchor_sizes)[..., ::-1],",
                   "bboxes_to_fast_rcnn bboxes_training"),
    "half_a_pixel": ("centers = anchor_centers + ", "centers = anchor_centers + 0.5 + ", "bboxes_from_fast_rcnn"),
    "corner_for_center": ("centers - sizes / 2", "centers", "bboxes_from_fast_rcnn"),
    "above_the_threshold": ("best >= iou_threshold", "best > iou_threshold", "bboxes_training"),
    "last_object_wins": ("if golds[anchor] < 0:", "if True:", "bboxes_training"),
    "no_first_pass": ("golds[anchor] = gold", "pass", "bboxes_training"),
    "only_objects_that_overlap": ("if golds[anchor] < 0:", "if golds[anchor] < 0 < ious[anchor, gold]:",
                                  "bboxes_training"),
    "last_anchor_on_ties": ("enumerate(np.argmax(ious, axis=0))",
                            "enumerate(len(ious) - 1 - np.argmax(ious[::-1], axis=0))", "bboxes_training"),
    "last_object_on_ties": ("np.argmax(ious, axis=1), golds",
                            "ious.shape[1] - 1 - np.argmax(ious[:, ::-1], axis=1), golds", "bboxes_training"),
    "forced_anchors_are_not_kept": ("np.where(free & (best", "np.where((best", "bboxes_training"),
    "background_is_no_class": ("classes[found] = 1 +", "classes[found] =", "bboxes_training"),
    "no_band": ("classes[best >= background_iou] = -1", "pass", "bboxes_training"),
    "band_up_to_zero": ("classes[best >= background_iou]", "classes[:]", "bboxes_training"),
    "band_over_objects": ("1 + gold_classes[golds[found]]",
                          "np.where(classes[found] < 0, -1, 1 + gold_classes[golds[found]])", "bboxes_training"),
    "empty_picture_crashes": ("if ious.size:", "if True:", "bboxes_training"),
}


def load(path=LAB):
    spec = importlib.util.spec_from_file_location("bboxes_utils", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def lab():
    return load()


def draw(seed, *shape, dtype=np.float32):
    generator = np.random.default_rng(seed)
    begins = generator.uniform(0, 60, [*shape, 2])
    return np.concatenate([begins, begins + generator.uniform(1, 50, [*shape, 2])], axis=-1).astype(dtype)


def oracle(iou, threshold, low):
    """The rules, one anchor and one object after the other: the object of each anchor, None or "ignored"."""
    result = [None] * len(iou)
    for gold in range(iou.shape[1]):
        anchor = list(iou[:, gold]).index(max(iou[:, gold]))
        if result[anchor] is None:
            result[anchor] = gold
    for anchor, row in enumerate(iou):
        if result[anchor] is None and len(row):
            best = list(row).index(max(row))
            result[anchor] = best if row[best] >= threshold else "ignored" if row[best] >= low else None
    return result


@pytest.mark.parametrize("classes, gold, threshold, expected", [
    ([1], [[14, 14, 16, 16]], 0.5, [0, 0, 0, 2]), ([2], [[0, 0, 20, 20]], 0.26, [3, 0, 0, 0]),
    ([2], [[0, 0, 20, 20]], 0.24, [3, 3, 3, 3]), (*TWO, 0.5, [0, 0, 0, 1]), (*TWO, 0.3, [0, 0, 2, 1]),
    (*TWO, 0.17, [0, 1, 2, 1])])
def test_the_courses_examples(lab, classes, gold, threshold, expected):
    found, codes = lab.bboxes_training(QUARTERS, np.array(classes), np.float32(gold), threshold)

    assert found.dtype == np.int32 and codes.dtype == np.float32
    np.testing.assert_array_equal(found, expected)
    assert not np.any(codes[np.array(expected) == 0])


def test_the_courses_codes(lab):
    _, codes = lab.bboxes_training(QUARTERS, np.array([1]), np.float32([[14, 14, 16, 16]]), 0.5)
    _, of_two = lab.bboxes_training(QUARTERS, *TWO, 0.5)
    alone = lab.bboxes_to_fast_rcnn(np.float32([0, 9, 10, 19]), np.float32([2, 10, 5, 16]))

    np.testing.assert_allclose(codes[3], [0, 0, np.log(0.2), np.log(0.2)], atol=1e-6)
    np.testing.assert_allclose(of_two[3], [-0.35, -0.45, 0.53062, 0.40546], atol=2e-5)
    np.testing.assert_allclose(alone, [-0.15, -0.1, -1.20397, -0.51083], atol=1e-5)


@pytest.mark.parametrize("dtype, tolerance", [(np.float32, 1e-5), (np.float64, 1e-12)])
@pytest.mark.parametrize("seed", range(3))
def test_areas_overlaps_and_codes_are_those_of_the_kit(lab, seed, dtype, tolerance):
    some, others = draw(seed, 3, 1, dtype=dtype), draw(seed + 9, 5, dtype=dtype)

    codes = lab.bboxes_to_fast_rcnn(some, others)
    pairs = [(lab.bboxes_area(some), boxes.area(some)), (lab.bboxes_iou(some, others), boxes.iou(some, others)),
             (codes, boxes.encode(others, some)),
             (lab.bboxes_from_fast_rcnn(some, codes), np.broadcast_to(others, [3, 5, 4]))]

    for ours, true in pairs:
        assert ours.dtype == dtype
        np.testing.assert_allclose(ours, true, rtol=tolerance, atol=10 * tolerance)


@pytest.mark.parametrize("low", [None, 0.2])
@pytest.mark.parametrize("seed", range(20))
def test_the_matching_is_that_of_the_slow_oracle_and_of_the_kit(lab, seed, low):
    generator = np.random.default_rng(seed)
    corners = generator.integers(0, 6, [14, 2])
    whole = np.concatenate([corners, corners + generator.integers(1, 5, [14, 2])], axis=-1).astype(np.float32)
    anchors, gold, classes = whole[:9], whole[9:], generator.integers(0, 5, 5)

    found, codes = lab.bboxes_training(anchors, classes, gold, 0.4, low)

    iou = boxes.pairwise_iou(anchors, gold)
    expected = oracle(iou, np.float32(0.4), 0.4 if low is None else np.float32(low))
    objects = [index if isinstance(index, int) else None for index in expected]
    matched = matching.match(anchors, gold, None, 0.4, 0.4 if low is None else low, "one_per_gold")
    np.testing.assert_array_equal(found, [-1 if index == "ignored" else 0 if index is None else 1 + classes[index]
                                          for index in expected])
    np.testing.assert_array_equal(objects, [index if index >= 0 else None for index in matched])
    boxes_found = matching.gather(gold, matched, default=anchors)
    np.testing.assert_allclose(codes, boxes.encode(boxes_found, anchors), atol=1e-5)


def test_the_band_is_off_unless_asked_for(lab):
    gold = np.array([3]), np.float32([[0, 0, 10, 19]])      # IoU 10 / 19 with the first quarter, 9 / 20 with the next

    assert lab.bboxes_training(QUARTERS, *gold, 0.5)[0].tolist() == [4, 0, 0, 0]
    assert lab.bboxes_training(QUARTERS, *gold, 0.5, 0.4)[0].tolist() == [4, -1, 0, 0]
    assert lab.bboxes_training(QUARTERS, *gold, 0.5, 0.46)[0].tolist() == [4, 0, 0, 0]


def test_a_picture_without_objects_is_background_and_no_anchors_are_none(lab):
    none = np.zeros([0], np.int32), np.zeros([0, 4], np.float32)

    classes, codes = lab.bboxes_training(QUARTERS, *none, 0.5, 0.4)
    of_nobody = lab.bboxes_training(np.zeros([0, 4], np.float32), *TWO, 0.5)

    assert classes.tolist() == [0] * 4 and not np.any(codes)
    assert of_nobody[0].shape == (0,) and of_nobody[1].shape == (0, 4)


def test_empty_boxes_overlap_nothing(lab):
    empty = np.float32([[5, 5, 5, 5], [9, 9, 1, 1]])

    assert lab.bboxes_area(empty).tolist() == [0, 0]
    assert not np.any(lab.bboxes_iou(empty[:, np.newaxis], np.concatenate([QUARTERS, empty])))


def test_the_names_of_other_years_are_the_same_functions(lab):
    assert lab.bbox_to_fast_rcnn is lab.bboxes_to_rcnn is lab.bboxes_to_fast_rcnn
    assert lab.bbox_from_fast_rcnn is lab.bboxes_from_rcnn is lab.bboxes_from_fast_rcnn
    assert (lab.TOP, lab.LEFT, lab.BOTTOM, lab.RIGHT) == (0, 1, 2, 3)


@pytest.mark.parametrize("seed", [0, 1, 42])
def test_the_solution_is_right_in_every_case(lab, seed):
    assert lab.main(lab.parser.parse_args(["--verify", f"--seed={seed}"])) == dict.fromkeys(FUNCTIONS, 1.0)


@pytest.mark.parametrize("seed", [42, 7])
@pytest.mark.parametrize("mutant", MUTANTS)
@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning", "ignore:divide by zero:RuntimeWarning")
def test_a_mistake_is_seen_in_the_functions_that_it_breaks_and_no_others(mutant, seed, tmp_path, capsys):
    old, new, names = MUTANTS[mutant]
    text = LAB.read_text(encoding="utf-8")
    assert text.count(old) == 1, old
    (tmp_path / "mutant.py").write_text(text.replace(old, new), encoding="utf-8")
    broken = load(tmp_path / "mutant.py")

    shares = broken.main(broken.parser.parse_args([f"--seed={seed}"]))

    assert [name for name, share in shares.items() if share < 1] == names.split()
    assert capsys.readouterr().out.count("the first mistake:") == len(names.split())


@pytest.mark.parametrize("answer", [None, 3.0, np.nan, "text", np.zeros([1, 4]), (np.zeros(1),) * 3, [],
                                    [[1], [2, 3]]], ids=str)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_whatever_a_function_gives_is_judged_and_never_crashes_the_check(monkeypatch, name, answer):
    lab = load()
    monkeypatch.setattr(lab, name, lambda *args: answer)

    shares = lab.main(lab.parser.parse_args(["--cases=5"]))

    assert list(shares) == FUNCTIONS and shares[name] < 0.5 and shares["bboxes_from_fast_rcnn"] in (0, 1)


def test_a_function_that_is_not_finished_fails_its_own_cases_and_says_how(monkeypatch, capsys):
    lab = load()

    def unfinished(*args):
        args[0][:] = 7                      # it may even spoil its arguments
        raise NotImplementedError("later")

    monkeypatch.setattr(lab, "bboxes_from_fast_rcnn", unfinished)

    shares = lab.main(lab.parser.parse_args([]))
    with pytest.raises(errors.KitError, match="^Not right yet: bboxes_from_fast_rcnn. See the first mistake"):
        lab.main(lab.parser.parse_args(["--verify"]))

    assert shares == {**dict.fromkeys(FUNCTIONS, 1.0), "bboxes_from_fast_rcnn": 0.0}
    said = capsys.readouterr().out
    assert "0 of 101 cases are right" in said and "raises NotImplementedError: later" in said
    assert "bboxes_from_fast_rcnn(array([ 0.,  9., 10., 19.]" in said


def test_it_runs_by_name_and_a_mistake_is_one_sentence(command, tmp_path):
    right = LAB.read_text(encoding="utf-8")
    (tmp_path / "mutant.py").write_text(right.replace("np.log(", "np.log2("), encoding="utf-8")

    code, out, err = command("run", "bboxes_utils", "--verify")
    wrong_code, _, wrong_err = command("run", tmp_path / "mutant.py", "--verify")

    assert (code, err) == (0, "") and out.count("cases are right") == 5
    assert wrong_code == 2 and wrong_err.startswith("error: Not right yet: bboxes_to_fast_rcnn, bboxes_training.")


def test_a_notebook_can_run_it(capsys):
    exec(compile(LAB.read_text(encoding="utf-8"), "cell", "exec"), {"__name__": "__main__"})

    assert capsys.readouterr().out.count("cases are right") == 5


def test_it_needs_no_tensorflow_and_its_help_has_the_header():
    script = ("import sys; sys.argv[1:] = ['--verify']; import runpy; runpy.run_path({!r}, run_name='__main__'); "
              "assert 'tensorflow' not in sys.modules").format(str(LAB))
    quick = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    shown = subprocess.run([sys.executable, LAB, "--help"], capture_output=True, text=True, timeout=60)

    assert quick.returncode == 0, quick.stderr
    assert shown.returncode == 0
    assert all(word in shown.stdout for word in ["Run:", "Try:", "Read:", "--cases", "--seed", "--verify"])


@pytest.mark.parametrize("flag", ["--cases=-1", "--seed=-1", "--seed=x", "--nothing"])
def test_a_flag_out_of_range_is_refused(lab, flag):
    with pytest.raises(SystemExit) as ended:
        lab.parser.parse_args([flag])

    assert ended.value.code == 2
