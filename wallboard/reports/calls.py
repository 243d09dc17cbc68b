"""The list of calls, `/reports/calls/`: every call of the days asked for that fits, newest first, and as a file.

Rules that hold here: numbers are masked on the page, and in the file for whoever may not uncover them; a search for a number, and a file,
are written down; of queues a viewer does not see no name is told; a page is found by place, so that none of them is slower than the first.
"""

import csv
import io
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, cast
from urllib.parse import urlencode

from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from stats.domain.call_list import DIRECTIONS, OUTCOMES, Entry, Named
from stats.domain.periods import business_day
from stats.domain.pieces import pieces
from stats.domain.sums import seconds
from wallboard.api.numbers import cursor
from wallboard.boards.freshness import CALLS, standing_for
from wallboard.pages import words
from wallboard.pages.contact_names import names_for
from wallboard.pages.frame import Forbidden, Visit, draw_plain, for_people
from wallboard.push.admission import ArchiveBehind, DatabaseAway
from wallboard.reports.asked import Asked
from wallboard.reports.call_filters import CallsAsked, read_calls_asked
from wallboard.reports.call_search import MOST_COUNTED, PAGE, CallPage, Wish, find_calls
from wallboard.reports.frame import Drawn, report_page
from wallboard.spreadsheet import as_text

AT_ONCE_IN_A_FILE, FILE_LOOK_S = 1_000, 5.0
FIRST_HEADINGS = {"call": gettext_lazy("Started"), "visit": gettext_lazy("Entered"), "offer": gettext_lazy("Rang")}
UNANSWERED = pgettext_lazy("call", "Not answered")
COLUMNS = (
    *("at", "id_call", "started_at", "ended_at", "direction", "number", "first_queue", "last_queue", "agent", "outcome"),
    *("wait_s", "talk_s", "total_s"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One call as it is drawn."""

    row: str
    at: str
    at_iso: str
    id_call: str
    source: str
    number: str
    caller: str
    direction: str
    first_queue: str
    last_queue: str
    agent: str
    outcome: str
    words: str
    goes_on: bool
    wait: str
    talk: str
    total: str


@dataclass(slots=True)
class Stamp:
    """What the frame says of a list: it is made of what is known up to `complete_to` (epoch ms)."""

    complete_to: int
    recounting: int = 0
    unread: tuple[str, ...] = ()


async def calls(visit: Visit) -> HttpResponseBase:
    """GET /reports/calls/"""
    return await report_page(visit, "calls", drawn)


async def drawn(visit: Visit, asked: Asked) -> Drawn | HttpResponse:
    """The tab, or the file. Raises Unfit, DatabaseAway, StoreAway."""
    if asked.agents and not visit.may("agents"):
        raise Forbidden(_("The calls of single agents are open to supervisors. Ask somebody who administers the wallboard."))
    own = read_calls_asked(visit.request.GET, asked, visit.viewer)
    if own.filters.number:
        await visit.note_look("number.searched", "number", words.masked(own.filters.number))
    for key in asked.agents:
        await visit.note_look("agent.opened", "agent", key)
    wish = _wish(visit, asked, own)
    try:
        if visit.request.GET.get("format") == "csv":
            return await _file(visit, asked, own, wish)
        page = await find_calls(visit.viewer.organisation, visit.facts, wish, visit.now)
    except ArchiveBehind:
        return draw_plain(visit.request, 503, _("The list cannot be read now"), words.archive_behind())
    names = await names_for(visit, [entry.caller for entry in page.entries])
    standing = standing_for(visit.snapshot.values, None, CALLS, visit.now)
    alive = visit.now if standing.level == "live" else standing.alive_at
    return Drawn(
        template="reports/calls.html",
        context=_context(visit, asked, own, page, names),
        report=Stamp(min(alive, visit.now)) if alive is not None else None,
        own=own.pairs,
    )


def _wish(visit: Visit, asked: Asked, own: CallsAsked) -> Wish:
    first, end = asked.span(visit.viewer.organisation, visit.timezone, visit.viewer).bounds
    return Wish(asked=own.filters, pieces=pieces(first, end, asked.hours, visit.timezone), before=own.before, after=own.after, limit=PAGE)


def _context(visit: Visit, asked: Asked, own: CallsAsked, page: CallPage, names: Mapping[str, str]) -> dict[str, Any]:
    kept = [*asked.pairs(), *own.pairs]

    def address(**more: str) -> str:
        return "?" + urlencode([*kept, *more.items()])

    filters = own.filters
    return {
        "lines": [_line(visit, entry, names.get(entry.caller or "", "")) for entry in page.entries],
        "first_heading": FIRST_HEADINGS[filters.by],
        "count": page.count,
        "count_words": _count_words(page),
        "looked_to": words.day_and_time(page.looked_to, visit.timezone) if page.looked_to is not None else "",
        "older": address(before=cursor(page.older)) if page.older is not None else "",
        "newer": address(after=cursor(page.newer)) if page.newer is not None else "",
        "newest": address() if page.newer is not None else "",
        "csv": address(format="csv") if visit.may("export") and page.entries else "",
        "filters": own.written,
        "narrowed": bool(own.written),
        "all": "?" + asked.query(),
        "hidden": asked.pairs(),
        "directions": [{"value": each, "label": words.DIRECTIONS[each], "chosen": each == filters.direction} for each in DIRECTIONS],
        "outcomes": [{"value": each, "label": _outcome_words(each), "chosen": each == filters.outcome} for each in OUTCOMES],
        "by_id": bool(filters.id_call),
    }


def _count_words(page: CallPage) -> str:
    if page.count is None:
        return ""
    number = f"{page.count:,d}".replace(",", "\u202f")
    if not page.at_least:
        return number
    return (_("more than %(n)s") if page.count >= MOST_COUNTED else _("at least %(n)s")) % {"n": number}


def _outcome_words(outcome: str) -> str:
    return str(UNANSWERED if outcome == "unanswered" else words.OUTCOMES.get(outcome, outcome))


def _line(visit: Visit, entry: Entry, caller: str) -> Line:
    first, last = _queue_name(visit, entry.first_queue), _queue_name(visit, entry.last_queue)
    same = entry.first_queue is None or entry.last_queue is None or entry.first_queue == entry.last_queue
    return Line(
        row=f"{entry.source}/{entry.id_call}",
        at=_moment(visit, entry.at),
        at_iso=words.iso(entry.at, visit.timezone),
        id_call=entry.id_call,
        source=entry.source if list(visit.facts.sources) != [entry.source] else "",
        number=words.masked(entry.caller),
        caller=caller,
        direction=str(words.DIRECTIONS.get(entry.direction, "")),
        first_queue=first,
        last_queue="" if same else last,
        agent=_agent_name(visit, entry.agent),
        outcome=entry.outcome,
        words=_outcome_words(entry.outcome),
        goes_on=entry.goes_on,
        wait=_length(entry.wait),
        talk=_length(entry.talk),
        total=_length(entry.total),
    )


def _moment(visit: Visit, at: int) -> str:
    """Of today the time of day alone."""
    of_today = business_day(at, visit.timezone) == business_day(visit.now, visit.timezone)
    return words.clock_time(at, visit.timezone) if of_today else words.day_and_time(at, visit.timezone)


def _length(ms: int | None) -> str:
    return words.length(None if ms is None else seconds(ms))


def _queue_name(visit: Visit, queue: Named | None) -> str:
    """How a queue is called today, else how its call called it."""
    if queue is None:
        return ""
    if not visit.viewer.sees_queue(queue.key or None):
        return _("another queue")
    held = visit.facts.queues.get(queue.key)
    return (held.party.name if held is not None else "") or queue.name or f"#{queue.key}"


def _agent_name(visit: Visit, agent: Named | None) -> str:
    if agent is None:
        return ""
    held = visit.facts.agents.get(agent.key)
    name = (held.party.name if held is not None else "") or agent.name
    return visit.agent_name(agent.key, name or None) or f"#{agent.key}"


async def _file(visit: Visit, asked: Asked, own: CallsAsked, wish: Wish) -> HttpResponse:
    """The whole list, read a thousand calls at a time while it is sent."""
    if not visit.may("export"):
        raise Forbidden(_("Files are open to supervisors. Ask somebody who administers the wallboard."))
    wish = replace(wish, before=None, after=None, limit=AT_ONCE_IN_A_FILE, look_s=FILE_LOOK_S)
    first = await find_calls(visit.viewer.organisation, visit.facts, wish, visit.now)
    told = {name: words.masked(own.filters.number) if name == "number" else value for name, value in own.pairs}
    await visit.note("calls.exported", first=asked.first, last=asked.last, **told)
    # What streams is an answer of its own kind to Django, and one like any other to the frame of pages.
    answer = cast(HttpResponse, StreamingHttpResponse(_written(visit, wish, first), content_type="text/csv; charset=utf-8"))
    answer.headers["Content-Disposition"] = f'attachment; filename="calls-{asked.first}-{asked.last}.csv"'
    return answer


async def _written(visit: Visit, wish: Wish, page: CallPage) -> AsyncIterator[bytes]:
    # A byte-order mark, without which spreadsheets read the letters of another alphabet.
    yield b"\xef\xbb\xbf" + _as_csv([COLUMNS])
    while True:
        yield _as_csv([_cells(visit, entry) for entry in page.entries])
        if page.older is None:
            return
        try:
            page = await find_calls(visit.viewer.organisation, visit.facts, replace(wish, before=page.older), visit.now)
        except (ArchiveBehind, DatabaseAway):
            # A file that ends early must not look whole.
            yield _as_csv([(_("This file is not complete: the database does not answer. Save it again later."),)])
            return


def _as_csv(rows: "list[tuple[str, ...]]") -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_ALL)
    writer.writerows([as_text(cell) for cell in row] for row in rows)
    return text.getvalue().encode()


def _cells(visit: Visit, entry: Entry) -> tuple[str, ...]:
    number = (entry.caller if visit.may("numbers") else words.masked(entry.caller)) if entry.caller else ""
    instants = (words.iso(each, visit.timezone) for each in (entry.started_at, entry.ended_at))
    lengths = ("" if ms is None else f"{ms / 1000:.3f}" for ms in (entry.wait, entry.talk, entry.total))
    return (
        words.iso(entry.at, visit.timezone),
        entry.id_call,
        *instants,
        entry.direction,
        number,
        _queue_name(visit, entry.first_queue),
        _queue_name(visit, entry.last_queue),
        _agent_name(visit, entry.agent),
        entry.outcome,
        *lengths,
    )


page = for_people(calls, needs="calls")
