"""What the vendor's refusals mean: a status, a header or a line of text, told as Retry or Refused.

Rules that hold here:
- 401 and 403 are about the token, on the sockets and on GraphQL alike; a redirect is a fault and never followed.
- Reasons are short, and carry no token, no number longer than five digits and no text of the vendor beyond 120 characters.
"""

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from stats.domain.errors import ProviderError, Refused, Retry

TOO_LONG = "too_long_http_line_exception"  # the vendor's way of saying that a filter is missing
_LONG_NUMBER = re.compile(r"\d{6,}")
_LONG_WORD = re.compile(r"[\w.~+/=-]{32,}")  # tokens, hashes
_MAX_WAIT_S = 3600.0


def is_unknown_path(frame: bytes) -> bool:
    """Whether a frame is the vendor's plain text for a datasource it does not have."""
    return len(frame) < 64 and frame.strip().rstrip(b".").strip().lower() == b"invalid path"


def of_status(status: int, retry_after: str | None, *, now_ms: int) -> ProviderError:
    """The error that an HTTP status other than success stands for, on a handshake or on a POST."""
    if status in (401, 403):
        return Refused("auth", f"http {status}")
    reason = f"redirect {status}" if 300 <= status < 400 else f"http {status}"
    return Retry(reason, after_s=wait_s(retry_after, now_ms=now_ms))


def wait_s(retry_after: str | None, *, now_ms: int) -> float | None:
    """Seconds of a Retry-After header in either of its forms; at most an hour, None when there is none to read."""
    if not retry_after:
        return None
    text = retry_after.strip()
    if re.fullmatch(r"\d{1,9}(\.\d+)?", text):
        return min(float(text), _MAX_WAIT_S)
    try:
        then = parsedate_to_datetime(text)
    except ValueError:
        return None
    if then.tzinfo is None:
        then = then.replace(tzinfo=UTC)
    wait = (then - datetime.fromtimestamp(now_ms / 1000, UTC)).total_seconds()
    return min(max(wait, 0.0), _MAX_WAIT_S)


def short(text: object) -> str:
    """Somebody else's words, safe for a log."""
    words = "".join(letter if letter.isprintable() else " " for letter in str(text))
    return _LONG_NUMBER.sub("#", _LONG_WORD.sub("…", words))[:120].strip()


def asks_too_much(texts: Iterable[str]) -> bool:
    """Whether any of these says that a filter is missing."""
    return any(TOO_LONG in text for text in texts)
