"""Boxes that cannot be used are left out and counted; boxes that stick out are cut off."""
import numpy as np
import pytest

from npfl_kit.data import box_checks

NAN, INF = float("nan"), float("inf")


@pytest.mark.parametrize("box, kind", [
    ([2, 2, 2, 5], "no area"), ([2, 2, 5, 2], "no area"), ([5, 2, 2, 5], "no area"), ([2, 5, 5, 2], "no area"),
    ([4, 4, 4, 4], "no area"), ([NAN, 0, 5, 5], "no number"), ([0, 0, INF, 5], "no number"),
    ([NAN, NAN, NAN, NAN], "no number"), ([-9, 0, -2, 5], "outside"), ([0, 20, 5, 30], "outside"),
    ([0, 20.0, 5, 20.5], "outside"), ([10, 0, 12, 5], "outside"), ([3, 3, 3 + 1e-9, 8], "outside")])
def test_a_box_that_cannot_be_used_is_left_out_and_counted(box, kind):
    report = {}

    boxes, keep = box_checks.usable(np.array([[1, 1, 4, 4], box], np.float64), (10, 20), "a.xml", report)

    assert keep.tolist() == [True, False]
    assert report == {kind: ["a.xml"]}
    assert np.isfinite(boxes).all() and boxes.dtype == np.float32


@pytest.mark.parametrize("box, cut, is_counted", [
    ([-1, -1, 5, 5], [0, 0, 5, 5], False), ([-1.5, 0, 5, 5], [0, 0, 5, 5], True),
    ([0, 0, 11, 21], [0, 0, 10, 20], False), ([-9, -9, 99, 99], [0, 0, 10, 20], True),
    ([0, 0, 10, 20], [0, 0, 10, 20], False)])
def test_a_box_that_sticks_out_is_cut_and_counted_beyond_a_pixel(box, cut, is_counted):
    report = {}

    boxes, keep = box_checks.usable(np.array([box], np.float64), (10, 20), "a.xml", report)

    assert keep.all() and boxes.tolist() == [cut]
    assert report == ({"cut": ["a.xml"]} if is_counted else {})


def test_no_box_is_no_problem():
    boxes, keep = box_checks.usable(np.zeros([0, 4]), (10, 20), "a.xml", report := {})

    assert boxes.shape == (0, 4) and keep.shape == (0,) and not report


@pytest.mark.parametrize("seed", range(3))
def test_what_is_kept_has_an_area_inside_of_the_picture(seed):
    boxes = np.random.default_rng(seed).uniform(-20, 40, [200, 4])

    cut, keep = box_checks.usable(boxes, (10, 20), "a.xml", report := {})

    assert (cut[keep][:, :2] < cut[keep][:, 2:]).all() and (cut >= 0).all() and (cut <= [10, 20, 10, 20]).all()
    assert sum(len(report[kind]) for kind in ("no area", "outside")) == (~keep).sum() > 0


def test_many_files_of_a_report_are_five_names_and_a_number():
    report = {"crowd": [f"{index}.jpg" for index in range(2000)]}

    assert list(box_checks.lines(report)) == [
        "2,000 crowds and difficult objects, neither taught nor scored: 0.jpg, 1.jpg, 2.jpg, 3.jpg, 4.jpg and 1,995 "
        "more"]


def test_merged_reports_stand_in_the_order_of_the_kinds():
    merged = box_checks.merged({"crowd": ["b"]}, {"no area": ["a"], "crowd": ["c"]}, {})

    assert list(merged.items()) == [("no area", ["a"]), ("crowd", ["b", "c"])]


def test_an_unknown_kind_is_a_mistake_of_ours():
    with pytest.raises(ValueError, match="no kind 'odd'"):
        box_checks.note({}, "odd", "a.xml")
