"""What stands around the rows of a page of the past, read as generously as is honest: the count, the cursor, whether there is more.

Rules that hold here:
- Text that holds a number or a truth is that number or truth. What cannot be read is not guessed: the page is then odd, and an odd page
  proves nothing.
- Rows that are no list are no page: whoever asked must ask again. One object where the list should be is a list of one.
"""

from dataclasses import dataclass
from typing import Any

import msgspec

from stats.domain.errors import Retry

LONGEST_CURSOR = 4096
_WORDS = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
_ROWS = msgspec.json.Decoder(list[msgspec.Raw])
_PLAIN = msgspec.json.Decoder()
_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


class Envelope(msgspec.Struct, rename="camel"):
    """A connection of the vendor's, nothing of it read yet. Bytes even of the small fields: what is odd in one spoils no other."""

    data: msgspec.Raw = msgspec.Raw()
    total_count: msgspec.Raw = msgspec.Raw()
    cursor: msgspec.Raw = msgspec.Raw()
    has_next_page: msgspec.Raw = msgspec.Raw()


@dataclass(frozen=True, slots=True, kw_only=True)
class RawPage:
    """One page: its rows still as bytes. `odd`: something around them could not be read."""

    rows: list[msgspec.Raw]
    total: int | None
    cursor: str | None
    more: bool
    odd: bool


def opened(envelope: Envelope | None) -> RawPage | None:
    """The page; None when there are no rows to speak of. Raises Retry for rows that are no list."""
    if envelope is None or bytes(envelope.data) in (b"", b"null"):
        return None
    total, odd_total = _number(_plain(envelope.total_count))
    cursor, odd_cursor = _cursor(_plain(envelope.cursor))
    more, odd_more = _truth(_plain(envelope.has_next_page))
    return RawPage(rows=_rows(envelope.data), total=total, cursor=cursor, more=more, odd=odd_total or odd_cursor or odd_more)


def _rows(raw: msgspec.Raw) -> list[msgspec.Raw]:
    text = bytes(raw)
    if text[:1] == b"{":
        return [raw]
    if text[:1] == b"[":
        try:
            return _ROWS.decode(raw)
        except _UNREADABLE:
            pass
    raise Retry("graphql: rows that are no list")


_ODD = object()


def _plain(raw: msgspec.Raw) -> Any:
    try:
        return _PLAIN.decode(raw) if bytes(raw) else None
    except _UNREADABLE:  # a number with more digits than there are atoms, say
        return _ODD


def _number(value: Any) -> tuple[int | None, bool]:
    if isinstance(value, str) and value.strip().isascii() and value.strip().isdigit() and len(value) < 16:
        value = int(value)
    if value is None:
        return None, False
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e15:
        return None, True
    return int(value), False


def _cursor(value: Any) -> tuple[str | None, bool]:
    if value is None or value == "":
        return None, False
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None, True
    text = str(value)
    return (text, False) if len(text) <= LONGEST_CURSOR else (None, True)


def _truth(value: Any) -> tuple[bool, bool]:
    if value is None:
        return False, False
    if isinstance(value, bool | int | float):
        return bool(value), False
    if isinstance(value, str) and value.strip().lower() in _WORDS:
        return _WORDS[value.strip().lower()], False
    return False, True
