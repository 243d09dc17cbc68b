"""The interval table, `/reports/interval/`: the numbers of the queues by quarters, hours, days, weeks or months, and queue by queue.

Rules that hold here: a row an interval and a row for all of them; a day's rows are added up under it; every number opens its calls; what is
not over is marked; before the archive begins there are no rows, and it is said.
"""

import asyncio

from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _

from stats.domain.report import Kind
from wallboard.pages.frame import Visit, for_people
from wallboard.reports import files, notes, reading, table, words
from wallboard.reports.archive_begin import begin_words, begins
from wallboard.reports.asked import Asked
from wallboard.reports.bar import Address
from wallboard.reports.beside import Beside, pairs
from wallboard.reports.breakdown import Breakdown, By, breakdown_of
from wallboard.reports.frame import Drawn, report_page
from wallboard.reports.reading import Report
from wallboard.reports.sheet import Sheet

USUAL_ORDER = "-offered"


async def drawn(visit: Visit, asked: Asked) -> Drawn | HttpResponseBase:
    """What the tab shows, or the file it was asked for: a row a queue and interval."""
    if (file := await files.of_page(visit, asked, "queue", "interval")) is not None:
        return file
    # One queue alone is judged by its own formula; several together are by the organisation's.
    kind: Kind = "queue" if len(asked.queues) == 1 else "site"
    every = table.EVERY_QUEUE_COLUMN if kind == "queue" else (*table.SITE_COLUMNS, *table.EVERY_QUEUE_COLUMN)
    metrics = table.columns_asked(visit.request.GET, every, table.QUEUE_COLUMNS)
    order = table.order_asked(visit.request.GET, table.EVERY_QUEUE_COLUMN, USUAL_ORDER)
    own = [*table.own_columns(metrics, table.QUEUE_COLUMNS), *([("sort", order)] if order != USUAL_ORDER else [])]
    address, organisation = Address(asked, own), visit.viewer.organisation
    span = asked.span(organisation, visit.timezone, visit.viewer)
    other = asked.with_compared()
    before_span = None if other is None else other.span(organisation, visit.timezone, visit.viewer)
    of_queues = [metric for metric in metrics if not table.is_of_site(metric)]
    archive_begin = await begins(organisation)
    by = By(kind="queue", metrics=of_queues, order=order, usual=USUAL_ORDER, address=address, begin=archive_begin)
    report, before, queues = await asyncio.gather(
        reading.read(organisation, span, kind, visit.viewer, bins=False),
        reading.read(organisation, before_span, kind, visit.viewer, bins=False) if before_span is not None else _nothing(),
        breakdown_of(visit, asked, by),
    )
    beside = None
    if before is not None and before_span is not None:
        beside = Beside(report, before, pairs(span, before_span, report.complete_to, archive_begin))
    scope = f"queue:{asked.queues[0]}" if kind == "queue" else "site"
    sheet = Sheet(visit, asked, report, beside, metrics, scope)
    begin = None if archive_begin is None else min(archive_begin, min(sheet.lines, default=archive_begin))
    rows = sheet.rows(begin)
    return Drawn(
        template="reports/interval.html",
        report=report,
        own=own,
        files=True,
        context={
            "rows": rows if any(line.amounts for line in sheet.lines.values()) else [],
            "columns": table.columns_of(metrics, "site" if kind == "site" else "queue"),
            "scope": scope,
            "choice": table.choice_of(every, metrics, "site" if kind == "site" else "queue", address),
            "queues": queues,
            "promise": _promise(report, queues, visit.timezone),
            "begins": begin_words(begin, span.bounds[0], visit.timezone),
            "compares": beside is not None,
            "unfiltered": asked.query(queues=(), agents=(), hours=None),
            "nothing_over": beside is not None and not beside.paired,
            **notes.context(visit, asked, "interval", await notes.of_days(visit, asked)),
        },
    )


async def _nothing() -> None:
    return None


def _promise(report: Report, queues: Breakdown, timezone: str) -> str:
    """What was promised, in words: `80 % within 20 s`, from which day where it changed, or that the queues differ."""
    if report.kind == "queue":
        return "; ".join(words.promises_words(report.lines, timezone))
    known = {row.promise for row in queues.rows if row.promise}
    return known.pop() if len(known) == 1 else _("as each queue promised") if known else ""


async def interval(visit: Visit) -> HttpResponseBase:
    """GET /reports/interval/"""
    return await report_page(visit, "interval", drawn)


page = for_people(interval, needs="look")
