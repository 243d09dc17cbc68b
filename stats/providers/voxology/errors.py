"""What the vendor's refusals mean to us: its HTTP status first, its own code second, its words for people.

Rules that hold here: the key and telephone numbers never stand in a reason; a resource that is gone is `Missing`, which only those who
asked for it understand.
"""

import re
from email.utils import parsedate_to_datetime
from typing import Any

import msgspec

from stats.domain.errors import ProviderError, Refused, Retry
from stats.providers.voxology.values import number, word
from stats.providers.voxology.wire import fields

GONE_QUEUE, GONE_QUEUED, EMPTY_QUEUE = 404711, 404712, 404713
_SUB_ACCOUNT = frozenset({404801, 404802})
_NUMBERS = re.compile(r"\+?\d[\d ()-]{5,}\d")
LONGEST_WAIT_S = 600.0


class Missing(ProviderError):
    """What was asked for is not there (any more). `code` is the vendor's."""

    def __init__(self, code: int | None) -> None:
        super().__init__(f"not there: {code}")
        self.code = code


def of_answer(status: int, retry_after: str | None, body: bytes, key: str, now_ms: int) -> ProviderError:
    """The error an answer other than 2xx stands for."""
    try:
        told = fields(msgspec.json.decode(body))
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        told = {}
    code = number(told.get("code"))
    known = int(code) if code is not None else None
    reason = _reason(status, known, told, key)
    if status in (401, 403) or (status == 400 and known is not None and 401000 <= known < 402000):
        return Refused("auth", reason)
    if status in (429, 423, 503):
        return Retry(reason, after_s=after(retry_after, now_ms))
    if status == 404:
        return Refused("config", reason) if known in _SUB_ACCOUNT else Missing(known)
    if status >= 500 or status == 408:
        return Retry(reason)
    return Refused("config", reason)


def _reason(status: int, code: int | None, told: dict[str, Any], key: str) -> str:
    parts = [word(told.get("message"), 160), word(told.get("help"), 240)]
    said = " ".join(part for part in parts if part)
    if key:
        said = said.replace(key, "…")
    said = _NUMBERS.sub("…", said)
    return f"http {status}" + (f" ({code})" if code is not None else "") + (f": {said}" if said else "")


def after(value: str | None, now_ms: int) -> float | None:
    """Retry-After in seconds, also where it is a date; at most ten minutes."""
    if not value:
        return None
    seconds = number(value)
    if seconds is None:
        try:
            seconds = parsedate_to_datetime(value).timestamp() - now_ms / 1000
        except (TypeError, ValueError, OverflowError):
            return None
    return min(max(0.0, seconds), LONGEST_WAIT_S)
