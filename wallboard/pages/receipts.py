"""The receipt of a number: what it is made of, its figures in its formula, the records behind it, and what counting them again gives.

Rules that hold here: what a viewer may not see is counted and not shown; telephone numbers are masked on the page, and in the file for
whoever may not uncover them; a file is written down in the audit log.
"""

import csv
import io
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any
from urllib.parse import quote, urlencode

from django.http import HttpResponse
from django.urls import path
from django.utils.translation import gettext as _

from stats.domain.definitions import Definition, definition
from stats.domain.periods import WINDOWS as ROLLING
from stats.domain.periods import business_day, day_bounds
from wallboard.accounts import journal
from wallboard.api.number_receipt import receipt_of
from wallboard.api.numbers import LONGEST_PAGE, after_of, cursor, outcome_of
from wallboard.api.problems import Problem
from wallboard.api.receipt_shape import ALL, PAGE, PARTS, Line, NoSuchNumber, Receipt, Wish
from wallboard.api.span_receipt import receipt_of_span
from wallboard.api.spans import AskedTime, WrongSpan, is_asked, read_time
from wallboard.boards.freshness import AGENTS, CALLS, PRESENCE
from wallboard.pages import receipt_words
from wallboard.pages.addresses import hours_query, receipt_address
from wallboard.pages.contact_names import names_for
from wallboard.pages.definition_words import KINDS, LEFT_OUT, WINDOWS, WORDS
from wallboard.pages.frame import Forbidden, NotThere, Visit, draw, draw_plain, for_people
from wallboard.pages.live_page import live_root, place_of
from wallboard.pages.receipt_gaps import gaps_of
from wallboard.pages.words import archive_behind, clock_time, day_and_time, iso, masked
from wallboard.push.admission import ArchiveBehind, DatabaseAway
from wallboard.reports.words import day_words, days_words, hours_words, promise_words
from wallboard.spreadsheet import as_text

MOST_IN_A_FILE = 50_000
# Names under which a number travels, or is asked for by older links.
ALSO = {"longest_wait_since": "longest_wait", "service_levels": "service_level"}


async def receipt(visit: Visit, scope: str, metric: str) -> HttpResponse:
    """GET /numbers/<scope>/<metric>/"""
    wish = _wish(visit, scope, metric)
    try:
        asked = read_time(visit.request.GET, visit.timezone) if is_asked(visit.request.GET) else None
    except WrongSpan as why:
        words = _("“%(name)s” cannot be read. Days are written like 2026-05-18, times of day like 2026-05-18T10:15, on quarter hours.")
        return draw_plain(visit.request, 400, _("This address cannot be read"), words % {"name": why.parameter})
    try:
        if visit.request.GET.get("format") == "csv":
            return await _file(visit, wish, asked)
        told = await _asked(visit, wish, asked)
    except NoSuchNumber as why:
        raise NotThere(_("There is no such number here, or it is not open to you.")) from why
    except ArchiveBehind:
        return draw_plain(visit.request, 503, _("The list cannot be read now"), archive_behind())
    except DatabaseAway:
        words = _("The list is in the database, which does not answer. The boards go on. Try again in a few seconds.")
        return draw_plain(visit.request, 503, _("The list cannot be read now"), words)
    if scope.startswith("agent:"):
        await visit.note_look("agent.opened", "agent", scope.partition(":")[2])
    names = await names_for(visit, [line.row.caller for line in told.lines if line.named])
    return draw(visit, "receipt.html", "", **_context(visit, told, names))


async def _asked(visit: Visit, wish: Wish, asked: AskedTime | None) -> Receipt:
    if asked is None:
        return await receipt_of(visit.organisation, visit.viewer, wish)
    return await receipt_of_span(visit.organisation, visit.viewer, wish, asked)


def _wish(visit: Visit, scope: str, metric: str) -> Wish:
    asked = visit.request.GET
    window, _dot, rest = metric.partition(".")
    window, metric = (window, rest) if window in ROLLING and rest else (asked.get("window", ""), metric)
    metric = ALSO.get(metric, metric)
    meant = definition(scope, metric)
    if meant is None:
        raise NotThere(_("There is no such number here, or it is not open to you."))
    if scope.startswith("agent:") and not visit.may("agents"):
        raise Forbidden(_("The numbers of single agents are open to supervisors. Ask somebody who administers the wallboard."))
    part = asked.get("part", ALL)
    try:
        after = after_of(visit.request)
    except Problem:
        after = None
    return Wish(
        scope=scope,
        metric=metric,
        window=window if window in meant.windows else meant.windows[0],
        part=part if part in PARTS else ALL,
        limit=PAGE,
        after=after,
    )


def _context(visit: Visit, told: Receipt, names: Mapping[str, str]) -> dict[str, Any]:
    meant, wish = told.definition, told.wish
    queue_name, agent_name = partial(_queue_name, visit), partial(_agent_name, visit)
    # What is over, or is made of many days, is read when somebody asks, not with every change.
    live = live_root(visit, wish.scope if wish.scope != "site" else "overview") if told.asked is None else None
    language = place_of(visit).language
    today = day_bounds(business_day(told.as_of, visit.timezone), visit.timezone)
    label, what = WORDS.get(f"{meant.place}.{wish.metric}", WORDS.get(meant.anchor, (wish.metric, "")))
    return {
        "live": live,
        "label": label,
        "what": what,
        "whose": _whose(visit, told),
        "whose_address": _address_of(wish.scope),
        "report_address": _report_address(visit, told),
        "uncounted": told.uncounted,
        "promised": _promised(told),
        "anchor": f"{meant.place}.{meant.id}",
        "kind": KINDS[meant.kind],
        "value": receipt_words.number_text(meant, told.value, language, visit.timezone),
        "known": told.value is not None,
        "formula": receipt_words.formula_in_words(meant) if meant.formula else "",
        "figures": receipt_words.formula_in_figures(told, language),
        "again": receipt_words.number_text(meant, told.recounted, language, visit.timezone),
        "agrees": told.agrees,
        "moved": told.moved,
        "vendor": meant.kind == "vendor",
        "facts": meant.unit in ("text", "list", "instant", "true/false"),
        "feed": {"presence": PRESENCE, "agents": AGENTS}.get(meant.kind, CALLS),
        "source": told.source or "",
        **gaps_of(visit, told),
        "window": _window_words(told, visit.timezone),
        "as_of": clock_time(told.as_of, visit.timezone),
        "as_of_iso": iso(told.as_of, visit.timezone),
        "windows": [
            {"id": each, "label": WINDOWS[each], "address": receipt_address(wish.scope, wish.metric, each), "current": each == told.window}
            for each in (meant.windows if told.asked is None else ())
        ],
        "parts": _parts(told),
        "left_out": [{"words": LEFT_OUT[name], "n": n} for name, n in told.left_out.items()],
        # A call's link names its source, but for the one that is there alone: the call may be of one that was taken away.
        "only_source": next(iter(visit.facts.sources)) if len(visit.facts.sources) == 1 else "",
        "first_heading": receipt_words.first_heading(meant),
        "headings": receipt_words.headings(told),
        "lines": [
            receipt_words.line_of(line, told, queue_name, agent_name, visit.timezone, today, names.get(line.row.caller or "", ""))
            for line in told.lines
        ],
        "judged": told.counted != told.total or bool(meant.measure),
        "has_outcome": meant.kind not in ("living",),
        "total": told.total,
        "without_archive": told.without_archive,
        "older": _with(told, before=cursor(told.next)) if told.next is not None else "",
        "newest": _with(told) if wish.after is not None else "",
        "first_page": wish.after is None,
        "export": _with(told, format="csv") if visit.may("export") and told.total else "",
        "callers": meant.kind == "caller",
    }


def _window_words(told: Receipt, timezone: str) -> str:
    if told.asked is not None:
        return _span_words(told.asked)
    if told.first is None or told.end is None:
        return _("now, whenever it began")
    first, end = (day_and_time if told.window == "today" else clock_time)(told.first, timezone), clock_time(told.end, timezone)
    return _("%(window)s: from %(first)s to %(end)s") % {"window": WINDOWS[told.window], "first": first, "end": end}


def _span_words(asked: AskedTime) -> str:
    if asked.is_of_days:
        days = days_words(*asked.days)
    else:
        days = f"{day_and_time(asked.first, asked.timezone)} – {day_and_time(asked.end, asked.timezone)}"
    return ", ".join(part for part in (days, hours_words(asked.hours)) if part)


def _promised(told: Receipt) -> list[dict[str, str]]:
    """What the queue promised on these days, where the number is made of its visits."""
    if told.definition.kind != "visit":
        return []
    return [{"from": day_words(day) if day else "", "words": promise_words(targets)} for day, targets in told.settings]


def _report_address(visit: Visit, told: Receipt) -> str:
    """The report of the same days, to go on from."""
    kind, _colon, key = told.wish.scope.partition(":")
    if told.asked is None or (kind == "agent" and not visit.may("agents")):
        return ""
    first, last = told.asked.days
    queues = [("queue", each) for each in ([key] if kind == "queue" else sorted(told.asked.queues))]
    agents = [("agent", key)] if kind == "agent" else []
    asked = urlencode([("from", first), ("to", last), *queues, *agents, *hours_query(told.asked.hours)])
    return f"/reports/{'agents' if agents else 'interval'}/?{asked}"


def _parts(told: Receipt) -> list[dict[str, object]]:
    if told.counted == told.total:
        return []
    numbers = {"all": told.total, "counted": told.counted, "rest": told.total - told.counted}
    words = {"all": _("All"), "counted": _("Counted"), "rest": _("Not counted")}
    return [
        {"words": words[part], "n": numbers[part], "address": _with(told, part=part), "current": told.wish.part == part} for part in PARTS
    ]


def _with(told: Receipt, **wishes: str) -> str:
    time = [("window", told.window)] if told.asked is None else told.asked.pairs
    kept = {**({"part": told.wish.part} if told.wish.part != ALL else {}), **wishes}
    return "?" + urlencode([*time, *kept.items()])


def _whose(visit: Visit, told: Receipt) -> str:
    kind, _colon, key = told.wish.scope.partition(":")
    if kind == "queue":
        return told.name if told.name and key not in visit.facts.queues else _queue_name(visit, key)
    if kind == "agent":
        return _agent_name(visit, key, told.name)
    if told.asked is not None and told.asked.queues:
        return ", ".join(sorted(_queue_name(visit, each) for each in told.asked.queues if visit.viewer.sees_queue(each)))
    return _("all queues") if visit.viewer.queues is None else _("your queues")


def _address_of(scope: str) -> str:
    kind, _colon, key = scope.partition(":")
    return f"/{kind}s/{quote(key, safe=':')}/" if key else "/"


def _queue_name(visit: Visit, key: str) -> str:
    held = visit.facts.queues.get(key)
    return held.party.name or f"#{key}" if held is not None else f"#{key}" if key else "–"


def _agent_name(visit: Visit, key: str, before: str = "") -> str:
    """`before`: the name of one whom the live store has forgotten."""
    held = visit.facts.agents.get(key)
    return visit.agent_name(key, held.party.name if held is not None else before or None) or f"#{key}"


async def _file(visit: Visit, wish: Wish, asked: AskedTime | None) -> HttpResponse:
    """The whole list as a file."""
    if not visit.may("export"):
        raise Forbidden(_("Files are open to supervisors. Ask somebody who administers the wallboard."))
    lines: list[Line] = []
    told = await _asked(visit, replace(wish, limit=LONGEST_PAGE * 10), asked)
    lines += told.lines
    while told.next is not None and len(lines) < MOST_IN_A_FILE:
        told = await _asked(visit, replace(wish, limit=LONGEST_PAGE * 10, after=told.next), asked)
        lines += told.lines
    kind, _colon, key = wish.scope.partition(":")
    scope = f"agent:{journal.subject_of(visit.viewer.organisation, key)}" if kind == "agent" else wish.scope
    await visit.note("receipt.exported", "number", f"{scope} {wish.metric}", window=_span_of(told), lines=len(lines))
    page = io.StringIO()
    writer = csv.writer(page, quoting=csv.QUOTE_ALL)
    names = ("id_call", "at", "ended_at", "queue", "agent", "number", "outcome", "wait_s", "talk_s", "hold_s", "ring_s", "counted")
    writer.writerow(names)
    for line in lines[:MOST_IN_A_FILE]:
        writer.writerow([as_text(cell) for cell in _cells(visit, told.definition, line)])
    # A byte-order mark, without which spreadsheets read the letters of another alphabet.
    answer = HttpResponse("\ufeff" + page.getvalue(), content_type="text/csv; charset=utf-8")
    answer.headers["Content-Disposition"] = f'attachment; filename="{wish.metric.replace(".", "-")}.csv"'
    return answer


def _span_of(told: Receipt) -> str:
    return told.window if told.asked is None else f"{told.asked.begins} {told.asked.ends}"


def _cells(visit: Visit, meant: Definition, line: Line) -> list[str]:
    row = line.row
    of_agent = meant.kind in ("offer", "agents", "presence") or meant.id == "talking"
    queue = row.queue if of_agent else row.key
    number = (row.caller if visit.may("numbers") else masked(row.caller)) if row.caller else ""
    return [
        row.id_call if line.named else "",
        iso(row.at, visit.timezone),
        iso(row.ended_at, visit.timezone),
        _queue_name(visit, queue) if queue and line.named else "",
        _agent_name(visit, row.key) if of_agent else "",
        number,
        outcome_of(row),
        *("" if ms is None else f"{ms / 1000:.3f}" for ms in (row.wait, row.talk, row.hold, row.ring)),
        "1" if line.counted else "0",
    ]


page = for_people(receipt, needs="calls")
urls = [path("numbers/<path:scope>/<str:metric>/", page, name="receipt")]
