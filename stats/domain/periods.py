"""When a number belongs: UTC minutes and quarter hours, and business days of an organisation's zone.

Rules that hold here: instants are epoch ms; every interval is half open; a day is what the zone says (23, 24 or 25 hours), never "+24 h".
"""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

MINUTE_MS = 60_000
QUARTER_MS = 15 * MINUTE_MS
WINDOWS = {"15m": 15, "30m": 30, "60m": 60}


@lru_cache(maxsize=64)
def zone(name: str) -> ZoneInfo:
    """The zone of an IANA name; ZoneInfoNotFoundError when there is none."""
    return ZoneInfo(name)


def minute_of(at: int) -> int:
    """The number of the UTC minute that holds `at`."""
    return at // MINUTE_MS


def quarter_of(at: int) -> int:
    """The first instant of the UTC quarter hour that holds `at`."""
    return at - at % QUARTER_MS


@lru_cache(maxsize=4096)
def _day_of_quarter(quarter: int, timezone: str) -> str:
    # Zone offsets are multiples of a quarter hour everywhere, so one quarter lies in one day.
    return datetime.fromtimestamp(quarter / 1000, zone(timezone)).date().isoformat()


def business_day(at: int, timezone: str) -> str:
    """The business day ("2026-05-18") of an instant in the organisation's zone."""
    return _day_of_quarter(quarter_of(at), timezone)


@lru_cache(maxsize=256)
def day_bounds(day: str, timezone: str) -> tuple[int, int]:
    """First instant of a business day and of the next one, epoch ms."""
    first = date.fromisoformat(day)
    return _midnight(first, timezone), _midnight(first + timedelta(days=1), timezone)


def _midnight(day: date, timezone: str) -> int:
    """The first instant of a day. Where there is no midnight it is the end of the gap, which is what midnight means by the offset of
    before; where midnight comes twice it is the first of the two.
    """
    local = datetime(day.year, day.month, day.day, tzinfo=zone(timezone), fold=0)
    return round(local.timestamp() * 1000)


def split_days(start: int, end: int, timezone: str) -> Iterator[tuple[str, int]]:
    """The business days that [start, end) touches, with the milliseconds in each. Sums to end - start exactly."""
    while start < end:
        day = business_day(start, timezone)
        border = min(end, day_bounds(day, timezone)[1])
        if border <= start:
            border = end
        yield day, border - start
        start = border


def split_quarters(start: int, end: int) -> Iterator[tuple[int, int]]:
    """The UTC quarters that [start, end) touches, with the milliseconds in each. Sums to end - start exactly."""
    while start < end:
        quarter = quarter_of(start)
        border = min(end, quarter + QUARTER_MS)
        yield quarter, border - start
        start = border


def window_minutes(window: str, as_of: int) -> range:
    """The minutes of a rolling window: the N newest, the running one included."""
    newest = minute_of(as_of)
    return range(newest - WINDOWS[window] + 1, newest + 1)
