"""How well a language model predicts: nats and bits per symbol, and perplexity.

A model that gives probability p to what comes is surprised by -log p nats. A model that knows nothing of 65
characters has log 65 = 4.17 nats, 6.02 bits, and perplexity 65: as if it threw a die with so many sides.
"""
from __future__ import annotations

import math
from typing import Optional

import numpy as np
from numpy.typing import ArrayLike

from npfl_kit import errors


def mean_nats(log_probabilities: ArrayLike, weights: Optional[ArrayLike] = None) -> float:
    """The mean surprise.

    Args:
      log_probabilities: float `[...]`, <= 0, natural logarithms of the probabilities given to what came.
      weights: float of the same shape, >= 0; 0 leaves a place out, such as padding. None counts all.
    Returns: float >= 0; infinite if something came that had probability 0; 0.0 if nothing is counted.
    Raises: PredictionsError if there is a NaN or a probability above 1 among what is counted, or the shapes differ.

    >>> round(mean_nats([math.log(0.5), math.log(0.25)]) / math.log(2), 12)
    1.5
    """
    logs = np.asarray(log_probabilities, np.float64)
    shares = np.ones_like(logs) if weights is None else np.asarray(weights, np.float64)
    if logs.shape != shares.shape:
        raise errors.PredictionsError(f"Expected one weight per log probability, got {list(shares.shape)} weights for "
                                      f"{list(logs.shape)}.")
    counted, shares = logs[shares > 0], shares[shares > 0]
    if not np.all(counted <= 1e-6):     # also false for NaN
        raise errors.PredictionsError("Expected logarithms of probabilities, all <= 0, got NaN or a number above 0; "
                                      "take the log softmax of the logits.")
    return float(max(0.0, -np.sum(counted * shares) / shares.sum())) if len(counted) else 0.0


def bits(nats: float) -> float:
    """Nats as bits.

    >>> bits(math.log(8))
    3.0
    """
    return nats / math.log(2)


def perplexity(nats: float) -> float:
    """Among how many equally likely symbols a model with this mean surprise seems to choose; infinite above 709 nats.

    >>> round(perplexity(math.log(65)), 9)
    65.0
    """
    return math.exp(nats) if nats < 709 else math.inf
