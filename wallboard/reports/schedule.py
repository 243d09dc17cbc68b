"""When a mail is due: instants from a time of the local day, and the days that a report covers which is sent then.

Rules that hold here: a time of day that does not exist is the instant at which the clock goes on, one that comes twice is the first of the
two, so that every day of the schedule has one instant; a period is as of the day the mail is due, and of days that are over unless it says
today.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

from django.http import QueryDict

from stats.domain.periods import zone
from wallboard.reports.asked import Asked, read_asked
from wallboard.reports.days import month_end

QUARTER = timedelta(minutes=15)
MONTH_DAYS = range(1, 29)
# What is older than this is not sent any more.
TOO_LATE = timedelta(hours=24)


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """At `minute` of the local day, on ISO `weekdays` ("12345"), or where there are none on `month_day` of each month."""

    timezone: str
    minute: int
    weekdays: str = ""
    month_day: int = 1

    def after(self, instant: datetime) -> datetime:
        """The first instant it is due after another one; UTC."""
        return next(each for each in self._from(instant) if each > instant)

    def between(self, first: datetime, now: datetime) -> list[datetime]:
        """Every instant it is due from `first`, which is one, until `now`."""
        found = [first]
        while (following := self.after(found[-1])) <= now:
            found.append(following)
        return found

    def _from(self, instant: datetime) -> Iterator[datetime]:
        day = instant.astimezone(zone(self.timezone)).date() - timedelta(days=1)
        while True:
            if self._holds(day):
                yield instant_of(day, self.minute, self.timezone)
            day += timedelta(days=1)

    def _holds(self, day: date) -> bool:
        return str(day.isoweekday()) in self.weekdays if self.weekdays else day.day == self.month_day


def instant_of(day: date, minute: int, timezone: str) -> datetime:
    """The instant of a minute of a local day; UTC."""
    local = zone(timezone)
    wished = datetime(day.year, day.month, day.day, minute // 60, minute % 60, tzinfo=local)
    instant = wished.astimezone(UTC)
    if instant.astimezone(local).replace(tzinfo=None) == wished.replace(tzinfo=None):
        return instant
    # The clock jumps over it. Back to where it jumps: everywhere on a quarter of an hour.
    before = wished.utcoffset()
    while (instant - QUARTER).astimezone(local).utcoffset() != before:
        instant -= QUARTER
    return instant


def covered(query: str, today: str) -> Asked:
    """What a view's query asks for when it is mailed on a day: the last period that is over. Raises Unfit."""
    asked = read_asked(QueryDict(query), today)
    if asked.period in ("", "today", "yesterday"):
        return asked
    day = date.fromisoformat(today)
    yesterday = day - timedelta(days=1)
    if asked.period == "week":
        last = day - timedelta(days=day.isoweekday())
        first = last - timedelta(days=6)
    elif asked.period == "month":
        last = day.replace(day=1) - timedelta(days=1)
        first = last.replace(day=1)
        assert last == month_end(first)
    else:
        first, last = yesterday - (date.fromisoformat(asked.last) - date.fromisoformat(asked.first)), yesterday
    # The interval stays as it was asked for: it fits the longest that the period may become.
    return replace(asked, period="", first=first.isoformat(), last=last.isoformat())
