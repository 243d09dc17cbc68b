"""Reads which time a receipt is asked for: days or quarter hours, opening hours, and of the site's queues some.

Rules that hold here: days are business days of the organisation's zone, both in it; instants are half open and lie on quarter hours, as
the cells of reports do; a time of day without an offset is the organisation's clock; what cannot be read is said with what is allowed.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from django.http import QueryDict

from stats.domain.periods import QUARTER_MS, business_day, day_bounds, zone
from stats.domain.pieces import pieces
from stats.domain.report import Hours, Span
from wallboard.pages.addresses import hours_query

MOST_DAYS = 3_660
# What does not begin and end with a day is read by quarters.
MOST_DAYS_OF_QUARTERS = 62
MOST_QUEUES, LONGEST_KEY = 200, 200
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_HOURS = re.compile(r"([01]\d|2[0-3]):(00|15|30|45)-(?:([01]\d|2[0-3]):(00|15|30|45)|24:00)")
_WRITTEN = "a day (2026-05-01), or an instant on a quarter hour (2026-05-01T10:15+02:00)"


class WrongSpan(Exception):
    """A parameter that cannot be read: its name, what was given, and in English what it must be."""

    def __init__(self, parameter: str, given: str, allowed: str) -> None:
        super().__init__(f"{parameter}={given[:60]!r} is not possible; it must be {allowed}.")
        self.parameter, self.given, self.allowed = parameter, given, allowed


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedTime:
    """[first, end), epoch ms, and how it was asked for. `hours`: of each day these; `queues`: of the site's queues these."""

    first: int
    end: int
    timezone: str
    begins: str
    ends: str
    hours: Hours | None = None
    queues: frozenset[str] = field(default_factory=frozenset)

    @property
    def days(self) -> tuple[str, str]:
        """The first and the last business day that it touches."""
        return business_day(self.first, self.timezone), business_day(self.end - 1, self.timezone)

    @property
    def is_of_days(self) -> bool:
        """Whether it begins and ends with a day."""
        first, last = self.days
        return (day_bounds(first, self.timezone)[0], day_bounds(last, self.timezone)[1]) == (self.first, self.end)

    @property
    def pieces(self) -> list[tuple[int, int]]:
        """The stretches of it that count, in order, apart."""
        return pieces(self.first, self.end, self.hours, self.timezone)

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """Name and value of what an address needs to ask for it."""
        return [("from", self.begins), ("to", self.ends), *hours_query(self.hours), *(("queue", key) for key in sorted(self.queues))]

    def span(self, organisation: str, *, queues: frozenset[str] | None, agents: frozenset[str] | None) -> Span:
        """The question to reports whose lines make it up: one line, or a quarter's each."""
        first, last = self.days
        return Span(
            organisation=organisation,
            timezone=self.timezone,
            first=first,
            last=last,
            interval="month" if self.is_of_days else "15m",
            queues=queues,
            agents=agents,
            hours=self.hours,
        )


def is_asked(params: Mapping[str, object]) -> bool:
    """Whether an address speaks of a span at all."""
    return "from" in params or "to" in params


def read_time(params: QueryDict, timezone: str) -> AskedTime:
    """What an address asks for; `to` may be left out of a single day. Raises WrongSpan."""
    begins = params.get("from", "")
    ends = params.get("to", "") or (begins if _DAY.fullmatch(begins) else "")
    begins = begins or (ends if _DAY.fullmatch(ends) else "")
    first, end = _instant("from", begins, timezone, last=False), _instant("to", ends, timezone, last=True)
    if end <= first:
        raise WrongSpan("to", ends, "after from")
    queues = frozenset(each for each in params.getlist("queue") if each)
    if len(queues) > MOST_QUEUES or any(len(key) > LONGEST_KEY for key in queues):
        raise WrongSpan("queue", "", f"the id of a queue, at most {MOST_QUEUES} times")
    asked = AskedTime(first=first, end=end, timezone=timezone, begins=begins, ends=ends, hours=_hours(params), queues=queues)
    days = (date.fromisoformat(asked.days[1]) - date.fromisoformat(asked.days[0])).days + 1
    if days > (MOST_DAYS if asked.is_of_days else MOST_DAYS_OF_QUARTERS):
        raise WrongSpan("to", ends, f"at most {MOST_DAYS} days from the first, or {MOST_DAYS_OF_QUARTERS} where it is no whole days")
    return asked


def _instant(name: str, written: str, timezone: str, *, last: bool) -> int:
    try:
        if _DAY.fullmatch(written) is not None:
            if not 1990 <= date.fromisoformat(written).year <= 2100:
                raise ValueError
            return day_bounds(written, timezone)[1 if last else 0]
        # In an address a plus that was not written as %2B has become a blank.
        told = datetime.fromisoformat(written.replace(" ", "+") if "T" in written else "")
        if not 1990 <= told.year <= 2100:
            raise ValueError
        at = round((told if told.tzinfo is not None else told.replace(tzinfo=zone(timezone))).timestamp() * 1000)
    except (ValueError, OverflowError) as why:
        raise WrongSpan(name, written, _WRITTEN) from why
    if at % QUARTER_MS:
        raise WrongSpan(name, written, _WRITTEN)
    return at


def _hours(params: QueryDict) -> Hours | None:
    written, days = params.get("hours", ""), "".join(params.getlist("weekdays"))
    if written and _HOURS.fullmatch(written) is None:
        raise WrongSpan("hours", written, "two times of day on quarter hours (08:00-17:30)")
    if not (days.isascii() and all(each in "1234567" for each in days)):
        raise WrongSpan("weekdays", days, "weekdays by number (12345 is Monday to Friday)")
    opens, _dash, closes = (written or "00:00-24:00").partition("-")
    weekdays = frozenset(int(each) for each in days) or frozenset(range(1, 8))
    hours = Hours(opens=_minutes(opens), closes=_minutes(closes), weekdays=weekdays)
    if hours.closes <= hours.opens:
        raise WrongSpan("hours", written, "two times of one day, the later one last")
    return None if hours == Hours() else hours


def _minutes(written: str) -> int:
    return int(written[:2]) * 60 + int(written[3:])
