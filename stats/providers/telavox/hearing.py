"""How one document's fields are read: whose words they are, when they were received, and what was odd about them.

A field that cannot be believed is None, and a note says which; it never costs the rest of the document.
"""

import unicodedata
from dataclasses import dataclass, field
from functools import lru_cache

from stats.domain.errors import Malformed
from stats.domain.numbers import as_dialled
from stats.domain.records import Direction, Party
from stats.providers.telavox.instants import DAY_MS, EARLIEST_MS, epoch_ms
from stats.providers.telavox.wire import AgentWords, Names, QueueWords, Span, Spread, When

MAX_NAME_CHARACTERS = 200
_MAX_ID = (1 << 53) - 1  # beyond it a browser would show another id
_MAX_LENGTH_MS = 31 * DAY_MS
_FURTHEST_PLAN_MS = 400 * DAY_MS
_JOINERS = "\u200c\u200d"  # inside Persian words and emoji; not a disguise

_DIRECTIONS = {
    "incoming": Direction.IN,
    "inbound": Direction.IN,
    "in": Direction.IN,
    "outgoing": Direction.OUT,
    "outbound": Direction.OUT,
    "out": Direction.OUT,
    "internal": Direction.INTERNAL,
}


@lru_cache(maxsize=8192)
def clean(text: str) -> str | None:
    """A name fit for a screen: no control or bidi characters, at most 200 characters; None when nothing is left."""
    if not text.isprintable():
        text = "".join(_printable(letter) for letter in text)
    return text.strip()[:MAX_NAME_CHARACTERS].strip() or None


def _printable(letter: str) -> str:
    if letter.isprintable() or letter in _JOINERS:
        return letter
    return " " if unicodedata.category(letter) in ("Zs", "Zl", "Zp") or letter in "\t\n\r" else ""


def known_id(value: int | None) -> int | None:
    """An id that a browser can show; zero and negative ones are no ids."""
    return value if value is not None and 0 < value <= _MAX_ID else None


@lru_cache(maxsize=8192)
def party_of(id: int | None, account_id: int | None, name: str | None) -> Party | None:
    """A queue or an agent; None when nothing tells which."""
    known, account = known_id(id), known_id(account_id)
    shown = clean(name) if name else None
    if known is None and account is None and shown is None:
        return None
    return Party(id=known, account_id=account, name=shown)


def party(words: AgentWords | QueueWords | None) -> Party | None:
    """The party these words name."""
    return party_of(words.id, words.account_id, words.name) if words is not None else None


def truth(value: bool | int | None) -> bool | None:
    """A flag; a negative number is an unknown one."""
    return None if value is None or value < 0 else value > 0


def count(value: bool | int | None) -> int | None:
    """A small count."""
    return None if value is None or value < 0 else min(int(value), 1_000_000)


def named(names: Names) -> bool:
    """Whether a list of names, in any of its forms, holds any."""
    return bool(names) and names not in ("[]", "null")


@dataclass(slots=True)
class Hearing:
    """One document being heard. `scale` turns its lengths into milliseconds."""

    source: str
    region: str
    received_at: int
    notes: list[Malformed] = field(default_factory=list)
    scale: int = 1

    def note(self, reason: str, path: str) -> None:
        """Remember what was odd."""
        self.notes.append(Malformed(reason, path))

    def instant(self, value: When, path: str) -> int | None:
        """Epoch ms in [2000, a day from now]; zero and blank mean "not told"."""
        if value is None or value == 0 or value == "":
            return None
        if type(value) is int and EARLIEST_MS <= value <= self.received_at + DAY_MS:
            return value
        found = epoch_ms(value)
        if found is None:
            self.note("wrong_type", path)
            return None
        if not EARLIEST_MS <= found <= self.received_at + DAY_MS:
            self.note("bad_instant", path)
            return None
        return found

    def planned(self, value: When, since: int | None, path: str) -> int | None:
        """A planned end: an instant by its magnitude, else a length in ms after `since`."""
        if value is None or value == 0 or value == "":
            return None
        found = epoch_ms(value)
        if isinstance(value, (int, float)) and abs(value) <= 100_000_000_000:
            found = since + round(value) if since is not None else None
        elif found is None:
            self.note("wrong_type", path)
        if found is None or EARLIEST_MS <= found <= self.received_at + _FURTHEST_PLAN_MS:
            return found
        self.note("bad_instant", path)
        return None

    def length(self, value: Span, path: str) -> int | None:
        """Milliseconds of a duration, or of the total of one told three ways."""
        if isinstance(value, Spread):
            value = value.total
        if value is None:
            return None
        ms = value * self.scale
        if 0 <= ms <= _MAX_LENGTH_MS:
            return ms
        self.note("bad_duration", path)
        return None

    def direction(self, value: str | None, path: str = "call_direction") -> Direction | None:
        """Which way the call went; a word we do not know is no direction."""
        if not value:
            return None
        known = _DIRECTIONS.get(value) or _DIRECTIONS.get(value.strip().lower())
        if known is None:
            self.note("unknown_enum", path)
        return known

    def number(self, value: str | None) -> str | None:
        """The other side's number, E.164 when derivable."""
        return as_dialled(value, self.region) if value else None
