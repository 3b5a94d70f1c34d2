"""Whether one result is better than another, or only luckier in the examples that were asked.

Two results on the same examples are compared by a paired bootstrap: the examples are drawn again with replacement, the
same ones for both, 1,000 times. One is better beyond noise if it stays ahead in at least 97.5 % of the draws.
"""
from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

RESAMPLES = 1000
SURE = 0.975        # the lower end of a two-sided interval of 95 %
Z = 1.959964       # of a normal distribution, at `SURE`
SEED = 20171        # any will do, as long as it stays
AT_ONCE = 2**23     # numbers of one block of draws, 64 MB


def resampled(rows: np.ndarray, seed: int = SEED, resamples: int = RESAMPLES) -> np.ndarray:
    """The metric of each result in each draw.

    Args:
      rows: float `[E, N]`, what each of N examples adds to the metric of E results, which is their mean; or
        `[E, N, 2]`, of a metric that is a sum over a sum: accuracy of words (right, all), F1 (2 right, predicted +
        gold).
      seed: of the draws; equal ones give equal draws.
    Returns: float `[E, resamples]`; 0 where the lower sum is 0.
    Source: Efron and Tibshirani 1993, An Introduction to the Bootstrap, Sec. 8.3 and 13.3.

    >>> resampled(np.ones([1, 5]), resamples=3).tolist()
    [[1.0, 1.0, 1.0]]
    """
    rows = np.asarray(rows, np.float64)
    if rows.ndim not in (2, 3) or rows.shape[1] == 0 or not np.isfinite(rows).all():
        raise ValueError(f"expected finite rows [E, N] or [E, N, 2] with N > 0, got {rows.shape}")
    parts = rows[..., np.newaxis] if rows.ndim == 2 else rows                           # [E, N, 1 or 2]
    results, count = parts.shape[:2]
    flat = np.moveaxis(parts, 1, 0).reshape(count, -1)                                  # [N, E * P]
    generator, sums = np.random.default_rng(seed), []
    block = max(1, AT_ONCE // count)
    for start in range(0, resamples, block):
        draws = min(block, resamples - start)
        chosen = generator.integers(count, size=(draws, count)) + np.arange(draws)[:, np.newaxis] * count
        times = np.bincount(chosen.ravel(), minlength=draws * count).reshape(draws, count)      # [draws, N]
        sums.append(times.astype(np.float64) @ flat)
    total = np.concatenate(sums).reshape(resamples, results, -1).transpose(1, 0, 2)     # [E, resamples, 1 or 2]
    if rows.ndim == 2:
        return total[..., 0] / count
    return np.divide(total[..., 0], total[..., 1], out=np.zeros(total.shape[:2]), where=total[..., 1] != 0)


def beyond_bootstrap(rows: np.ndarray, order: str = "desc", seed: int = SEED) -> Callable[[int, int], bool]:
    """Whether result `a` is better than result `b` beyond noise, as a function of their numbers.

    Args:
      rows: as in `resampled`, of all results.
      order: "desc", the more the better, or "asc".

    >>> better = beyond_bootstrap(np.array([[1.0] * 90 + [0] * 10, [1.0] * 50 + [0] * 50, [0] * 10 + [1.0] * 90]))
    >>> better(0, 1), better(1, 0), better(0, 2)
    (True, False, False)
    """
    metrics = resampled(rows, seed) * (1 if order == "desc" else -1)
    return lambda a, b: bool(np.mean(metrics[a] > metrics[b]) >= SURE)


def beyond_band(values: Sequence[float], band: float, order: str = "desc") -> Callable[[int, int], bool]:
    """Whether value `a` is better than value `b` by more than `band`, of metrics that no examples are known of.

    >>> better = beyond_band([0.91, 0.90, 0.80], 0.02)
    >>> better(0, 1), better(0, 2), better(2, 0)
    (False, True, False)
    """
    sign = 1 if order == "desc" else -1
    return lambda a, b: sign * (values[a] - values[b]) > band * (1 + 1e-9)


def beyond_errors(values: Sequence[float], standard_errors: Sequence[float],
                  order: str = "desc") -> Callable[[int, int], bool]:
    """Whether value `a` is better than value `b` beyond noise, of metrics whose standard errors alone are known.

    They are taken as independent, so that on the same examples fewer are told apart than by `beyond_bootstrap`.

    >>> better = beyond_errors([0.91, 0.90, 0.80], [0.01, 0.01, 0.01])
    >>> better(0, 1), better(0, 2)
    (False, True)
    """
    sign = 1 if order == "desc" else -1
    return lambda a, b: sign * (values[a] - values[b]) > Z * math.hypot(standard_errors[a], standard_errors[b])
