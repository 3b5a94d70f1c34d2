"""Answers of the reference solution stay as they were first found."""
import pytest

from npfl_kit.grading.stores import kept_answers
from npfl_kit.grading.stores import store as stores


@pytest.fixture
def answers(tmp_path):
    with stores.Store(tmp_path / "store", make=True) as store:
        yield kept_answers.KeptAnswers(store)


def test_what_is_kept_is_found_again_by_another_process(answers):
    answers["a case"] = "[1.5]"

    with stores.Store(answers.store.folder) as store:
        assert dict(kept_answers.KeptAnswers(store)) == {"a case": "[1.5]"}


def test_the_first_answer_stays(answers):
    answers["a case"] = "first"
    answers["a case"] = "second"

    assert answers["a case"] == "first" and len(answers) == 1


def test_an_answer_can_be_forgotten(answers):
    answers["a case"] = "first"
    del answers["a case"]

    assert "a case" not in answers
    for act in (lambda: answers["a case"], lambda: answers.__delitem__("a case")):
        with pytest.raises(KeyError):
            act()
