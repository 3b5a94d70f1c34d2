"""Seeds: a public case has one that everybody knows, another case one that the store's secret hides."""
import pytest
from hypothesis import given
from hypothesis import strategies as st

from npfl_kit.grading.tasks import seeds, task

NAMES = st.text("abcdefghijklmnopqrstuvwxyz_", min_size=1, max_size=12)
SECRET = bytes(range(32))


def case(name="forward", visibility="public"):
    return task.Case(name, 1, visibility)


@given(NAMES, NAMES, st.binary(min_size=1, max_size=40), st.sampled_from(["public", "hidden", "after_due"]))
def test_a_seed_is_in_range_and_always_the_same(lab, name, secret, visibility):
    found = seeds.seed(lab, case(name, visibility), secret)

    assert 1 <= found < 2**31
    assert seeds.seed(lab, case(name, visibility), secret) == found


def test_a_public_seed_is_the_same_in_every_store_and_on_every_day():
    # 1 + sha256('["cnn_manual","forward"]') % (2**31 - 1), of sha256sum
    assert seeds.seed("cnn_manual", case(), b"") == seeds.seed("cnn_manual", case(), SECRET) == 136917999


@pytest.mark.parametrize("visibility", ["hidden", "after_due"])
def test_another_seed_comes_from_the_secret(visibility):
    hidden = case(visibility=visibility)

    assert seeds.seed("cnn_manual", hidden, SECRET) != seeds.seed("cnn_manual", hidden, SECRET[::-1])
    assert seeds.seed("cnn_manual", hidden, SECRET) != seeds.seed("cnn_manual", case(), SECRET)
    with pytest.raises(ValueError, match="secret"):
        seeds.seed("cnn_manual", hidden, b"")


@pytest.mark.parametrize("visibility", ["public", "hidden"])
def test_seeds_of_labs_and_cases_differ(visibility):
    found = {seeds.seed(lab, case(name, visibility), SECRET)
             for lab in ("a", "ab", 'a","b') for name in ("b", "bb", "c")}

    assert len(found) == 9
