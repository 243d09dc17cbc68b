"""A report's address, read and checked: which days, compared with which, cut how, of which queues and agents, within which hours.

Rules that hold here:
- Everything a report shows is in its address, and what is as usual is left out of it; `read_asked(query(...))` gives the same again.
- Periods that move with the day ("7d") stay words; days are business days, both ends inclusive, and none is still to come.
- What cannot be read is `Unfit` with a sentence that names the parameter and what is allowed; nothing is guessed.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from urllib.parse import urlencode

from django.http import QueryDict
from django.utils.translation import gettext as _

from stats.domain.definitions import DEFINITIONS
from stats.domain.report import INTERVALS, Hours, Interval, Span
from wallboard.accounts.viewer import Viewer
from wallboard.pages.addresses import hours_query
from wallboard.reports.days import days_before, days_between, days_of, is_month, month_end, moved

PERIODS = ("today", "yesterday", "7d", "30d", "week", "month")
COMPARISONS = ("previous", "weekdays", "year")
USUAL_PERIOD = "today"
# Names in addresses that are read here; a tab's own names must be others.
NAMES = ("period", "from", "to", "compare", "interval", "queue", "agent", "hours", "opens", "closes", "weekdays", "metric")
# So many days a period may become, for which an interval must stay fit while the month goes on.
LONGEST: Mapping[str, int] = {"today": 1, "yesterday": 1, "7d": 7, "30d": 30, "week": 7, "month": 31}
# The most days that are cut so fine, and the fewest that are offered to be cut so coarse.
MOST_DAYS: Mapping[Interval, int] = {"15m": 7, "30m": 14, "1h": 31, "day": 800, "week": 3700, "month": 3700}
FEWEST_DAYS: Mapping[Interval, int] = {"15m": 1, "30m": 1, "1h": 1, "day": 2, "week": 8, "month": 32}
MOST_DAYS_AT_ALL = 3660
MOST_KEYS = 200
LONGEST_KEY = 200
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_CLOCK = re.compile(r"([01]\d|2[0-3]):(00|15|30|45)|24:00")


class Unfit(Exception):
    """A parameter that cannot be read; the text says in words what is allowed."""

    def __init__(self, parameter: str, words: str) -> None:
        super().__init__(words)
        self.parameter = parameter


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a report's address asks for. `period` "" is a custom one; `first` to `last` are the days it makes; `today` when it was read."""

    today: str
    period: str = USUAL_PERIOD
    first: str
    last: str
    compare: str = ""
    interval: Interval = "30m"
    queues: tuple[str, ...] = ()
    agents: tuple[str, ...] = ()
    hours: Hours | None = None
    metric: str = ""

    @property
    def days(self) -> int:
        """How many days it reaches over."""
        return days_between(self.first, self.last)

    @property
    def usual_interval(self) -> Interval:
        """How it is cut unless it says otherwise."""
        return usual_interval(self.longest)

    @property
    def longest(self) -> int:
        """How many days the period may become without its address changing."""
        return LONGEST.get(self.period, self.days)

    @property
    def offered(self) -> tuple[Interval, ...]:
        """The intervals it makes sense to cut it into."""
        return tuple(each for each in INTERVALS if FEWEST_DAYS[each] <= self.longest <= MOST_DAYS[each])

    def span(self, organisation: str, timezone: str, viewer: Viewer | None) -> Span:
        """What is asked of the reader: never more queues than the viewer sees."""
        queues = frozenset(self.queues) or None
        if viewer is not None and viewer.queues is not None:
            queues = viewer.queues if queues is None else queues & viewer.queues
        return Span(
            organisation=organisation,
            timezone=timezone,
            first=self.first,
            last=self.last,
            interval=self.interval,
            queues=queues,
            agents=frozenset(self.agents) or None,
            hours=self.hours,
        )

    def pairs(self) -> list[tuple[str, str]]:
        """Name and value of everything in the address, what is as usual left out."""
        days = (
            [] if self.period == USUAL_PERIOD else [("period", self.period)] if self.period else [("from", self.first), ("to", self.last)]
        )
        return [
            *days,
            *([("compare", self.compare)] if self.compare else []),
            *([("interval", self.interval)] if self.interval != self.usual_interval else []),
            *(("queue", key) for key in self.queues),
            *(("agent", key) for key in self.agents),
            *hours_query(self.hours),
            *([("metric", self.metric)] if self.metric else []),
        ]

    def query(self, **changes: object) -> str:
        """The address's query (without "?") with some of it changed, e.g. `query(period="week")`, `query(first=..., last=...)`."""
        return urlencode(self.changed(**changes).pairs())

    def changed(self, **changes: object) -> "Asked":
        """The same question with some of it changed; an interval that no longer fits the days becomes the usual one."""
        if "period" in changes and "first" not in changes:
            first, last = days_of(str(changes["period"]), self.today)
            changes |= {"first": first, "last": last}
        elif "first" in changes or "last" in changes:
            changes.setdefault("period", "")
        other = replace(self, **changes)  # type: ignore[arg-type]  # whoever changes a field knows its type
        if "interval" in changes or (other.period, other.first, other.last) == (self.period, self.first, self.last):
            return other
        kept = self.interval != self.usual_interval and self.interval in other.offered
        return replace(other, interval=self.interval if kept else other.usual_interval)

    def compared(self) -> tuple[str, str] | None:
        """First and last day of what it is compared with; None where it is not."""
        first, last = date.fromisoformat(self.first), date.fromisoformat(self.last)
        if self.compare == "previous":
            return days_before(first, last, month=self.period == "month", week=self.period == "week")
        if self.compare == "weekdays":
            return moved(first, last, -(-self.days // 7) * 7)
        return moved(first, last, 364) if self.compare == "year" else None

    def with_compared(self) -> "Asked | None":
        """The question that what it is compared with answers, cut the same way."""
        days = self.compared()
        return None if days is None else replace(self, period="", first=days[0], last=days[1], compare="")

    def neighbour(self, step: int) -> "Asked | None":
        """The period before (-1) or after (1): a whole week or month beside one, else as many days; None where it is still to come."""
        first, last = date.fromisoformat(self.first), date.fromisoformat(self.last)
        if step < 0:
            whole = days_before(first, last, month=self.period == "month", week=self.period == "week", whole=True)
        elif is_month(first, last):
            after = last + timedelta(days=1)
            whole = after.isoformat(), month_end(after).isoformat()
        else:
            whole = moved(first, last, -self.days)
        if whole[0] > self.today:
            return None
        days = whole[0], min(whole[1], self.today)
        # What is a period with a name is called by it, so that it moves on with the day.
        named = next((each for each in ("today", "yesterday", "week", "month") if days_of(each, self.today) == days), "")
        if self.days == 1 and named not in ("today", "yesterday"):
            named = ""
        return self.changed(period=named, first=days[0], last=days[1])


def usual_interval(days: int) -> Interval:
    """How so many days are cut unless somebody wishes otherwise."""
    if days <= 1:
        return "30m"
    if days <= 62:
        return "day"
    return "week" if days <= 400 else "month"


def read_asked(params: QueryDict, today: str) -> Asked:
    """What an address asks for; `today` is the organisation's business day. Raises Unfit."""
    period, first, last = _period(params, today)
    asked = Asked(today=today, period=period, first=first, last=last)
    if asked.days > MOST_DAYS_AT_ALL:
        raise Unfit("from", _("“from” and “to” may be at most ten years apart."))
    interval = params.get("interval", "") or asked.usual_interval
    if interval not in INTERVALS:
        raise Unfit("interval", _("“interval” is one of %(allowed)s.") % {"allowed": ", ".join(INTERVALS)})
    chosen: Interval = interval
    if asked.longest > MOST_DAYS[chosen]:
        words = _("“interval” %(interval)s is for at most %(days)d days. These days can be cut into: %(allowed)s.")
        raise Unfit("interval", words % {"interval": interval, "days": MOST_DAYS[chosen], "allowed": ", ".join(asked.offered)})
    compare = params.get("compare", "")
    if compare and compare not in COMPARISONS:
        raise Unfit("compare", _("“compare” is one of %(allowed)s.") % {"allowed": ", ".join(COMPARISONS)})
    return replace(
        asked,
        interval=chosen,
        compare=compare,
        queues=_keys(params, "queue"),
        agents=_keys(params, "agent"),
        hours=_hours(params),
        metric=_metric(params),
    )


def _period(params: QueryDict, today: str) -> tuple[str, str, str]:
    """Period, first and last day."""
    if params.get("from") or params.get("to"):
        last = _day(params, "to") if params.get("to") else today
        first = _day(params, "from") if params.get("from") else last
        if first > today:
            raise Unfit("from", _("“from” is a day that has come: at most %(today)s.") % {"today": today})
        if last < first:
            raise Unfit("to", _("“to” is not before “from”."))
        return "", first, min(last, today)
    period = params.get("period", "") or USUAL_PERIOD
    if period not in PERIODS:
        raise Unfit("period", _("“period” is one of %(allowed)s, or “from” and “to” are days.") % {"allowed": ", ".join(PERIODS)})
    return period, *days_of(period, today)


def _day(params: QueryDict, name: str) -> str:
    written = params.get(name, "")
    try:
        if _DAY.fullmatch(written) is None:
            raise ValueError
        if not 1990 <= date.fromisoformat(written).year <= 2100:
            raise ValueError
    except ValueError as why:
        raise Unfit(name, _("“%(name)s” is a day, written like 2026-05-18.") % {"name": name}) from why
    return written


def _keys(params: QueryDict, name: str) -> tuple[str, ...]:
    keys = tuple(dict.fromkeys(each for each in params.getlist(name) if each))
    if len(keys) > MOST_KEYS or any(len(each) > LONGEST_KEY for each in keys):
        raise Unfit(name, _("“%(name)s” is an id, and may be there %(most)d times.") % {"name": name, "most": MOST_KEYS})
    return keys


def _hours(params: QueryDict) -> Hours | None:
    """Opening hours: `hours=08:00-17:30`, or `opens` and `closes` as a form sends them; `weekdays` by number, in one or several."""
    opens, dash, closes = params.get("hours", "").partition("-")
    if dash:
        _clock(opens, "hours"), _clock(closes, "hours")
    elif opens:
        raise Unfit("hours", _("“hours” is two times of day in whole quarters, written like 08:00-17:30."))
    opens, closes = params.get("opens", "") or opens or "00:00", params.get("closes", "") or closes or "24:00"
    first, last = _clock(opens, "opens"), _clock(closes, "closes")
    days = "".join(params.getlist("weekdays"))
    if not all(each in "1234567" for each in days):
        raise Unfit("weekdays", _("“weekdays” are days by their numbers: 12345 is Monday to Friday."))
    if last <= first:
        raise Unfit("hours" if dash else "closes", _("The hours close later on the same day than they open."))
    hours = Hours(opens=first, closes=last, weekdays=frozenset(int(each) for each in days) or frozenset(range(1, 8)))
    return None if hours == Hours() else hours


def _clock(written: str, name: str) -> int:
    """The minute of the day."""
    if _CLOCK.fullmatch(written) is None:
        raise Unfit(name, _("“%(name)s” is a time of day in whole quarters, written like 08:15.") % {"name": name})
    return int(written[:2]) * 60 + int(written[3:])


def _metric(params: QueryDict) -> str:
    metric = params.get("metric", "")
    if metric and not any(f"{place}.{metric}" in DEFINITIONS for place in ("queue", "site", "agent")):
        raise Unfit("metric", _("“metric” is the id of a number, as the page of definitions has it."))
    return metric
