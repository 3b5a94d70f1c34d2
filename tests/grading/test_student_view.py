"""What is hidden stays hidden, in every form in which a student may get it."""
import dataclasses
import json

import pytest
from hypothesis import given
from hypothesis import strategies as some

from npfl_kit.grading import record, shown_text
from npfl_kit.grading.marks import board, board_view, lateness, policy, student_view
from npfl_kit.grading.pages import board_html, export_gradescope, export_junit, report_html
from npfl_kit.grading.stores import entries
from npfl_kit.grading.tasks import task
from tests.grading import canaries, policy_cases
from tests.grading.canaries import CANARY, NUMBER
from tests.grading.policy_cases import DIGEST

BEFORE, AFTER = lateness.instant("2026-11-01T12:00:00Z"), lateness.instant("2026-12-01T12:00:01Z")
SUBMISSION = entries.Submission(1, "first", "ada", ("ada",), "2026-11-01T00:00:00.000000+00:00", DIGEST, DIGEST)


def run_of(found):
    return entries.Run(1, SUBMISSION, "v1", DIGEST, 1, True, found, None, "submit", 0, SUBMISSION.received_at,
                       SUBMISSION.received_at)


def as_terminal(found, described, when):
    return "\n".join(student_view.lines(found, described, when))


def as_json(found, described, when):
    return record.canonical(student_view.as_json(found, described, when))


def as_page(found, described, when):
    grade = policy.grade_of(*student_view.told(described, [run_of(found)], when))
    return report_html.report(found, described, when, SUBMISSION, grade)


def as_results(found, described, when):
    return export_gradescope.text(export_gradescope.results(found, described, when))


def as_junit(found, described, when):
    return export_junit.document([(SUBMISSION, student_view.visible(found, described, when))])


FORMS = [as_terminal, as_json, as_page, as_results, as_junit]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("state", record.STATES)
def test_no_byte_for_a_student_holds_a_canary(form, state):
    said = "bad file" if state == "ungradable" else f"{CANARY} of all"      # which says what is wrong with an upload

    text = form(canaries.a_record(state, rationale=said), canaries.a_task(), BEFORE)

    assert CANARY not in text and str(int(NUMBER)) not in text
    assert "kept" in text
    assert "later" in text or form in (as_json, as_junit)       # programs find no case; people read a sentence


@pytest.mark.parametrize("form", FORMS)
def test_after_the_deadline_later_ones_are_seen_and_hidden_ones_are_not(form):
    text = form(canaries.a_record(), canaries.a_task(), AFTER)

    assert text.count(f"{CANARY} rationale") == 1
    found = student_view.visible(canaries.a_record(), canaries.a_task(), AFTER)
    assert found.cases[1] == record.CaseRecord("kept", "graded", 0.0, 2.0, "hidden")
    assert found.cases[2] == canaries.a_record().cases[2]


@pytest.mark.parametrize("form", FORMS)
def test_a_board_shows_the_public_score_rounded_and_no_digit_more(form):
    text = form(canaries.a_record(), canaries.a_task(), BEFORE)

    assert "0.8765" not in text
    assert student_view.visible(canaries.a_record(), canaries.a_task(), BEFORE).values == {"public": 0.876}


def test_without_a_board_no_value_is_seen():
    assert student_view.visible(canaries.a_record(), canaries.a_task(board=None), AFTER).values == {}


def test_the_private_score_is_seen_after_the_deadline_rounded():
    found = policy_cases.a_record(public=0.98765, private=0.12345)

    seen = student_view.visible(found, canaries.a_task(), AFTER)

    assert seen.values == {"public": 0.987, "private": 0.123}


@pytest.mark.parametrize("due, until, when, over", [
    (None, None, AFTER, False), ("2026-11-01T12:00:00Z", None, BEFORE, False),
    ("2026-11-01T12:00:00Z", None, AFTER, True), ("2026-11-01T12:00:00Z", "2026-12-24T12:00:00Z", AFTER, False)])
def test_it_is_over_when_nothing_can_have_points(due, until, when, over):
    assert student_view.is_over(canaries.a_task(due, until), when) == over


def test_of_record_and_task_the_stricter_visibility_holds():
    hidden_now = canaries.a_task(cases=tuple(task.Case(name, 1.0, "hidden") for name in ("seen", "kept", "later")))

    seen = student_view.visible(canaries.a_record(), hidden_now, AFTER)

    assert {case.visibility for case in seen.cases} == {"hidden"} and not any(case.rationale for case in seen.cases)


def test_why_an_upload_cannot_be_judged_is_always_said():
    found = canaries.a_record("ungradable", "predictions.txt, line 3: expected a class.")

    assert "line 3: expected a class" in as_terminal(found, canaries.a_task(), BEFORE)


def test_after_the_deadline_points_are_those_of_the_record():
    found = canaries.a_record()
    seen = student_view.visible(found, canaries.a_task(), AFTER)

    assert (seen.score, seen.max, seen.state) == (found.score, found.max, found.state)


@pytest.mark.parametrize("form", FORMS)
def test_until_then_nobody_can_tell_what_a_later_case_gave(form):
    def text(score, state="graded"):
        case = dataclasses.replace(canaries.a_record().cases[2], state=state, score=score)
        cases = (canaries.a_record().cases[0], case)
        found = dataclasses.replace(canaries.a_record(), cases=cases, state=record.overall(cases))
        described = canaries.a_task(threshold=2.0)
        seen, runs = student_view.told(described, [run_of(found)], BEFORE)
        return form(found, described, BEFORE), policy.grade_of(seen, runs).points

    assert text(2.0) == text(0.0) == text(0.0, "limit")
    assert text(0.0)[1] == 1.0


def test_after_the_deadline_all_is_counted():
    described = canaries.a_task(threshold=2.0)

    assert student_view.told(described, [run_of(canaries.a_record())], AFTER) == (
        described, [run_of(canaries.a_record())])


@pytest.mark.parametrize("state", ["ungradable", "grader_error"])
def test_what_is_wrong_with_all_is_said_when_all_cases_are_later(state):
    found = canaries.a_record(state, "bad file")
    found = dataclasses.replace(found, cases=found.cases[2:], state=state)

    assert student_view.visible(found, canaries.a_task(), BEFORE).state == state


def test_who_waits_for_a_deadline_that_is_not_set_is_told_so():
    described = canaries.a_task(due=None)

    assert student_view.told_later(described, AFTER) == \
        "Told after the deadline, which is not set yet: later (2 points)."
    assert student_view.never_told(described) == \
        "first: later is never told to students, as [late] due is not set."
    assert student_view.never_told(canaries.a_task()) == ""


def test_a_view_of_a_view_is_the_view():
    once = student_view.visible(canaries.a_record(), canaries.a_task(), BEFORE)

    assert student_view.visible(once, canaries.a_task(), BEFORE).cases == once.cases
    assert record.Record.from_json(json.loads(as_json(canaries.a_record(), canaries.a_task(), BEFORE))) == once


def test_a_board_for_students_holds_no_name_and_no_private_score():
    course = policy_cases.Course()
    course.hand_in(policy_cases.a_record(public=0.87654321, private=0.11223344), "ada-lovelace", ["ben-team"])
    described = canaries.a_task()
    rows = board.public_rows(described, board.standing(described, course.runs))

    page = board_html.page(described, board_view.lines(described, rows, b"secret"), BEFORE)

    assert "0.876" in page
    for hidden in ("0.8765", "0.1122", "ada-lovelace", "ben-team", DIGEST):
        assert hidden not in page


@pytest.mark.parametrize("form", [form for form in FORMS if form is not as_json])      # who shows JSON escapes it
def test_hostile_text_never_acts(form):
    text = form(canaries.a_hostile_record(), canaries.a_task(), BEFORE)
    text = json.dumps(json.loads(text), ensure_ascii=False) if form is as_results else text

    assert not any(character in text for character in "\x1b\x9b\x00\x08\u202e\u2066\u200b\ufeff\U000e0041")


@given(some.text(some.characters(), max_size=60))
def test_plain_text_has_nothing_unseen_and_is_stable(text):
    found = shown_text.plain(text)

    assert found == shown_text.plain(found)
    assert all(character.isprintable() or character in "\n\t \ufffd" or character.isspace() for character in found)
    found.encode("utf-8")


@pytest.mark.parametrize("text, shown", [
    ("\x1b]8;;https://evil\x1b\\click\x1b]8;;\x1b\\", "click"), ("\x9b31mred", "red"), ("\x1b", ""), ("\x1b[", ""),
    ("a\rb", "a\nb"), ("\u202e", "\ufffd"), ("žluťoučký kůň 漢字 ▲", "žluťoučký kůň 漢字 ▲"),
    ("e" + "\u0301" * 5, "e" + "\u0301" * 3 + "\ufffd" * 2), ("\x1b]unclosed\nnext line", "\nnext line")])
def test_plain_text_of_terminal_tricks(text, shown):
    assert shown_text.plain(text) == shown


def test_long_text_is_cut_with_a_mark_and_quickly():
    assert len(shown_text.line("ab " * 10**6)) == 500 and shown_text.value("x" * 10**6).endswith("…")
