"""What else was told, `/reports/details/`: calls by number, direction, status, who hung up and fault; messages; sentiment.

Rules that hold here:
- Nothing here is a number of the wallboard's own: it is counted from what telephone systems told beside the calls, and says which could.
- Every count of calls opens its calls. Whoever sees some queues sees the calls that visited them, and no messages, which have no queue.
- What nobody told is in no line, and a mean is of what was told; sentiment is for whoever may hear recordings.
"""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import urlencode

from channels.db import database_sync_to_async
from django.db import DatabaseError, InterfaceError
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from stats.history.notes_reports import A_PAGE, BY, Told
from wallboard.api.numbers import after_of, cursor
from wallboard.api.problems import Problem
from wallboard.boards import figures
from wallboard.pages import words
from wallboard.pages.call.vendor import Told as Source
from wallboard.pages.frame import Forbidden, Visit, for_people
from wallboard.push.admission import DatabaseAway
from wallboard.reports.asked import Asked
from wallboard.reports.bar import names_of
from wallboard.reports.detail_reading import Found, Means, read_details
from wallboard.reports.detail_words import CHANNELS, DIMENSIONS, in_words
from wallboard.reports.frame import Drawn, report_page
from wallboard.spreadsheet import as_text

LONGEST = 200
# In an address: of the calls of which this was not told.
NOT_TOLD = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of a table: what it says cell by cell, how many, and the address of the calls behind it."""

    cells: tuple[str, ...]
    number: int
    address: str


async def details(visit: Visit) -> HttpResponseBase:
    """GET /reports/details/"""
    return await report_page(visit, "details", drawn)


async def drawn(visit: Visit, asked: Asked) -> Drawn | HttpResponseBase:
    """What the tab shows, or the file."""
    only = {name: _value(told) for name in BY if (told := visit.request.GET.get(name, "")[:LONGEST].replace("\0", ""))}
    try:
        before = after_of(visit.request)
    except Problem:
        before = None
    try:
        found = await database_sync_to_async(partial(read_details, visit, asked, only, before[:2] if before else None))()
    except (DatabaseError, InterfaceError) as why:
        raise DatabaseAway from why
    if visit.request.GET.get("format") == "csv":
        return await _file(visit, asked, found)
    own = [(name, value or NOT_TOLD) for name, value in only.items()]
    return Drawn(template="reports/details.html", context=_context(visit, asked, only, found), own=own)


def _value(told: str) -> str:
    return "" if told == NOT_TOLD else told


def _context(visit: Visit, asked: Asked, only: dict[str, str], found: Found) -> dict[str, Any]:
    def address(**more: str) -> str:
        return "?" + urlencode([*asked.pairs(), *((name, value or NOT_TOLD) for name, value in more.items())])

    facets = [
        {
            "name": name,
            "title": DIMENSIONS[name],
            "rows": [Row(cells=(in_words(name, value),), number=n, address=address(**{**only, name: value})) for value, n in rows],
        }
        for name, rows in found.by.items()
        if rows
    ]
    together = [
        Row(cells=tuple(in_words(name, values[name]) or "–" for name in BY), number=n, address=address(**_narrowing(values)))
        for values, n in found.together
    ]
    older = found.calls[A_PAGE - 1] if len(found.calls) > A_PAGE else None
    return {
        "number": found.number,
        "facets": facets,
        "headings": list(DIMENSIONS.values()),
        "together": together,
        "chosen": [
            {
                "words": f"{DIMENSIONS[name]}: {in_words(name, value) or _('not told')}",
                "address": address(**{k: v for k, v in only.items() if k != name}),
            }
            for name, value in only.items()
        ],
        "calls": [_call(visit, each) for each in found.calls[:A_PAGE]] if only else None,
        "older": f"{address(**only)}&{urlencode({'before': cursor((older.at, older.id_call, 0, older.source))})}"
        if older is not None
        else "",
        "messages": [
            Row(
                cells=(
                    str(CHANNELS.get(told["channel"], told["channel"])),
                    in_words("direction", told["direction"]) or "–",
                    told["status"] or "–",
                ),
                number=n,
                address="",
            )
            for told, n in found.messages
        ],
        "messages_open": visit.viewer.queues is None,
        "sentiment": _sentiment(visit, found) if visit.may("recordings") else None,
        "who_could": _who_could(found.sources),
        "narrowed_in_vain": bool(asked.hours or asked.agents),
        "csv": f"{address(**only)}&format=csv" if visit.may("export") and found.anything else "",
        "unfiltered": asked.query(queues=(), agents=(), hours=None),
    }


def _narrowing(values: dict[str, str]) -> dict[str, str]:
    """What leads to the calls of a line: of those that went out not the number, which stands in no line."""
    return {name: value for name, value in values.items() if name != "called" or values["direction"] != "out"}


def _call(visit: Visit, told: Told) -> dict[str, Any]:
    shown = dict(told.values)
    if shown["direction"] == "out" and not visit.may("numbers"):
        shown["called"] = words.masked(shown["called"]) if shown["called"] else ""
    return {
        "row": f"{told.source}/{told.id_call}",
        "address": f"{reverse('call', args=[told.id_call])}?{urlencode({'source': told.source})}",
        "at": words.day_and_time(told.at, visit.timezone),
        "at_iso": words.iso(told.at, visit.timezone),
        "cells": [in_words(name, shown[name]) or "–" for name in BY],
        "error": told.error,
    }


def _sentiment(visit: Visit, found: Found) -> list[dict[str, Any]]:
    titles = {"queue": _("By queue"), "agent": _("By agent"), "day": pgettext("sentiment", "By day")}
    names = {"queue": names_of(visit, "queue"), "agent": names_of(visit, "agent"), "day": {}}
    return [
        {
            "name": by,
            "title": titles[by],
            "rows": [
                {
                    "name": names[by].get(mean.key) or found.names.get(mean.key) or (mean.key if by == "day" else f"#{mean.key}"),
                    "mean": _mean(mean),
                    "number": mean.number,
                }
                for mean in means
            ],
        }
        for by, means in found.sentiment.items()
        if means
    ]


def _mean(mean: Means) -> str:
    return figures.percent(mean.mean / 100)


def _who_could(sources: dict[str, Source]) -> dict[str, str]:
    """Which companies of the organisation's tell of a thing; "" for none."""
    return {
        fact: ", ".join(sorted({each.title for each in sources.values() if each.tells(fact)}))
        for fact in ("messages", "sentiment", "recordings")
    }


async def _file(visit: Visit, asked: Asked, found: Found) -> HttpResponse:
    """Every count as a row: of what, its values, how many, and the mean of a sentiment."""
    if not visit.may("export"):
        raise Forbidden(_("Files are open to supervisors. Ask somebody who administers the wallboard."))
    await visit.note("report.exported", "report", "details", first=asked.first, last=asked.last)
    page = io.StringIO()
    writer = csv.writer(page, quoting=csv.QUOTE_ALL)
    writer.writerow(("of", *BY, "channel", "message_status", "name", "count", "mean"))
    rows: list[Sequence[object]] = [("calls", *(values[name] for name in BY), "", "", "", n, "") for values, n in found.together]
    rows += [("messages", "", told["direction"], "", "", "", told["channel"], told["status"], "", n, "") for told, n in found.messages]
    if visit.may("recordings"):
        for by, means in found.sentiment.items():
            rows += [
                (f"sentiment by {by}", *[""] * 7, found.names.get(mean.key) or mean.key, mean.number, f"{mean.mean:.2f}") for mean in means
            ]
    writer.writerows([cell if isinstance(cell, int) else as_text(cell) for cell in row] for row in rows)
    answer = HttpResponse("\ufeff" + page.getvalue(), content_type="text/csv; charset=utf-8")
    answer.headers["Content-Disposition"] = f'attachment; filename="details-{asked.first}-{asked.last}.csv"'
    return answer


page = for_people(details, needs="calls")
