"""What reports are called: their tabs, periods, intervals, comparisons and hours, in the words of people.

Rules that hold here: days are written by the language's own formats; times of day are the organisation's.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta

from django.utils import formats
from django.utils.dates import WEEKDAYS_ABBR
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from stats.domain.metrics import QueueTargets
from stats.domain.periods import business_day, zone
from stats.domain.report import Hours, Line
from wallboard.boards import figures
from wallboard.pages.words import clock_time
from wallboard.reports.asked import Asked

Words = str | Promise
DASH = "–"
# So many stretches of days are named one by one.
MOST_SPANS = 4
# Every tab, what it is called, and the ability it needs.
TABS: Mapping[str, tuple[Words, str]] = {
    "interval": (pgettext_lazy("report", "Intervals"), "look"),
    "heat": (pgettext_lazy("report", "Heat map"), "look"),
    "trend": (pgettext_lazy("report", "Trend"), "look"),
    "waits": (pgettext_lazy("report", "Waits"), "look"),
    "agents": (pgettext_lazy("report", "Agents"), "agents"),
    "profiles": (pgettext_lazy("report", "Profiles"), "agents"),
    "calls": (pgettext_lazy("report", "Calls"), "calls"),
    "details": (pgettext_lazy("report", "Details"), "calls"),
    "quality": (pgettext_lazy("report", "Listened to"), "look"),
}
PERIODS: Mapping[str, Words] = {
    "today": pgettext_lazy("period", "Today"),
    "yesterday": pgettext_lazy("period", "Yesterday"),
    "7d": pgettext_lazy("period", "7 days"),
    "30d": pgettext_lazy("period", "30 days"),
    "week": pgettext_lazy("period", "Week"),
    "month": pgettext_lazy("period", "Month"),
}
# Which key chooses what.
PERIOD_KEYS: Mapping[str, str] = {"today": "d", "yesterday": "e", "week": "w", "month": "m", "7d": "7", "30d": "3"}
COMPARISONS: Mapping[str, Words] = {
    "": pgettext_lazy("compare", "Nothing"),
    "weekdays": pgettext_lazy("compare", "The same weekdays before"),
    "previous": pgettext_lazy("compare", "The period before"),
    "year": pgettext_lazy("compare", "A year before (52 weeks)"),
}
# The same, where there is little room.
COMPARED: Mapping[str, Words] = {
    "weekdays": pgettext_lazy("compared with", "same weekdays"),
    "previous": pgettext_lazy("compared with", "before"),
    "year": pgettext_lazy("compared with", "a year before"),
}
INTERVALS: Mapping[str, Words] = {
    "15m": pgettext_lazy("interval", "15 min"),
    "30m": pgettext_lazy("interval", "30 min"),
    "1h": pgettext_lazy("interval", "Hour"),
    "day": pgettext_lazy("interval", "Day"),
    "week": pgettext_lazy("interval", "Week"),
    "month": pgettext_lazy("interval", "Month"),
}
# Of `_keys.html`: what single keys do on these pages.
KEYS: tuple[tuple[tuple[str, ...], Words], ...] = (
    (("D", "E"), gettext_lazy("Report of today, of yesterday")),
    (("7", "3"), gettext_lazy("Report of seven days, of thirty days")),
    (("W", "M"), gettext_lazy("Report of this week, of this month")),
    (("C",), gettext_lazy("Report of days of your choice")),
    (("←", "→"), gettext_lazy("The period before, the period after")),
    (("X",), gettext_lazy("Compare, and stop comparing")),
)


def day_words(day: str, *, year: bool = True) -> str:
    """`Sat 21 November 2026`, as the language writes it."""
    return formats.date_format(date.fromisoformat(day), "D j F Y" if year else "D j F")


def days_words(first: str, last: str, *, year: bool = True) -> str:
    """`1–21 November 2026`, or with what the two days do not share."""
    begin, end = date.fromisoformat(first), date.fromisoformat(last)
    if first == last:
        return formats.date_format(begin, "l j F Y" if year else "l j F")
    shown = "j" if (begin.year, begin.month) == (end.year, end.month) else "j F" if begin.year == end.year else "j F Y"
    dash = DASH if shown == "j" else f" {DASH} "
    return f"{formats.date_format(begin, shown)}{dash}{formats.date_format(end, 'j F Y' if year or begin.year != end.year else 'j F')}"


def unread_words(days: Sequence[str]) -> dict[str, str] | None:
    """Which days are known in part alone, and the command that reads them; None for none."""
    if not days:
        return None
    spans: list[list[str]] = []
    for day in days:
        follows = bool(spans) and date.fromisoformat(spans[-1][1]) + timedelta(days=1) == date.fromisoformat(day)
        if follows:
            spans[-1][1] = day
        else:
            spans.append([day, day])
    named = [days_words(first, last) for first, last in spans[:MOST_SPANS]]
    if len(spans) > MOST_SPANS:
        named.append("…")
    return {"days": ", ".join(named), "command": f"manage.py backfill --from {days[0]} --to {days[-1]}"}


def unheard_words(stretches: Sequence[tuple[str, int, int]], timezone: str) -> list[dict[str, str]]:
    """When nobody listened, the newest first: source and time, from its first instant in the span to its last."""

    def words(at: int, *, day: bool = True) -> str:
        told = datetime.fromtimestamp(at / 1000, zone(timezone))
        return f"{formats.date_format(told, 'D j F')} {told:%H:%M}" if day else f"{told:%H:%M}"

    return [
        {
            "source": source,
            "first": words(first),
            "end": words(end, day=business_day(first, timezone) != business_day(end, timezone)),
            "more": "…" if number == MOST_SPANS - 1 < len(stretches) - 1 else "",
        }
        for number, (source, first, end) in enumerate(reversed(stretches[-MOST_SPANS:]))
    ]


def period_words(asked: Asked) -> str:
    """`Today, Saturday 21 November 2026`."""
    days = days_words(asked.first, asked.last)
    return f"{PERIODS[asked.period]}, {days}" if asked.period else days


def weekdays_words(weekdays: Iterable[int]) -> str:
    """`Mon–Fri, Sun` of ISO weekdays."""
    runs: list[list[int]] = []
    for day in sorted(weekdays):
        if runs and runs[-1][-1] == day - 1:
            runs[-1].append(day)
        else:
            runs.append([day])
    name = {number + 1: str(words) for number, words in WEEKDAYS_ABBR.items()}
    return ", ".join(name[run[0]] if len(run) == 1 else f"{name[run[0]]}{DASH}{name[run[-1]]}" for run in runs)


def hours_words(hours: Hours | None) -> str:
    """`08:00–17:00, Mon–Fri`; "" for all of the time."""
    if hours is None:
        return ""
    times = f"{minute_words(hours.opens)}{DASH}{minute_words(hours.closes)}" if (hours.opens, hours.closes) != (0, 1440) else ""
    days = weekdays_words(hours.weekdays) if len(hours.weekdays) < 7 else ""
    return ", ".join(each for each in (times, days) if each)


def minute_words(minute: int) -> str:
    """`08:15` of a minute of the day; `24:00` of its end."""
    return f"{minute // 60:02d}:{minute % 60:02d}"


def interval_words(start: int, end: int, interval: str, timezone: str, *, with_day: bool) -> str:
    """An interval [start, end) (epoch ms): `10:00–10:30`, `Sat 21 November`, `Week 47, 16–21 November`, `November 2026`."""
    first, last = business_day(start, timezone), business_day(end - 1, timezone)
    if interval == "day":
        return day_words(first, year=False)
    if interval == "week":
        week = date.fromisoformat(first).isocalendar().week
        return _("Week %(week)d: %(days)s") % {"week": week, "days": days_words(first, last, year=False)}
    if interval == "month":
        return formats.date_format(date.fromisoformat(first), "F Y")
    clock = f"{clock_time(start, timezone, seconds=False)}{DASH}{clock_time(end, timezone, seconds=False)}"
    if datetime.fromtimestamp(start / 1000, zone(timezone)).fold:
        # The hour that comes twice when summer ends.
        clock += " " + _("(again)")
    return f"{day_words(first, year=False)} {clock}" if with_day else clock


def stamp_words(instant: int, now: int, timezone: str) -> str:
    """An instant up to which a report is complete: `10:32`, with its day unless that is today."""
    clock, day = clock_time(instant, timezone, seconds=False), business_day(instant, timezone)
    return clock if day == business_day(now, timezone) else f"{day_words(day)} {clock}"


def promise_words(targets: QueueTargets) -> str:
    """`80 % within 20 s`: what a queue promised."""
    share = figures.percent(float(targets.share))
    return _("%(share)s %% within %(target)s s") % {"share": share, "target": f"{targets.target_ms / 1000:g}"}


def promises_words(lines: Iterable[Line], timezone: str) -> list[str]:
    """What a queue promised over its lines: once, or one after the other, with the day where a line tells it."""
    found: list[str] = []
    known: set[tuple[int, object]] = set()
    for line in sorted(lines, key=lambda each: each.start):
        for number, targets in enumerate(line.settings):
            if (promised := (targets.target_ms, targets.share)) in known:
                continue
            known.add(promised)
            what = {"promise": promise_words(targets), "day": day_words(business_day(line.start, timezone))}
            changed = _("later %(promise)s") if number else _("from %(day)s %(promise)s")
            found.append(changed % what if found else what["promise"])
    return found
