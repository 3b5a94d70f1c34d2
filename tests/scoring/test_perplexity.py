"""Nats, bits and perplexity agree with their definitions, and say what they cannot score."""
import math

import numpy as np
import pytest

from npfl_kit import errors
from npfl_kit.scoring import perplexity


@pytest.mark.parametrize("sides", [1, 2, 65, 10_000])
def test_a_die_has_the_perplexity_of_its_sides(sides):
    nats = perplexity.mean_nats(np.full([3, 4], -math.log(sides)))

    assert perplexity.perplexity(nats) == pytest.approx(sides)
    assert perplexity.bits(nats) == pytest.approx(math.log2(sides))


def test_weights_leave_padding_out_whatever_it_holds():
    logs = np.log([[0.5, 0.25], [0.125, 1.0]])
    logs[1, 1] = np.nan

    assert perplexity.mean_nats(logs, [[1, 1], [1, 0]]) == pytest.approx(2 * math.log(2))


def test_a_weight_counts_a_place_so_many_times():
    assert perplexity.mean_nats([-1.0, -4.0], [2.0, 1.0]) == pytest.approx(perplexity.mean_nats([-1.0, -1.0, -4.0]))


@pytest.mark.parametrize("seed", range(3))
def test_a_mean_of_parts_weighed_by_their_size_is_the_mean_of_all(seed):
    logs = -np.random.default_rng(seed).exponential(size=30)

    parts = [perplexity.mean_nats(logs[:7]) * 7, perplexity.mean_nats(logs[7:]) * 23]

    assert sum(parts) / 30 == pytest.approx(perplexity.mean_nats(logs))


def test_edges_have_a_stated_answer():
    assert perplexity.mean_nats([]) == 0 and perplexity.mean_nats([-1.0], [0.0]) == 0
    assert perplexity.mean_nats([-math.inf]) == math.inf
    assert perplexity.perplexity(math.inf) == perplexity.perplexity(1e6) == math.inf
    assert perplexity.perplexity(0.0) == 1 and perplexity.bits(0.0) == 0


@pytest.mark.parametrize("logs, weights", [([np.nan], None), ([0.5], None), ([-1.0, -1.0], [1.0])])
def test_what_is_no_log_probability_is_an_error(logs, weights):
    with pytest.raises(errors.PredictionsError, match="Expected"):
        perplexity.mean_nats(logs, weights)
