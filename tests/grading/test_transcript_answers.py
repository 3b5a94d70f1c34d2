"""Transcripts are judged as the course judges them, and no line is so long that it holds up a batch."""
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from npfl_kit.grading.judging.transcript_answers import TranscriptAnswers
from npfl_kit.grading.uploads.intake import UngradableError
from npfl_kit.scoring import edit_distance

TEXTS = ["four", "", "seven eight"]


@given(st.lists(st.tuples(st.text("abc", min_size=1, max_size=6), st.text("abc", max_size=6)), min_size=1, max_size=6))
@settings(max_examples=50, deadline=None)
def test_both_metrics_are_those_of_the_kit(pairs):
    right, given_texts = map(list, zip(*pairs))
    made = TranscriptAnswers(right)

    assert made.judge(given_texts, "error_rate").value == pytest.approx(edit_distance.error_rate(right, given_texts))
    assert made.judge(given_texts, "edit_distance").value == pytest.approx(
        edit_distance.normalized(right, given_texts))


@pytest.mark.parametrize("content", ["four\n\nseven eight\n", "four\n\nseven eight",
                                     "\ufefffour\r\n\r\nseven eight\r\n"])
def test_right_texts_have_no_mistakes(content):
    made = TranscriptAnswers(TEXTS)

    assert made.judge(made.read(content.encode(), "p.txt", False), "error_rate").value == 0.0


@pytest.mark.parametrize("content, said", [
    (b"four\n\n" + b"a" * 10**7, "p.txt, line 3: .* far too long"), (b"four\n\n", "one line per example"),
    (b"a\n" * 100, "one line per example"), (b"four\n\xff\nseven", "p.txt, line 2: expected text in UTF-8")])
def test_what_cannot_be_compared_is_refused_at_once(content, said):
    started = time.perf_counter()

    with pytest.raises(UngradableError, match=said) as error:
        TranscriptAnswers(TEXTS).read(content, "p.txt", False)

    assert "3 lines" not in str(error.value) and time.perf_counter() - started < 1


def test_a_distance_may_exceed_one_and_stays_bounded():
    made = TranscriptAnswers(["a"])

    assert made.judge(made.read(b"b" * 103, "p.txt", False), "error_rate").value == 103.0
    with pytest.raises(UngradableError, match="too long"):
        made.read(b"b" * 104, "p.txt", False)
