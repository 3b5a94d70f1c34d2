"""The page of a board: ranks, pseudonyms, public scores, and nothing that tells who is who."""
import pytest

from npfl_kit.grading.marks import board, board_view, lateness
from npfl_kit.grading.pages import board_html
from npfl_kit.grading.tasks import task
from tests.grading import canaries, chromium, page_checks, policy_cases
from tests.grading.policy_cases import a_record, a_task

WHEN = lateness.instant("2026-11-22T09:00:00Z")
TASK = a_task(title="A competition", board=task.Board("accuracy", order_points=5))


@pytest.fixture
def lines():
    course = policy_cases.Course()
    for person, value in (("ada-lovelace", 0.91), ("ben-bitdiddle", 0.8004), ("cyd-charisse", 0.8001)):
        course.hand_in(a_record(public=value, private=value), person)
    course.hand_in(a_record(public=0.5, private=0.5), "ben-bitdiddle")
    rows = board.public_rows(TASK, board.standing(TASK, course.runs))
    return board_view.lines(TASK, rows, b"secret", viewer="ben-bitdiddle")


def test_a_page_holds_the_board_and_how_it_is_made(lines):
    text = " ".join(page_checks.check(board_html.page(TASK, lines, WHEN)).text.split())

    assert "A competition: board" in text and "3 teams and persons, 4 submissions" in text
    assert "Updated 2026-11-22 09:00:00 UTC" in text and "5 x (1 - (r - 1) / n)" in text
    for line in lines:
        assert f"{'= ' if line.tied else ''}{line.rank} {line.name}" in text


def test_ties_and_ones_own_line_are_marked(lines):
    page = page_checks.check(board_html.page(TASK, lines, WHEN))

    assert [line.tied for line in lines] == [False, True, True]
    assert page.text.count("= 2") == 2 and page.text.count("(you)") == 1
    assert [each.get("class") for each in page.all("tr")].count("own") == 1


def test_no_name_is_on_the_page(lines):
    page = board_html.page(TASK, lines, WHEN)

    assert not any(name in page for name in ("ada-lovelace", "ben-bitdiddle", "cyd-charisse"))


def test_an_empty_board_says_so_and_why():
    text = page_checks.check(board_html.page(TASK, [], WHEN, absent=2)).text

    assert "Nobody stands on the board yet." in text and "in time and within the attempts of their day (20)" in text
    assert "2 teams have others alone" in text


def test_moments_are_those_of_the_zone_of_the_deadline(lines):
    late = a_task(board=TASK.board, late=task.Late("2026-12-01T23:59:00+01:00"))

    assert "Updated 2026-11-22 10:00:00 +01:00" in board_html.page(late, lines, WHEN)


def test_hostile_titles_and_metrics_stay_text(lines):
    hostile = a_task(title=canaries.HOSTILE, lab=canaries.HOSTILE, board=task.Board(canaries.HOSTILE))

    assert "<script>alert(1)</script>" in page_checks.check(board_html.page(hostile, lines, WHEN)).text


@pytest.mark.parametrize("width", [320, 360, 1200])
def test_a_browser_shows_no_scroll_bar_below_the_board(lines, tmp_path, width):
    program = chromium.find()
    if program is None:
        pytest.skip("NO CHROMIUM: pages are checked by their structure alone; set NPFL_KIT_CHROMIUM to a program")
    path = tmp_path / "board.html"
    path.write_text(board_html.page(TASK, lines, WHEN), encoding="utf-8")

    with chromium.browser(program) as browser:
        browser.show(path, width)

        assert browser.value("document.documentElement.scrollWidth") <= width
