"""How agents are called: in full, by first name and initial, or by a pseudonym that names nobody.

Rules that hold here: no two agents are called the same; a pseudonym is the same for the same agent on every screen of the organisation, and
neither it nor its key tells who that is.
"""

import hmac
from collections.abc import Callable, Mapping
from hashlib import sha256

from django.conf import settings

LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
SHORTEST_CODE = 3
PSEUDONYM = "Agent"


class Naming:
    """One organisation's way to name its agents: "full", "short" or "pseudonym"."""

    def __init__(self, organisation: str, way: str) -> None:
        self._organisation, self._way = organisation, way
        self._names: dict[str, str] = {}
        self._learned: dict[str, str] = {}

    @property
    def hides(self) -> bool:
        """Whether nobody may be recognised."""
        return self._way == "pseudonym"

    def learn(self, names: Mapping[str, str]) -> bool:
        """Everybody's full name by key; True when somebody may be called something else now."""
        if names == self._learned or self._way == "full":
            return False
        self._learned = dict(names)
        self._names = _pseudonyms(self._code, names) if self.hides else _short(names)
        return True

    def name_of(self, key: str, name: object) -> str | None:
        """What an agent is called; None for one without a name."""
        full = name if isinstance(name, str) and name.strip() else None
        if self._way == "full":
            return full
        if key in self._names:
            return self._names[key] or None
        return f"{PSEUDONYM} {self._code(key)[:SHORTEST_CODE]}" if self.hides else (shortened(full) if full is not None else None)

    def key_of(self, key: str) -> str:
        """Under which an agent is told."""
        return f"p-{self._code(key)[:12].lower()}" if self.hides else key

    def _code(self, key: str) -> str:
        secret = str(settings.SECRET_KEY).encode()
        digest = hmac.new(secret, f"pseudonym:{self._organisation}:{key}".encode("utf-8", "surrogatepass"), sha256).digest()
        return "".join(LETTERS[byte % len(LETTERS)] for byte in digest)


def shortened(name: str, letters: int = 1) -> str:
    """`Maria G` of `Maria Gonzalez`; a single name stays."""
    words = name.split()
    return words[0] if len(words) == 1 else f"{words[0]} {words[-1][:letters]}" if words else ""


def _short(names: Mapping[str, str]) -> dict[str, str]:
    called = {key: shortened(name) for key, name in names.items()}
    for letters in (2, 3):
        for key in _twins(called):
            called[key] = shortened(names[key], letters)
    for number, key in enumerate(_twins(called), 1):
        called[key] = f"{called[key]} {number}"
    return called


def _pseudonyms(code: Callable[[str], str], names: Mapping[str, str]) -> dict[str, str]:
    codes = {key: code(key) for key in names}
    called = {key: word[:SHORTEST_CODE] for key, word in codes.items()}
    for length in range(SHORTEST_CODE + 1, 9):
        for key in _twins(called):
            called[key] = codes[key][:length]
    return {key: f"{PSEUDONYM} {word}" for key, word in called.items()}


def _twins(called: Mapping[str, str]) -> list[str]:
    """The keys whose name is somebody else's too, in a steady order; nobody's empty name counts."""
    by_name: dict[str, list[str]] = {}
    for key, name in called.items():
        if name:
            by_name.setdefault(name.casefold(), []).append(key)
    return sorted(key for keys in by_name.values() if len(keys) > 1 for key in keys)
