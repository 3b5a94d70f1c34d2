"""The secret of a store: 32 random bytes, from which hidden seeds and the private rows of a board are made."""
from __future__ import annotations

import hashlib
import secrets
from pathlib import Path
from typing import Optional

from npfl_kit import errors
from npfl_kit.grading.stores import objects

BYTES = 32


def read_or_make(path: Path, fingerprint: Optional[str]) -> bytes:
    """The secret in that file; it is made if no store has had one before.

    Call it while no other process may (in a transaction), so that it is made once.

    Args:
      fingerprint: `fingerprint` of the secret that the store has had, None if it had none.
    Raises: DataError if the file is lost or changed: with another secret, equal submissions would be graded otherwise.
    """
    if fingerprint is None and not path.exists():
        objects.write_whole(path, secrets.token_bytes(BYTES))
    try:
        found = path.read_bytes()
    except FileNotFoundError:
        found = b""
    except OSError as error:
        raise errors.DataError(f"Cannot read {path}: {error.strerror or error}. The store belongs to who made it; ask "
                               f"them, or hand in to another one.") from None
    if len(found) != BYTES or fingerprint not in (None, fingerprint_of(found)):
        raise errors.DataError(f"{path} is not the secret of this store any more, and without it hidden cases would "
                               f"be others than before. Put it back from a copy of the store.")
    return found


def fingerprint_of(secret: bytes) -> str:
    """A text that tells a secret from others and gives nothing of it away.

    >>> fingerprint_of(bytes(32))[:16]
    '0078a15d17cc8033'
    """
    return hashlib.sha256(b"fingerprint" + secret).hexdigest()
