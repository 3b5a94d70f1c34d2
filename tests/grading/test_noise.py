"""Who is better, and who is only luckier: bootstraps against plain loops, and what they tell apart."""
import time

import numpy as np

from npfl_kit.grading.marks import board, noise


def test_draws_are_those_of_a_plain_loop():
    rows = np.random.default_rng(1).random([3, 17])
    generator = np.random.default_rng(noise.SEED)

    chosen = generator.integers(17, size=(50, 17))

    expected = [[rows[each][draw].mean() for draw in chosen] for each in range(3)]
    np.testing.assert_allclose(noise.resampled(rows, resamples=50), expected, rtol=1e-12)


def test_a_ratio_is_of_sums_not_of_quotients():
    rows = np.array([[[1.0, 1.0], [1.0, 9.0]]])

    found = noise.resampled(rows)

    assert set(np.round(found[0], 9)) == {1.0, 0.2, round(1 / 9, 9)}


def test_blocks_of_draws_are_the_draws_at_once(monkeypatch):
    rows = np.random.default_rng(1).random([2, 10])
    at_once = noise.resampled(rows, resamples=20)
    monkeypatch.setattr(noise, "AT_ONCE", 30)

    np.testing.assert_allclose(noise.resampled(rows, resamples=20), at_once, rtol=1e-12)


def test_a_sum_over_nothing_is_zero():
    assert (noise.resampled(np.zeros([1, 4, 2])) == 0).all()


def test_luck_is_no_rank_and_a_better_model_is():
    random = np.random.default_rng(0)
    base = random.random(1000) < 0.8
    lucky = base.copy()
    lucky[np.flatnonzero(~base)[:3]] = True
    lucky[np.flatnonzero(base)[:2]] = False
    better_model = base | (random.random(1000) < 0.4)
    rows = np.array([base, lucky, better_model], float)

    found = board.ranks(rows.mean(1).tolist(), "desc", noise.beyond_bootstrap(rows))

    assert found == [2, 2, 1]


def test_pairs_tell_more_than_errors_taken_as_independent():
    random = np.random.default_rng(0)
    base = random.random(1000) < 0.8
    rows = np.array([base, base | (random.random(1000) < 0.1)], float)
    values, each_error = rows.mean(1).tolist(), [0.0126, 0.0121]

    assert noise.beyond_bootstrap(rows)(1, 0) and not noise.beyond_errors(values, each_error)(1, 0)


def test_noise_knows_the_order():
    rows = np.array([[0.0] * 90 + [1.0] * 10, [0.0] * 10 + [1.0] * 90])

    assert noise.beyond_bootstrap(rows, "asc")(0, 1) and not noise.beyond_bootstrap(rows, "asc")(1, 0)
    assert noise.beyond_errors([1.0, 5.0], [0.1, 0.1], "asc")(0, 1)


def test_a_hundred_teams_with_ten_thousand_examples_are_ranked_in_seconds():
    rows = (np.random.default_rng(0).random([100, 10_000, 1]) < 0.8).astype(np.float64)
    rows = np.concatenate([rows, np.ones_like(rows)], axis=-1)
    start = time.perf_counter()

    board.ranks(rows[..., 0].mean(1).tolist(), "desc", noise.beyond_bootstrap(rows))

    assert time.perf_counter() - start < 30      # 0.5 s on an idle machine
