"""How commands say instants: in the organisation's zone, and how long ago."""

from datetime import datetime
from zoneinfo import ZoneInfo


def ago(at: int | None, now: int) -> str:
    """`12 s ago`; `never` for None."""
    if not at:
        return "never"
    seconds = max(0, now - at) // 1000
    if seconds < 120:
        return f"{seconds} s ago"
    return f"{seconds // 60} min ago" if seconds < 7200 else f"{seconds // 3600} h ago"


def instant(at: int | None, now: int, timezone: str) -> str:
    """`14:02:07 (12 s ago)`, with its date when that is another day's."""
    if not at:
        return "never"
    zone = ZoneInfo(timezone)
    when, today = datetime.fromtimestamp(at / 1000, zone), datetime.fromtimestamp(now / 1000, zone)
    form = "%H:%M:%S" if when.date() == today.date() else "%Y-%m-%d %H:%M:%S"
    return f"{when.strftime(form)} ({ago(at, now)})"
