"""A span of time cut to opening hours: the stretches of it in which something must have begun to count.

Rules that hold here: instants are epoch ms, stretches half open, in order and apart; hours are read from the local clock quarter by quarter
where a day is not 24 hours long, so that an hour told twice is in it twice.
"""

from datetime import date, timedelta

from stats.domain.periods import MINUTE_MS, QUARTER_MS, business_day, day_bounds
from stats.domain.report import Hours

_USUAL_DAY_MS = 86_400_000


def pieces(first: int, end: int, hours: Hours | None, timezone: str) -> list[tuple[int, int]]:
    """The stretches of [first, end) within the hours; the whole of it without any."""
    if end <= first:
        return []
    if hours is None:
        return [(first, end)]
    found: list[tuple[int, int]] = []
    day, last = date.fromisoformat(business_day(first, timezone)), date.fromisoformat(business_day(end - 1, timezone))
    while day <= last:
        for begin, over in _of_day(day, hours, timezone):
            begin, over = max(begin, first), min(over, end)
            if begin >= over:
                continue
            if found and found[-1][1] == begin:
                begin = found.pop()[0]
            found.append((begin, over))
        day += timedelta(days=1)
    return found


def _of_day(day: date, hours: Hours, timezone: str) -> list[tuple[int, int]]:
    if day.isoweekday() not in hours.weekdays:
        return []
    begin, over = day_bounds(day.isoformat(), timezone)
    if over - begin == _USUAL_DAY_MS:
        return [(begin + hours.opens * MINUTE_MS, begin + hours.closes * MINUTE_MS)]
    return [(at, at + QUARTER_MS) for at in range(begin, over, QUARTER_MS) if hours.hold(at, timezone)]
