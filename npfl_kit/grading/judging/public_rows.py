"""Which examples the public score is of: chosen by a secret, so that nobody can tell, and always the same ones."""
from __future__ import annotations

import functools
import hashlib
import hmac

import numpy as np


@functools.lru_cache(maxsize=32)
def public_rows(count: int, secret: bytes, lab: str, share: float) -> np.ndarray:
    """Which of so many examples are public.

    Each example has a number, HMAC-SHA256 of the lab and its place under the secret; those with the smallest are
    public. With two examples or more, at least one is public and one private.

    Args:
      count: int, of examples (pictures, sentences).
      secret: of the store.
      lab: its name.
      share: float in [0, 1], of public examples.
    Returns: bool `[count]`, not to be written to.

    >>> int(public_rows(10, b"secret", "tagger", 0.3).sum())
    3
    """
    key = hmac.new(secret, f"public rows of {lab}".encode(), hashlib.sha256).digest()
    numbers = [hmac.digest(key, row.to_bytes(8, "big"), "sha256") for row in range(count)]
    chosen = np.zeros(count, bool)
    wanted = min(max(round(share * count), 1), count - 1) if count > 1 else count
    chosen[sorted(range(count), key=numbers.__getitem__)[:wanted]] = True
    chosen.flags.writeable = False
    return chosen
