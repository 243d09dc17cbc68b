"""The trend, `/reports/trend/`: one number over time as a line, beside that of before, with the promise and the notes of people.

Rules that hold here:
- The table is the truth of the page: the drawing of the server and that of the browser are made of its rows.
- Where too little is known the line has a gap: before the archive, in a day that was not read whole, after what has been heard, and where
  a share is of nothing. A count of none is 0.
- What is not over is marked, and drawn apart.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _

from stats.domain.periods import business_day, zone
from stats.domain.report import WITHIN_A_DAY, Line
from wallboard.boards import figures
from wallboard.boards.figure import format_of
from wallboard.pages.addresses import receipt_address
from wallboard.pages.frame import Visit, for_people
from wallboard.reports import notes, reading, table, words
from wallboard.reports.archive_begin import begin_words, begins
from wallboard.reports.asked import Asked
from wallboard.reports.bar import Address
from wallboard.reports.beside import cells, pairs
from wallboard.reports.days import every_day
from wallboard.reports.frame import Drawn, report_page
from wallboard.reports.metric import Metric, choice_of, metric_of, promises_of
from wallboard.reports.reading import Report
from wallboard.reports.trend_drawing import drawing_of

USUAL = "offered"


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One interval [start, end) (epoch ms): its number, that of before (None: unknown), and how it is told.

    `first`, `last`: its days; `hours`: its hours where it is shorter than a day, as addresses have them; `notes`: of its days, where it is
    the first of them.
    """

    start: int
    end: int
    value: float | None
    before: float | None
    open: bool
    label: str
    words: str
    cell: str
    first: str
    last: str
    hours: str
    address: str
    notes: Sequence[str]


async def drawn(visit: Visit, asked: Asked) -> Drawn | HttpResponseBase:
    """What the tab shows."""
    organisation, metric = visit.viewer.organisation, metric_of(asked, USUAL)
    span = asked.span(organisation, visit.timezone, visit.viewer)
    begin = await begins(organisation)
    report = await reading.read(organisation, span, metric.kind, visit.viewer, along="time", waits=metric.waits, bins=False)
    begin = None if begin is None else min(begin, min((line.start for line in report.lines), default=begin))
    before: dict[int, Line] = {}
    if (other := asked.with_compared()) is not None:
        other_span = other.span(organisation, visit.timezone, visit.viewer)
        told = await reading.read(organisation, other_span, metric.kind, visit.viewer, along="time", waits=metric.waits, bins=False)
        lines = told.by_time()
        others = dict(cells(other_span))
        before = {start: lines.get(at) or Line("", at, others[at]) for start, at in pairs(span, other_span, _end_of_all, begin).items()}
    noted = await notes.of_days(visit, asked)
    points = _points(visit, asked, report, metric, before, begin, noted)
    promises = {share for _target, share in await promises_of(visit, asked, report)} if metric.id == "service_level" else set()
    target = float(next(iter(promises))) if len(promises) == 1 else None
    return Drawn(
        template="reports/trend.html",
        report=report,
        context={
            "metric": metric,
            "format": format_of(metric.id),
            "choice": choice_of(asked, metric),
            "points": points,
            "promises_differ": len(promises) > 0 and target is None,
            "known": any(each.value is not None for each in points) and any(any(line.amounts.values()) for line in report.lines),
            "drawing": drawing_of(points, target, metric.id, str(getattr(visit.request, "LANGUAGE_CODE", "en"))),
            "target": target,
            "target_words": table.text_of(metric.id, target, "en") if target is not None else "",
            "compares": other is not None,
            "nothing_over": other is not None and not before,
            "open": any(each.open for each in points),
            "begins": begin_words(begin, span.bounds[0], visit.timezone),
            "unfiltered": asked.query(queues=(), agents=(), hours=None),
            **notes.context(visit, asked, "trend", noted),
        },
    )


# Beside an interval that goes on stands that of before as a whole, which is a line of its own and claims nothing.
_end_of_all = 1 << 62


def _points(
    visit: Visit,
    asked: Asked,
    report: Report,
    metric: Metric,
    before: Mapping[int, Line],
    begin: int | None,
    noted: Sequence[notes.Note],
) -> list[Point]:
    language, lines = str(getattr(visit.request, "LANGUAGE_CODE", "en")), report.by_time()
    found: list[Point] = []
    told: set[int] = set()
    unread = frozenset(report.unread)

    def number(line: Line | None, start: int, end: int) -> float | None:
        return figures.number(report.numbers(line if line is not None else Line("", start, end)).get(metric.id))

    for start, end in cells(report.span):
        if start >= visit.now or (begin is not None and end <= begin):
            continue
        first, last = business_day(start, visit.timezone), business_day(end - 1, visit.timezone)
        heard = start in lines or (start < report.complete_to and not unread.issuperset(every_day(first, last)))
        value = number(lines.get(start), start, end) if heard else None
        was = number(before[start], start, end) if start in before else None
        open_ = end > visit.now
        label = words.interval_words(start, end, asked.interval, visit.timezone, with_day=asked.days > 1)
        mine = [each for each in noted if first <= each.day <= last and each.id not in told]
        told |= {each.id for each in mine}
        found.append(
            Point(
                start=start,
                end=end,
                value=value,
                before=was,
                open=open_,
                label=label,
                words=_words(metric, label, value, was if asked.compare else None, open_, [each.text for each in mine], language),
                cell=table.cell_of(
                    metric.id,
                    value,
                    language,
                    address=_receipt(visit, asked, metric, start, end),
                    was=was,
                    compared=bool(asked.compare) and start in before and not open_,
                ),
                first=first,
                last=min(last, asked.today),
                hours=_hours(start, end, visit.timezone) if asked.interval in WITHIN_A_DAY else "",
                address="" if asked.interval in WITHIN_A_DAY else Address(asked, ()).to(first=first, last=min(last, asked.today)),
                notes=[each.text for each in mine],
            )
        )
    return found


def _words(metric: Metric, label: str, value: float | None, was: float | None, open_: bool, noted: Sequence[str], language: str) -> str:
    """`Fri 20 November: 82 %, before 79 %, in progress`."""
    told = [f"{label}: {table.text_of(metric.id, value, language)}"]
    if was is not None:
        told.append(_("before %(number)s") % {"number": table.text_of(metric.id, was, language)})
    if open_:
        told.append(_("in progress"))
    return ", ".join(told) + "".join(f". {_('Note: %(text)s') % {'text': text}}" for text in noted)


def _hours(start: int, end: int, timezone: str) -> str:
    """`09:00-09:30` by the local clock, which `hours` of an address reads; "" where the clock goes back between."""
    local = zone(timezone)
    opens, closes = (datetime.fromtimestamp(at / 1000, local) for at in (start, end))
    written = closes.strftime("%H:%M") if closes.date() == opens.date() else "24:00"
    return f"{opens:%H:%M}-{written}" if opens.strftime("%H:%M") < written else ""


def _receipt(visit: Visit, asked: Asked, metric: Metric, start: int, end: int) -> str:
    if not visit.may("calls"):
        return ""
    if asked.interval in WITHIN_A_DAY:
        local = zone(visit.timezone)
        first, last = (datetime.fromtimestamp(at / 1000, local).isoformat(timespec="minutes") for at in (start, end))
    else:
        first, last = business_day(start, visit.timezone), min(business_day(end - 1, visit.timezone), asked.today)
    queues = asked.queues if metric.kind == "site" and not metric.beyond else ()
    return receipt_address(metric.scope, metric.id, first=first, last=last, hours=asked.hours, queues=queues)


async def trend(visit: Visit) -> HttpResponseBase:
    """GET /reports/trend/"""
    return await report_page(visit, "trend", drawn)


page = for_people(trend, needs="look")
