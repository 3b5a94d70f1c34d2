"""Pseudonyms: stable, different, to be spoken, and only for who knows the secret."""
import re

from hypothesis import given, settings
from hypothesis import strategies as some

from npfl_kit.grading.marks import pseudonyms


@settings(max_examples=30)
@given(some.lists(some.text(max_size=20), min_size=1, max_size=3))
def test_a_pseudonym_can_be_spoken_and_is_of_the_team_and_the_secret(team):
    name = pseudonyms.pseudonym(team, b"secret")

    assert re.fullmatch(r"([BDFGJKLMNPRSTVYZ][aeiou]([bdfgjklmnprstvyz][aeiou]){2} ?){2}", name)
    assert name == pseudonyms.pseudonym(team[::-1], b"secret") != pseudonyms.pseudonym(team, b"another")


def test_pseudonyms_of_a_large_course_differ():
    names = {pseudonyms.pseudonym([f"student{number}"], b"secret") for number in range(5000)}

    assert len(names) == 5000
    assert pseudonyms.pseudonym(["a", "b"], b"secret") != pseudonyms.pseudonym(["ab"], b"secret")
