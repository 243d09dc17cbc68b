"""The heat map, `/reports/heat/`: one number by weekday and half hour of the local clock, added up over all days asked for.

Rules that hold here:
- It is a table: half hours by weekdays, each number written in its cell, and each cell says how many days it adds up.
- A cell's number is made of the sums of its half hours: a ratio is of sums. Nothing to count is a dash.
- A half hour that a day does not have (the clocks go forward) adds nothing; one that it has twice adds both and is of one day.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from math import ceil

from asgiref.sync import sync_to_async
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.dates import WEEKDAYS, WEEKDAYS_ABBR
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from stats.domain.periods import zone
from stats.domain.report import Hours, Line
from wallboard.boards import figures
from wallboard.pages.frame import Visit, for_people
from wallboard.reports import reading, table, words
from wallboard.reports.archive_begin import begin_words, begins
from wallboard.reports.asked import Asked, Unfit
from wallboard.reports.beside import cells
from wallboard.reports.frame import Drawn, report_page
from wallboard.reports.metric import Metric, choice_of, metric_of
from wallboard.reports.reading import Report

USUAL = "offered"
MOST_DAYS = 400
HALF_HOUR = 30
STEPS = 7
Place = tuple[int, int]  # ISO weekday, minute of the local day
# Days that had one, the lines of it, and when each was.
Found = dict[Place, tuple[set[str], list[Line], list[tuple[int, int]]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One half hour of one weekday: its number as written, its tint (0: none), what it adds up in words, and its report."""

    text: str
    step: int
    words: str
    address: str


def days_and_lines(report: Report, now: int, begin: int | None) -> Found:
    """By weekday and half hour: the days that have begun one since the archive began, its lines, and all of its time, [first, end)."""
    local, lines = zone(report.span.timezone), report.by_time()
    found: Found = {}
    for start, end in cells(report.span):
        if start >= now or (begin is not None and end <= begin):
            continue
        told = datetime.fromtimestamp(start / 1000, local)
        minute = (told.hour * 60 + told.minute) // HALF_HOUR * HALF_HOUR
        days, held, times = found.setdefault((told.isoweekday(), minute), (set(), [], []))
        days.add(told.date().isoformat())
        times.append((start, end))
        if start in lines:
            held.append(lines[start])
    return found


def tints(values: Mapping[Place, float | None], *, shares: bool) -> tuple[dict[Place, int], list[tuple[float, float]]]:
    """The step of each value, 1 to 7, 0 for none; and the least and most of each step. Counts begin at 0, shares at the least of them."""
    known = [value for value in values.values() if value is not None]
    low, high = (min(known, default=0.0) if shares else 0.0), max(known, default=0.0)
    width = (high - low) / STEPS
    if width <= 0:
        return {place: (4 if value is not None and (shares or value) else 0) for place, value in values.items()}, []
    steps = {
        place: 0 if value is None or (not shares and not value) else 1 + min(STEPS - 1, int((value - low) / width))
        for place, value in values.items()
    }
    return steps, [(low + width * each, low + width * (each + 1)) for each in range(STEPS)]


async def drawn(visit: Visit, asked: Asked) -> Drawn | HttpResponseBase:
    """What the tab shows."""
    if asked.days > MOST_DAYS:
        raise Unfit("from", _("The heat map adds up at most %(most)d days; “from” is nearer to “to”.") % {"most": MOST_DAYS})
    organisation, metric = visit.viewer.organisation, metric_of(asked, USUAL)
    span = replace(asked.span(organisation, visit.timezone, visit.viewer), interval="30m")
    begin = await begins(organisation)
    report = await reading.read(organisation, span, metric.kind, visit.viewer, along="time", waits=metric.waits, bins=False)
    report_begin = None if begin is None else min(begin, min((line.start for line in report.lines), default=begin))
    # Of a year that takes a while, in which boards go on.
    found, numbers = await sync_to_async(_added, thread_sensitive=False, executor=reading.desk)(report, metric, visit.now, report_begin)
    steps, ranges = tints(numbers, shares=metric.shares)
    language = str(getattr(visit.request, "LANGUAGE_CODE", "en"))
    weekdays = sorted({weekday for weekday, _minute in found})
    busy = [minute for (_weekday, minute), (_days, lines, _times) in found.items() if any(any(each.amounts.values()) for each in lines)]
    minutes = sorted({minute for _weekday, minute in found if busy and min(busy) <= minute <= max(busy)})
    rows = [
        {
            "label": _clock(minute),
            "cells": [_cell(asked, metric, (weekday, minute), found, numbers, steps, language) for weekday in weekdays],
        }
        for minute in minutes
    ]
    return Drawn(
        template="reports/heat.html",
        report=report,
        context={
            "metric": metric,
            "choice": choice_of(asked, metric),
            "weekdays": _headings(found, weekdays),
            "rows": rows,
            "legend": _legend(metric, ranges, language),
            "begins": begin_words(report_begin, span.bounds[0], visit.timezone),
            "unfiltered": asked.query(queues=(), agents=(), hours=None),
        },
    )


def _added(report: Report, metric: Metric, now: int, begin: int | None) -> tuple[Found, dict[Place, float | None]]:
    found = days_and_lines(report, now, begin)
    return found, {place: _number(report, metric, lines, times) for place, (_days, lines, times) in found.items()}


def _number(report: Report, metric: Metric, lines: Sequence[Line], times: Sequence[tuple[int, int]]) -> float | None:
    of_these = replace(report, lines=list(lines))
    return figures.number(report.numbers(of_these.whole(), times).get(metric.id))


def _headings(found: Found, weekdays: Sequence[int]) -> list[dict[str, str]]:
    days = {weekday: len(set[str]().union(*(held[0] for place, held in found.items() if place[0] == weekday))) for weekday in weekdays}
    return [
        {
            "label": str(WEEKDAYS[weekday - 1]),
            "short": str(WEEKDAYS_ABBR[weekday - 1]),
            "days": ngettext("%(n)d day", "%(n)d days", days[weekday]) % {"n": days[weekday]},
        }
        for weekday in weekdays
    ]


def _clock(minute: int) -> str:
    return f"{words.minute_words(minute)}{words.DASH}{words.minute_words(minute + HALF_HOUR)}"


def _cell(
    asked: Asked,
    metric: Metric,
    place: Place,
    found: Found,
    numbers: Mapping[Place, float | None],
    steps: Mapping[Place, int],
    language: str,
) -> Cell | None:
    """A cell; None where the days asked for have no such half hour, or it is still to come."""
    if place not in found:
        return None
    (weekday, minute), number = place, len(found[place][0])
    text = table.text_of(metric.id, numbers[place], language)
    known = {"weekday": WEEKDAYS[weekday - 1], "time": _clock(minute), "number": text, "n": number}
    said = ngettext("%(weekday)s %(time)s: %(number)s, of one day", "%(weekday)s %(time)s: %(number)s, of %(n)d days together", number)
    opens = max(minute, asked.hours.opens) if asked.hours is not None else minute
    closes = min(minute + HALF_HOUR, asked.hours.closes) if asked.hours is not None else minute + HALF_HOUR
    hours = Hours(opens=opens, closes=closes, weekdays=frozenset({weekday}))
    fine = "day" if "day" in asked.offered and asked.days > 1 else asked.interval
    address = f"{reverse('report-interval')}?{asked.query(hours=hours, metric='', interval=fine)}"
    return Cell(text=text, step=steps[place], words=said % known, address=address)


def _legend(metric: Metric, ranges: Sequence[tuple[float, float]], language: str) -> list[dict[str, object]]:
    """What each tint stands for; of counts in whole numbers, each in one of them."""
    found: list[dict[str, object]] = []
    for step, (low, high) in enumerate(ranges, 1):
        least, most = low, high
        if not metric.shares:
            least, most = max(1, ceil(low)), high if step == STEPS else ceil(high) - 1
            if most < least:
                continue
        one, other = (table.text_of(metric.id, each, language) for each in (least, most))
        found.append({"step": step, "words": one if one == other else f"{one}{words.DASH}{other}"})
    return found


async def heat(visit: Visit) -> HttpResponseBase:
    """GET /reports/heat/"""
    return await report_page(visit, "heat", drawn)


page = for_people(heat, needs="look")
