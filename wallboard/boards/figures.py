"""How a number is written on a board; `static/tv/format.js` writes every one of them the same way.

Rules that hold here: None is a dash, never a zero; halves round up; nothing is longer than its slot on the wall allows.
"""

from datetime import datetime
from math import floor
from zoneinfo import ZoneInfo

DASH = "–"
MS_PER_S = 1000
S_PER_HOUR = 3600
# Above this many hours the minutes say nothing any more.
HOURS_WRITTEN = 100


def number(value: object) -> float | None:
    """The value when it is a number (a bool is not), else None."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return value


def count(value: object) -> str:
    """A whole number of calls or people."""
    known = number(value)
    return DASH if known is None else str(floor(known + 0.5))


def percent(value: object) -> str:
    """A ratio 0..1 as whole per cent, without the sign."""
    known = number(value)
    return DASH if known is None else str(floor(known * 100 + 0.5))


def fine_percent(value: object, language: str) -> str:
    """A ratio 0..1 as per cent with one decimal below ten, where a whole one would hide the difference."""
    known = number(value)
    if known is None:
        return DASH
    tenths = floor(known * 1000 + 0.5)
    if tenths >= 100 or tenths % 10 == 0:
        return percent(value)
    return f"{tenths // 10}{'.' if language.startswith('en') else ','}{tenths % 10}"


def whole_seconds(seconds: int) -> str:
    """`m:ss` below one hour, `1h05` below a hundred, then days; never ambiguous between minutes and hours."""
    shown = max(seconds, 0)
    if shown < S_PER_HOUR:
        return f"{shown // 60}:{shown % 60:02d}"
    if shown < HOURS_WRITTEN * S_PER_HOUR:
        return f"{shown // S_PER_HOUR}h{shown % S_PER_HOUR // 60:02d}"
    return f"{shown // (24 * S_PER_HOUR)}d"


def duration(value: object) -> str:
    """A duration in seconds, to the nearest one."""
    known = number(value)
    return DASH if known is None else whole_seconds(floor(known + 0.5))


def since(value: object, now: int) -> str:
    """The time passed from an instant (epoch ms) to `now`, in seconds that are over; an instant still to come counts as now."""
    known = number(value)
    return DASH if known is None else whole_seconds((now - int(known)) // MS_PER_S)


def wall_clock(instant: int, timezone: str) -> str:
    """`HH:MM` of an instant (epoch ms) where the board hangs."""
    return datetime.fromtimestamp(instant / MS_PER_S, ZoneInfo(timezone)).strftime("%H:%M")
