"""A student's report: one page that needs nothing else, tells first what to do, and lets no stranger's text act."""
import dataclasses
import gzip
import io
import re
import types

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from PIL import Image

from npfl_kit.grading import record
from npfl_kit.grading.marks import lateness, policy
from npfl_kit.grading.pages import html, page_style, report_html, worst_examples
from npfl_kit.grading.stores import entries
from npfl_kit.grading.tasks import task
from npfl_kit.grading.uploads import intake
from tests.grading import canaries, chromium, page_checks
from tests.grading.policy_cases import DIGEST

WHEN = lateness.instant("2026-11-22T09:00:00Z")
SUBMISSION = entries.Submission(12, "first", "ada", ("ada", "ben"), "2026-11-21T20:00:00.000000+00:00", DIGEST, DIGEST)
LOST = record.CaseRecord("iou", "graded", 1.0, 2.0, "public", [[0.5, 0.0]], [[0.5, "nan"]], "element [0, 1] is nan.",
                         "Divide only where the union is above 0.", 0.42, 2**28, "L1",
                         "npfl-kit check boxes boxes.py --case=iou")
CASES = (record.CaseRecord("area", "graded", 1.0, 1.0, rationale="All inputs are right.", isolation="L1"), LOST,
         record.CaseRecord("slow", "limit", 0.0, 1.0, rationale="It took more than 5 s.", seconds=5.0,
                           peak_rss=3 * 2**29, isolation="L1"),
         record.CaseRecord("random", "graded", 0.0, 2.0, "hidden", rationale=canaries.CANARY))
TASK = task.Task("first", "functions", "v1", "Boxes: overlap and encoding",
                 (task.Case("area", 1.0), task.Case("iou", 2.0, why="It decides which anchor answers."),
                  task.Case("slow", 1.0, seconds=5.0), task.Case("random", 2.0, "hidden")), ("boxes.py",), threshold=1,
                 late=task.Late("2026-11-21T18:00:00Z", "2026-11-21T22:00:00Z"))


def a_record(cases=CASES, state=None, rationale=""):
    return record.Record("first", "v1", DIGEST, state or record.overall(cases), cases, {"python": "3.11.7"},
                         rationale=rationale)


def a_page(cases=CASES, **parts):
    return page_checks.check(report_html.report(a_record(cases), TASK, WHEN, **parts))


def pictures(count=3, size=8):
    pixels = np.random.default_rng(0).integers(256, size=[count, size, size, 3]).astype(np.uint8)
    scores = types.SimpleNamespace(worst=tuple(range(count)), expected=("cat",) * count, actual=("dog",) * count)
    return worst_examples.examples(scores, types.SimpleNamespace(images=pixels), "dev", "dev")


def test_what_to_do_next_comes_before_the_cases():
    text = a_page().text

    assert text.index("What to do next") < text.index("Divide only where the union is above 0.") < text.index("Cases")
    assert "Boxes: overlap and encoding" in text and "2  of 6 points" in text


@pytest.mark.parametrize("part", [
    "[[0.5, 0.0]]", '[[0.5, "nan"]]', "element [0, 1] is nan.", "It decides which anchor answers.", "0.4 s of 60 s",
    "256 MiB of 1.5 GiB memory at most", "5.0 s of 5 s", "1.5 GiB of 1.5 GiB memory at most", "L1", "python 3.11.7",
    "Hidden cases show their points alone"])
def test_a_case_shows_all_that_is_known_of_it(part):
    assert part in a_page().text


def test_the_command_is_whole_and_selected_by_a_click():
    page = report_html.report(a_record(), TASK, WHEN)

    assert page.count('<pre class="command" tabindex="0">') == 2 and "user-select:all" in page
    assert "npfl-kit check boxes boxes.py --case=iou" in " ".join(a_page().text.split())


def test_receipt_and_lateness_are_told():
    runs = [entries.Run(1, SUBMISSION, "v1", DIGEST, 1, True, a_record(), None, "submit", 0, SUBMISSION.received_at,
                        SUBMISSION.received_at)]
    text = " ".join(a_page(submission=SUBMISSION, grade=policy.grade_of(TASK, runs)).text.split())

    assert "12, by ada, ben" in text and "2026-11-21 20:00:00 UTC" in text and DIGEST in text
    assert "1.5 of 6 points, from submission 12, which was late: its points count x 0.75" in text


def test_moments_are_in_the_zone_of_the_deadline():
    described = dataclasses.replace(TASK, late=task.Late("2026-11-21T19:00:00+01:00"))
    page = report_html.report(a_record(), described, WHEN, SUBMISSION)

    assert "2026-11-21 21:00:00 +01:00" in page and "2026-11-22 10:00:00 +01:00" in page and "UTC" not in page


def test_points_of_order_are_told_apart_and_the_threshold_always():
    described = dataclasses.replace(TASK, board=task.Board("loss", order_points=5), threshold=2)
    runs = [entries.Run(1, SUBMISSION, "v1", DIGEST, 1, True, a_record(), None, "submit", 0, SUBMISSION.received_at,
                        SUBMISSION.received_at)]
    text = " ".join(page_checks.check(report_html.report(
        a_record(), described, WHEN, SUBMISSION, policy.grade_of(described, runs))).text.split())

    assert "so far: 1.5 of 6 points, and up to 5 more for the final order" in text
    assert "With fewer than 2 of the 6 points of all cases there are none." in text
    assert "With fewer than 1 of the 6 points" in a_page().text


def test_one_cause_of_all_cases_is_told_once():
    said = "The script cannot be imported: ModuleNotFoundError: No module named 'torch'"
    cases = [record.CaseRecord(name, "student_error", 0.0, 1.0, rationale=said, help="Look at it.")
             for name in ("area", "iou", "slow")]

    text = a_page([*cases, CASES[3]]).text

    assert text.count(said) == 1 and "All 3 cases" in text and "0 of 3 points" in " ".join(text.split())
    assert all(name in text for name in ("area", "iou", "slow", "random"))


def test_full_marks_leave_nothing_to_do():
    assert "Nothing is left to do" in a_page(CASES[:1]).text


def test_only_hidden_cases_lost_points_gives_a_step_without_a_name():
    text = a_page((CASES[0], CASES[3])).text

    assert "test what the assignment says" in text and canaries.CANARY not in text


@pytest.mark.parametrize("state, said", [("ungradable", "used no attempt"), ("grader_error", "not your fault")])
def test_what_was_not_judged_says_so_once(state, said):
    cases = tuple(record.CaseRecord(name, state, 0.0, 1.0, rationale="line 3: a class", help="Mend the files.")
                  for name in ("area", "iou"))
    text = page_checks.check(report_html.report(a_record(cases, rationale="line 3: a class\nline 8: a class"), TASK,
                                                WHEN)).text

    assert said in text and "None of the cases was judged." in text
    assert ("line 8: a class" in text) == (state == "ungradable")


def test_hostile_text_stays_text():
    found = canaries.a_hostile_record()
    described = canaries.a_task(title=canaries.HOSTILE, cases=tuple(
        task.Case(case.id, 1.0, why=canaries.HOSTILE) for case in found.cases))
    examples = [worst_examples.Example(0, canaries.HOSTILE, canaries.HOSTILE, png=b"\x89PNG"),
                worst_examples.Example(1, canaries.HOSTILE, "x",
                                       words=(worst_examples.Word(*[canaries.HOSTILE] * 3),))]
    by = entries.Submission(1, canaries.HOSTILE, canaries.HOSTILE, (canaries.HOSTILE,), SUBMISSION.received_at, DIGEST,
                            DIGEST)

    page = page_checks.check(report_html.report(found, described, WHEN, by, None, examples))

    assert "<script>alert(1)</script>" in page.text and "link](javascript:" in page.text
    assert [each["alt"][:20] for each in page.all("img")] == ["Example 0: it is <sc"]


@settings(max_examples=50)
@given(some.text(some.characters(), max_size=80),
       some.sampled_from(["rationale", "help", "reproduce", "expected", "id"]))
def test_any_text_in_any_place_gives_a_page_that_is_whole(text, place):
    case = record.CaseRecord(**{**dict(id="a", state="graded", score=0.0, max=1.0), place: text})

    page_checks.check(report_html.report(a_record((case,)), TASK, WHEN)).text.encode("utf-8")


@given(some.text(some.characters()))
def test_escaped_text_has_no_mark_of_html(text):
    assert not re.search("[<>\"']", html.escaped(text))


def test_an_attribute_cannot_be_left():
    assert html.element("p", title='"><script>', class_=None) == '<p title="&quot;&gt;&lt;script&gt;"></p>'


@pytest.mark.parametrize("used, allowed, width", [(0, 1, 0), (1, 4, 25), (9, 3, 100), (1, 0, 100), (-1, 3, 0)])
def test_a_bar_stays_within_its_frame(used, allowed, width):
    assert f"width:{width}%" in html.bar(used, allowed, "text", full="bad")


def test_a_full_bar_is_good_or_bad_and_another_one_neither():
    found = [html.bar(1, 1, "", full="good"), html.bar(2, 1, "", full="bad"), html.bar(1, 2, "", full="bad")]

    assert [re.search('class="(.*?)"', each)[1] for each in found] == ["bar good", "bar bad", "bar"]


def luminance(color):
    parts = [int(color[place:place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("palette", page_style.PALETTES)
@pytest.mark.parametrize("text, ground", page_style.READ_ON)
def test_text_is_read_with_a_contrast_of_wcag_aa(palette, text, ground):
    colors = page_style.PALETTES[palette]
    light, dark = sorted((luminance(colors[text]), luminance(colors[ground])), reverse=True)

    assert (light + 0.05) / (dark + 0.05) >= 4.5


def test_every_color_of_the_rules_is_in_both_palettes():
    used = set(re.findall(r"var\(--([\w-]+)\)", page_style.RULES))

    assert all(used <= set(colors) for colors in page_style.PALETTES.values())


def test_pictures_are_inside_the_page_and_named():
    page = a_page(worst=pictures())

    assert len(page.all("img")) == 3 and "Predicted wrongly on the split you have at home" in page.text
    assert page.all("img")[0]["alt"] == "Example 0: it is cat, predicted dog"


@pytest.mark.parametrize("shape, size", [([8, 8, 3], (112, 112)), ([28, 28, 1], (112, 112)),
                                         ([400, 200, 3], (112, 224)), ([32, 16], (64, 128)),
                                         ([150, 150, 4], (150, 150))])
def test_a_picture_is_large_enough_to_see_and_not_larger(shape, size):
    png = worst_examples.png(np.zeros(shape, np.uint8))

    assert Image.open(io.BytesIO(png)).size == size and len(png) < 20_000


@pytest.mark.parametrize("pixels", [np.zeros([2, 2]), np.zeros([0, 2], np.uint8), np.zeros([2], np.uint8)])
def test_what_is_no_picture_is_refused(pixels):
    with pytest.raises(ValueError, match="expected pixels"):
        worst_examples.png(pixels)


def test_examples_of_a_hidden_split_are_never_shown():
    with pytest.raises(ValueError, match="only examples of dev"):
        worst_examples.examples(types.SimpleNamespace(worst=(0,), expected=("a",), actual=("b",)),
                                types.SimpleNamespace(images=np.zeros([1, 2, 2, 3], np.uint8)), "test", "dev")


def test_examples_at_home_are_those_of_the_real_judge(tmp_path):
    for part, count in (("train", 120), ("t10k", 20)):      # the last twelfth of train is dev
        for kind, shape, values in (("labels-idx1", [count], np.arange(count) % 10),
                                    ("images-idx3", [count, 28, 28], np.zeros([count, 28, 28]))):
            header = bytes([0, 0, 8, len(shape)]) + np.array(shape, ">i4").tobytes()
            (tmp_path / f"{part}-{kind}-ubyte.gz").write_bytes(gzip.compress(header + values.astype("u1").tobytes()))
    described = task.Task("first", "predictions", "v1", "Digits", (task.Case("only", 1.0),), ("predictions.txt",),
                          data=task.Data("mnist", "accuracy"))
    answers = np.where(np.arange(10) == 3, 7, np.arange(10))
    (tmp_path / "predictions_dev.txt").write_text("".join(f"{each}\n" for each in answers))

    [example] = worst_examples.at_home(described, intake.read_files([tmp_path / "predictions_dev.txt"]), tmp_path)

    assert (example.place, example.expected, example.actual) == (3, "3", "7") and example.png.startswith(b"\x89PNG")


def test_a_sentence_shows_right_and_wrong_tags():
    split = types.SimpleNamespace(sentences=[["the", "old", "man"]], tags=[["DET", "NOUN", "VERB"]])
    scores = types.SimpleNamespace(worst=(0,), expected=("DET NOUN VERB",), actual=("DET ADJ VERB",))

    [example] = worst_examples.examples(scores, split, "dev", "dev")
    text = " ".join(a_page(worst=[example]).text.split())

    assert example.words[1] == worst_examples.Word("old", "NOUN", "ADJ")
    assert "the DET old NOUN ✗ ADJ man VERB" in text


def test_a_sentence_with_a_class_shows_both_classes():
    split = types.SimpleNamespace(sentences=[["not", "bad"]])
    scores = types.SimpleNamespace(worst=(0,), expected=("positive",), actual=("negative",))

    text = a_page(worst=worst_examples.examples(scores, split, "dev", "dev")).text

    assert "Sentence 0: is positive, predicted negative" in text


@pytest.fixture(scope="module")
def browser():
    program = chromium.find()
    if program is None:
        pytest.skip("NO CHROMIUM: pages are checked by their structure alone; set NPFL_KIT_CHROMIUM to a program")
    with chromium.browser(program) as opened:
        yield opened


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", [320, 360, 768, 1200])
def test_a_browser_shows_no_scroll_bar_below_the_page(browser, tmp_path, width, dark):
    path = tmp_path / "report.html"
    found = canaries.a_hostile_record()
    long = record.CaseRecord("a_long_name_of_a_case_without_a_space_anywhere_in_it", "student_error", 0.0, 1.0,
                             rationale="x" * 900, actual="y" * 900, help="z" * 300, reproduce="npfl-kit " + "w" * 400)
    path.write_text(report_html.report(a_record((*CASES, *found.cases, long)), TASK, WHEN, SUBMISSION, None,
                                       pictures(4)), encoding="utf-8")

    browser.show(path, width, dark)

    assert browser.value("document.documentElement.scrollWidth") <= width
    assert browser.value("document.querySelectorAll('script').length") == 0
    assert browser.value("[...document.images].every(each => each.naturalWidth > 0)")
    assert (browser.value("getComputedStyle(document.body).backgroundColor") == "rgb(21, 23, 26)") == dark
    assert browser.picture().startswith(b"\x89PNG")
