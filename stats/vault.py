"""Seals vendor tokens before they reach the database.

Keys are Fernet keys: those of VAULT_KEYS (separated by commas or blanks), else those of the file VAR_DIR/keys, one a line, made at
the first use and readable by its owner alone. The first key seals, every key opens: to rotate, put a new one first
(`manage.py rotate_keys`). What is sealed names its owner inside the seal: moved to another owner's row it opens no more.
"""

import hashlib
import hmac
import os
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings

# No token begins so: what was sealed before owners were named is told apart by it.
_BOUND = "\0wallboard 2\0"


class Unreadable(Exception):
    """None of the keys opens what was sealed, or a key is not a key; the text says what to do."""


def seal(plain: str, owner: str = "") -> str:
    """The sealed form, ASCII text, of a secret of this owner; an empty secret stays empty."""
    return _vault().encrypt(f"{_BOUND}{owner}\0{plain}".encode()).decode("ascii") if plain else ""


def unseal(sealed: str, owner: str = "") -> str:
    """The secret of a sealed form, if it is this owner's; raises Unreadable."""
    return _opened(sealed, owner, _vault())


def opens_with_first(sealed: str, owner: str = "") -> bool:
    """Whether the newest key alone opens it, as this owner's, in the form of today."""
    if not sealed:
        return True
    try:
        payload = Fernet(keys()[0]).decrypt(sealed.encode()).decode()
    except (InvalidToken, UnicodeDecodeError):
        return False
    return payload.startswith(f"{_BOUND}{owner}\0")


def _opened(sealed: str, owner: str, vault: MultiFernet) -> str:
    if not sealed:
        return ""
    try:
        payload = vault.decrypt(sealed.encode()).decode()
    except InvalidToken:
        raise Unreadable("the key that sealed this token is gone: restore VAR_DIR/keys or VAULT_KEYS, or give the token anew") from None
    if not payload.startswith(_BOUND):
        return payload  # sealed by a release that did not name the owner yet
    named, _, plain = payload.removeprefix(_BOUND).partition("\0")
    if named != owner:
        raise Unreadable("this token was sealed for another organisation: give the token anew")
    return plain


def number_mark(organisation: str, number: str) -> str:
    """What stands for a telephone number where the number itself must not be kept: 64 hexadecimal digits; no I/O.

    The same for one number of one organisation (its slug) however blanks and hyphens lie in it; of no use without SECRET_KEY, on
    which it hangs, and not to be compared between organisations.
    """
    bare = "".join(sign for sign in number if sign.isalnum() or sign == "+")
    key = hmac.digest(settings.SECRET_KEY.encode(), b"number marks\0" + organisation.encode("utf-8", "surrogatepass"), hashlib.sha256)
    return hmac.new(key, bare.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()


def keys() -> list[str]:
    """The keys of now, the one that seals first."""
    given: str = settings.VAULT_KEYS
    return given.replace(",", " ").split() if given else _kept_keys(_file())


def add_key() -> None:
    """Put a new key first; the others go on opening. Only where the keys are kept in VAR_DIR."""
    _write([Fernet.generate_key().decode("ascii"), *_kept_keys(_file())])


def drop_old_keys() -> int:
    """Keep the first key alone. Returns how many went."""
    found = _kept_keys(_file())
    _write(found[:1])
    return len(found) - 1


def _file() -> Path:
    return Path(settings.VAR_DIR) / "keys"


def _write(lines: list[str]) -> None:
    """All of them or none: a file that is half written would open nothing."""
    path = _file()
    draft = path.with_name(f"{path.name}.{os.getpid()}.draft")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write("".join(f"{line}\n" for line in lines))
        file.flush()
        os.fsync(file.fileno())
    os.replace(draft, path)


def _vault() -> MultiFernet:
    try:
        return MultiFernet([Fernet(line) for line in keys()])
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
