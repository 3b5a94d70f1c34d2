"""Seeds of cases: a public one is known to everybody, another one to the course alone."""
from __future__ import annotations

import hashlib
import hmac

from npfl_kit.grading import record
from npfl_kit.grading.tasks import task

LARGEST = 2**31     # seeds are below, as TensorFlow and NumPy take them


def seed(lab: str, case: task.Case, secret: bytes = b"") -> int:
    """The seed of a case; its repeat r uses the pair (seed, r).

    Args:
      lab: name of the task.
      case: a public one has a seed that follows from `lab` and its id, so that students get the same at home.
      secret: of the store; without it the seeds of the other cases cannot be guessed.
    Returns: int in `[1, 2**31)`.
    Raises: ValueError if a case that is not public comes without a secret.

    >>> 1 <= seed("cnn_manual", task.Case("forward", 1)) < 2**31
    True
    """
    text = record.canonical([lab, case.id]).encode("utf-8")
    if case.visibility == "public":
        digest = hashlib.sha256(text).digest()
    elif secret:
        digest = hmac.new(secret, text, hashlib.sha256).digest()
    else:
        raise ValueError(f"case {case.id} of {lab} is {case.visibility}: its seed needs the secret of the store")
    return 1 + int.from_bytes(digest, "big") % (LARGEST - 1)
