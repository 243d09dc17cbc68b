"""Under which a key is kept: the tokens are 256 random bits, so there is nothing to guess and nothing to read back."""

import hashlib


def digest_of(token: str) -> str:
    """The SHA-256 digest, hexadecimal, under which a token is kept."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
