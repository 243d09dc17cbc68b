"""What moved after its day was over, `/reports/restatements/`: numbers of quarters that were final and became others.

Rules that hold here: the newest first, from what to what; who sees some queues sees what moved of those alone, and of agents only who may
see agents.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from channels.db import database_sync_to_async
from django.db import DatabaseError, InterfaceError
from django.db.models import Q, QuerySet
from django.http import HttpResponse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from stats.domain.periods import QUARTER_MS, business_day, day_bounds, zone
from stats.history.rollup_tables import PartyName, Restatement
from wallboard.boards import figures
from wallboard.pages.addresses import receipt_address
from wallboard.pages.definition_words import label_of
from wallboard.pages.frame import NotThere, Visit, draw, draw_plain, for_people
from wallboard.pages.words import clock_time, day_and_time, iso
from wallboard.reports import words
from wallboard.reports.asked import NAMES, Asked, Unfit, read_asked
from wallboard.reports.bar import names_of

A_PAGE = 50
# More of a period are only said to be more.
MOST_COUNTED = 99
FIRST = {"queue": "offered", "agent": "offers", "site": "calls_in"}
# Columns that are no numbers of their own.
AMOUNTS: Mapping[str, str | Promise] = {
    "wait_max": gettext_lazy("Longest wait"),
    "target_ms": gettext_lazy("Target"),
    "short_ms": gettext_lazy("Short limit"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """One restatement: when it was noticed, of which quarter and whom, and what; `address` leads to the calls as they are now."""

    row: str
    at: str
    at_iso: str
    quarter: str
    day_address: str
    whose: str
    address: str
    changes: list[dict[str, str]]


def visible(visit: Visit) -> QuerySet[Restatement]:
    """The restatements of the organisation that the viewer may see."""
    rows = Restatement._default_manager.filter(organisation=visit.viewer.organisation)
    kinds = Q(kind="queue")
    if visit.viewer.queues is None:
        kinds |= Q(kind="site")
    else:
        kinds &= Q(key__in=visit.viewer.queues)
    if visit.may("agents"):
        kinds |= Q(kind="agent") if visit.viewer.queues is None else Q(kind="agent", key__in=list(names_of(visit, "agent")))
    return rows.filter(kinds)


async def restated_words(visit: Visit, asked: Asked) -> tuple[str, str]:
    """How many restatements are of these days, in words, and where they are; twice "" for none."""
    number = await database_sync_to_async(_count)(visible(visit), *_bounds(asked, visit.timezone))
    if not number:
        return "", ""
    address = f"?{urlencode({'from': asked.first, 'to': asked.last})}"
    if number > MOST_COUNTED:
        return _("More than %(n)d numbers of this period were restated") % {"n": MOST_COUNTED}, address
    one, many = _("One number of this period was restated"), _("%(n)d numbers of this period were restated")
    return (one if number == 1 else many % {"n": number}), address


def _bounds(asked: Asked, timezone: str) -> tuple[int, int]:
    return day_bounds(asked.first, timezone)[0], day_bounds(asked.last, timezone)[1]


def _count(rows: QuerySet[Restatement], first: int, end: int) -> int:
    """As far as anybody wants to know. What moved was noticed after it was, so that the index by that time serves."""
    try:
        found = rows.filter(at_ms__gte=first, quarter_ms__gte=first, quarter_ms__lt=end).values_list("id", flat=True)
        return len(found[: MOST_COUNTED + 1])
    except (DatabaseError, InterfaceError):
        # The report itself was read; it stands without this line.
        return 0


async def restatements(visit: Visit) -> HttpResponse:
    """GET /reports/restatements/?from=&to=&before="""
    params = visit.request.GET
    rows, asked = visible(visit), None
    if params.get("from") or params.get("to"):
        try:
            asked = read_asked(params, business_day(visit.now, visit.timezone))
        except Unfit as fault:
            return draw_plain(visit.request, 400, _("This address cannot be read"), str(fault))
        first, end = _bounds(asked, visit.timezone)
        rows = rows.filter(at_ms__gte=first, quarter_ms__gte=first, quarter_ms__lt=end)
    try:
        found, names = await database_sync_to_async(_page)(rows, params.get("before", ""))
    except (DatabaseError, InterfaceError):
        return draw_plain(
            visit.request, 503, _("The list cannot be read now"), _("The database does not answer. Try again in a few seconds.")
        )
    kept = {name: params[name] for name in NAMES if name in ("from", "to") and params.get(name)}
    last = found[A_PAGE - 1] if len(found) > A_PAGE else None
    return draw(
        visit,
        "reports/restatements.html",
        "reports",
        rows=[_moved(visit, each, names) for each in found[:A_PAGE]],
        period=words.period_words(asked) if asked is not None else "",
        older="?" + urlencode({**kept, "before": f"{last.at_ms}-{last.pk}"}) if last is not None else "",
        newest="?" + urlencode(kept) if params.get("before") else "",
        timezone=visit.timezone,
        back=urlencode(kept),
    )


def _page(rows: QuerySet[Restatement], before: str) -> tuple[list[Restatement], dict[tuple[str, str, str], str]]:
    """A page and one more, newest first, and what their queues and agents were last called."""
    if before:
        at, _dash, pk = before.partition("-")
        if not (at.isascii() and at.isdigit() and pk.isascii() and pk.isdigit() and len(before) < 40):
            raise NotThere(_("There is no such page of the list."))
        rows = rows.filter(Q(at_ms__lt=int(at)) | Q(at_ms=int(at), pk__lt=int(pk)))
    found = list(rows.order_by("-at_ms", "-pk")[: A_PAGE + 1])
    keys = {each.key for each in found if each.key}
    told = PartyName._default_manager.filter(organisation__in={each.organisation for each in found}, key__in=keys)
    return found, {(each.source, each.kind, each.key): each.name for each in told}


def _moved(visit: Visit, told: Restatement, names: Mapping[tuple[str, str, str], str]) -> Moved:
    timezone, start, end = visit.timezone, told.quarter_ms, told.quarter_ms + QUARTER_MS
    day = business_day(start, timezone)
    clock = f"{clock_time(start, timezone, seconds=False)}{words.DASH}{clock_time(end, timezone, seconds=False)}"
    first, last = (datetime.fromtimestamp(at / 1000, zone(timezone)).isoformat(timespec="minutes") for at in (start, end))
    scope = f"{told.kind}:{told.key}" if told.key else "site"
    return Moved(
        row=str(told.pk),
        at=day_and_time(told.at_ms, timezone)[:16],
        at_iso=iso(told.at_ms, timezone),
        quarter=f"{words.day_words(day)}, {clock}",
        day_address=f"/reports/interval/?{urlencode({'from': day, 'to': day, 'interval': '15m'})}",
        whose=_whose(visit, told, names),
        address=receipt_address(scope, FIRST.get(told.kind, "offered"), first=first, last=last) if visit.may("calls") else "",
        changes=_changes(told),
    )


def _whose(visit: Visit, told: Restatement, names: Mapping[tuple[str, str, str], str]) -> str:
    if not told.key:
        return _("The whole organisation")
    kept = names.get((told.source, told.kind, told.key), "")
    known = names_of(visit, told.kind).get(told.key)
    if told.kind == "agent":
        return _("Agent %(name)s") % {"name": known or visit.agent_name(told.key, kept) or f"#{told.key}"}
    return _("Queue %(name)s") % {"name": known or kept or f"#{told.key}"}


def _changes(told: Restatement) -> list[dict[str, str]]:
    try:
        changes = json.loads(told.changes)
    except ValueError:
        return []
    return [
        {"label": str(AMOUNTS.get(name) or label_of(told.kind, name)), "was": _amount(name, was), "now": _amount(name, now)}
        for name, (was, now) in changes.items()
    ]


def _amount(name: str, value: object) -> str:
    """A count as it is, a sum of time (ms) as a duration."""
    if name.endswith(("_sum", "_ms")) or name.startswith(("time_", "wait_max")):
        known = figures.number(value)
        return figures.duration(None if known is None else known / 1000)
    return figures.count(value)


page = for_people(restatements, needs="look")
