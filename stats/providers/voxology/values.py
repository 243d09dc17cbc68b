"""What stands in the vendor's fields, read as tolerantly as its own samples are written.

Rules that hold here: nothing raises; what cannot be read is None. An instant without a zone is UTC, seconds may have decimals, a truth
may be a word, and an id may be a number.
"""

import re
from datetime import UTC, datetime
from typing import Any

from stats.domain.numbers import as_dialled
from stats.domain.records import Direction

LONGEST_WORD = 128
_LOST_PLUS = re.compile(r" [1-9]\d{7,14}")
_EARLIEST_MS, _LATEST_MS = 946_684_800_000, 4_102_444_800_000  # 2000 to 2100: anything else is no instant of a call

FINAL = frozenset({"completed", "no-answer", "busy", "canceled", "failed", "restricted", "error", "unknown"})
LIVE = frozenset({"live-queued", "live-ringing", "live-in-progress"})

# What the vendor's table says of the codes of its call flow loop, and of those that stop a call before it.
EXPLAINED = {
    1003: "the application or sub account of this number is deactivated",
    2001: "the account balance is 0.00",
    4001: "the request to the callback address timed out",
    400378: "too many calls were made at once",
    400900: "the callback address did not answer with success before the call was connected",
    400901: "the callback address did not answer with success after the call was connected",
    400902: "the callback address answered without actions",
    400910: "the callback address did not answer with success before the outgoing call was connected",
    400911: "the callback address did not answer the outgoing call's first request with success",
    400912: "the callback address stopped answering with success during the outgoing call",
    400913: "the callback address answered the outgoing call without actions",
    400931: "an address in the callback's answer, such as a sound to play, could not be fetched",
    402001: "the account has insufficient funds",
    403293: "the caller id is not verified",
    413900: "the callback's answer was longer than 81 KB",
    413901: "the callback's answer was too long once compiled",
    413910: "the callback's answer to the outgoing call was longer than 81 KB",
    413911: "the callback's answer to the outgoing call was too long once compiled",
}


def word(value: Any, longest: int = LONGEST_WORD) -> str | None:
    """Text or a number as printable text without space around it; None where nothing is said ("", "null")."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    text = "".join(letter for letter in str(value) if letter.isprintable()).strip()[:longest]
    return text if text and text.casefold() not in ("null", "none", "undefined") else None


def code(value: Any) -> str | None:
    """A word of a fixed list (status, direction), in small letters."""
    text = word(value, 32)
    return text.casefold() if text is not None else None


def truth(value: Any) -> bool | None:
    """true, "true", 1, "1" and their opposites."""
    if isinstance(value, bool):
        return value
    return {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}.get(code(value) or "")


def number(value: Any) -> float | None:
    """A number, also where it is written as text."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        found = float(value)
    except ValueError:
        return None
    return found if -1e15 < found < 1e15 else None  # and neither infinite nor no number


def seconds(value: Any) -> int | None:
    """A length in seconds, whole or not, as ms; None below 0."""
    found = number(value)
    return round(found * 1000) if found is not None and found >= 0 else None


def length(value: Any) -> int | None:
    """A length in ms; None below 0."""
    found = number(value)
    return round(found) if found is not None and found >= 0 else None


def instant(value: Any) -> int | None:
    """Epoch ms from ISO 8601 (without a zone: UTC) or from epoch ms, as `$now` gives it."""
    found = number(value)
    if found is not None:
        return round(found) if _EARLIEST_MS <= found <= _LATEST_MS else None
    text = word(value)
    if text is None:
        return None
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        return None
    if read.tzinfo is None:
        read = read.replace(tzinfo=UTC)
    try:
        at = round(read.timestamp() * 1000)
    except (OverflowError, ValueError):
        return None
    return at if _EARLIEST_MS <= at <= _LATEST_MS else None


def iso(at: int) -> str:
    """Epoch ms as the vendor's questions want it."""
    whole, ms = divmod(at, 1000)
    return f"{datetime.fromtimestamp(whole, UTC):%Y-%m-%dT%H:%M:%S}.{ms:03d}Z"


def dialled(value: Any, region: str) -> str | None:
    """A telephone number in E.164 where that can be derived, else as written; None of nothing and of withheld ones."""
    if isinstance(value, str) and _LOST_PLUS.fullmatch(value):
        value = f"+{value.strip()}"  # a form's plus sign that nobody has encoded is a space
    return as_dialled(word(value), region)


def direction(value: Any) -> Direction | None:
    """inbound, OUTBOUND and so on."""
    return {"inbound": Direction.IN, "outbound": Direction.OUT}.get(code(value) or "")


def explained(error_code: str | None, error: str | None) -> str | None:
    """The vendor's words of an error, with what its table says of the code."""
    meaning = EXPLAINED.get(int(error_code)) if error_code and error_code.isdecimal() else None
    return f"{error} ({meaning})" if meaning and error and meaning not in error else meaning or error
