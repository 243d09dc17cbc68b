"""The vendor's ways of writing an instant, told apart by magnitude."""

import math
from datetime import UTC, datetime

EARLIEST_MS = 946_684_800_000  # 2000-01-01: nothing a contact centre tells is older
DAY_MS = 86_400_000
_SMALLEST_MS = 100_000_000_000  # as seconds this would be the year 5138
_SMALLEST_US = 100_000_000_000_000
_SMALLEST_NS = 100_000_000_000_000_000


def epoch_ms(value: int | float | str) -> int | None:
    """Epoch milliseconds of a number (s, ms, µs or ns by magnitude), a numeric text or ISO 8601 (UTC where no zone is told).

    None when the value is no instant at all; whether the instant is believable is the caller's question.
    """
    if isinstance(value, str):
        return _from_text(value.strip())
    if isinstance(value, float):
        if not math.isfinite(value):
            return None
        if abs(value) < _SMALLEST_MS:
            return round(value * 1000)
        value = round(value)
    size = abs(value)
    if size < _SMALLEST_MS:
        return value * 1000
    if size < _SMALLEST_US:
        return value
    return value // 1000 if size < _SMALLEST_NS else value // 1_000_000


def _from_text(text: str) -> int | None:
    if not text or len(text) > 40 or not text.isascii():
        return None
    if "-" not in text[1:]:  # every ISO date of ours has one; a number only in front or in an exponent
        try:
            return epoch_ms(int(text)) if text.lstrip("+-").isdigit() else epoch_ms(float(text))
        except ValueError:
            return None
    try:
        told = datetime.fromisoformat(text)
        return round((told if told.tzinfo else told.replace(tzinfo=UTC)).timestamp() * 1000)
    except (ValueError, OverflowError):
        return None
