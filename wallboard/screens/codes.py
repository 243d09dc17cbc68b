"""The code a television shows until somebody claims it: eight consonants, which no language reads as a word and nobody mistakes.

20 letters to the eighth are 25.6 thousand million; `limits` says how seldom anybody may guess.
"""

import secrets

# As RFC 8628, section 6.1, proposes it for people with a remote control.
ALPHABET = "BCDFGHJKLMNPQRSTVWXZ"
LENGTH = 8
_BETWEEN = str.maketrans("", "", " -\u2010\u2011\u2013._\u00a0\t")


def new_code() -> str:
    """A code nobody can foresee."""
    return "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))


def read_code(typed: str) -> str | None:
    """The code somebody typed or scanned, whatever the case and the dashes; None for what cannot be one."""
    if len(typed) > 4 * LENGTH:
        return None
    letters = typed.translate(_BETWEEN).upper()
    return letters if len(letters) == LENGTH and all(letter in ALPHABET for letter in letters) else None


def grouped(code: str) -> str:
    """`BCDF-GHJK`, as it is read aloud."""
    return f"{code[:4]}-{code[4:]}"
