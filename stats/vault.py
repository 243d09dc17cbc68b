"""Seals vendor tokens before they reach the database.

Keys are Fernet keys: those of VAULT_KEYS (separated by commas or blanks), else those of the file VAR_DIR/keys, one a line, made at
the first use and readable by its owner alone. The first key seals, every key opens: to rotate, put a new one first.
"""

import hashlib
import hmac
import os
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings


class Unreadable(Exception):
    """None of the keys opens what was sealed, or a key is not a key; the text says what to do."""


def seal(plain: str) -> str:
    """The sealed form, ASCII text, of a secret; an empty secret stays empty."""
    return _vault().encrypt(plain.encode()).decode("ascii") if plain else ""


def unseal(sealed: str) -> str:
    """The secret of a sealed form; raises Unreadable."""
    if not sealed:
        return ""
    try:
        return _vault().decrypt(sealed.encode()).decode()
    except InvalidToken:
        raise Unreadable("the key that sealed this token is gone: restore VAR_DIR/keys or VAULT_KEYS, or give the token anew") from None


def number_mark(organisation: str, number: str) -> str:
    """What stands for a telephone number where the number itself must not be kept: 64 hexadecimal digits; no I/O.

    The same for one number of one organisation (its slug) however blanks and hyphens lie in it; of no use without SECRET_KEY, on
    which it hangs, and not to be compared between organisations.
    """
    bare = "".join(sign for sign in number if sign.isalnum() or sign == "+")
    key = hmac.digest(settings.SECRET_KEY.encode(), b"number marks\0" + organisation.encode("utf-8", "surrogatepass"), hashlib.sha256)
    return hmac.new(key, bare.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()


def _vault() -> MultiFernet:
    given: str = settings.VAULT_KEYS
    lines = given.replace(",", " ").split() if given else _kept_keys(Path(settings.VAR_DIR) / "keys")
    try:
        return MultiFernet([Fernet(line) for line in lines])
    except ValueError:
        raise Unreadable("VAULT_KEYS or VAR_DIR/keys: expected Fernet keys, 44 characters of URL-safe base64 each") from None


def _kept_keys(path: Path) -> list[str]:
    if not path.exists():
        draft = path.with_name(f"{path.name}.{os.getpid()}.draft")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(Fernet.generate_key() + b"\n")
        try:
            # A link fails when the name is taken: of two processes that start at once, one key wins.
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    lines = path.read_text(encoding="ascii").split()
    if not lines:
        raise Unreadable(f"{path} is empty: restore it, or remove it and give the tokens anew")
    return lines
