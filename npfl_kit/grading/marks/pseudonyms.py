"""Names for a board that nobody can tell whose they are, and that stay the same: syllables made of a keyed hash."""
from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence

CONSONANTS, VOWELS = "bdfgjklmnprstvyz", "aeiou"
SYLLABLES = [consonant + vowel for consonant in CONSONANTS for vowel in VOWELS]     # 80
WORDS = (3, 3)      # syllables of each; 80^6 = 2.6e11 names, so that two of 1,000 teams share one in 500,000 courses


def pseudonym(team: Sequence[str], secret: bytes) -> str:
    """The pseudonym of a person or a team.

    Who knows the secret can make it again; who does not cannot even test a guess.

    Args:
      team: names of the members, in any order.
      secret: of the store.

    >>> pseudonym(["ada", "ben"], b"secret") == pseudonym(["ben", "ada"], b"secret")
    True
    >>> pseudonym(["ada"], b"secret")
    'Silogo Suvife'
    """
    members = b"".join(len(name.encode()).to_bytes(4, "big") + name.encode() for name in sorted(set(team)))
    number = int.from_bytes(hmac.new(secret, b"pseudonym" + members, hashlib.sha256).digest(), "big")
    words = []
    for length in WORDS:
        word = ""
        for _ in range(length):
            number, syllable = divmod(number, len(SYLLABLES))
            word += SYLLABLES[syllable]
        words.append(word.capitalize())
    return " ".join(words)
