"""What else the same caller did: other calls with this call's number, today's and archived ones, and whether they called again.

Rules that hold here: a number is looked up whole and shown masked; only calls that the viewer may open are counted or listed; without a
number there is nothing to look up, and two hidden numbers are not one caller.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from channels.db import database_sync_to_async
from django.db import DatabaseError, InterfaceError
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from stats.domain.facts import Facts
from stats.domain.numbers import e164
from stats.domain.outcomes import SettledCall, VisitOutcome, settle
from stats.domain.records import Call
from stats.history.finding import calls_with_number
from wallboard.accounts.viewer import Viewer
from wallboard.pages.call.reading import Reading, queue_keys
from wallboard.pages.words import DIRECTIONS, OUTCOMES, day_and_time, iso, spoken
from wallboard.push import live

MOST_LISTED = 10
# Of these many candidates the viewer's own are picked.
MOST_READ = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Other:
    """Another call with the number."""

    address: str
    when: str
    when_iso: str
    direction: str
    outcome: str
    is_later: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Others:
    """`summary` says how many; `again` is "" unless the caller called again. `answered`: the archive did."""

    listed: tuple[Other, ...]
    summary: str
    again: str
    answered: bool


async def others_of(reading: Reading, organisation: str, timezone: str) -> Others | None:
    """Other calls with this number, newest first; None for a call without one. Raises StoreAway."""
    number = e164(reading.settled.number) if reading.settled.number else None
    if number is None:
        return None
    found = {(call.source, call.id_call): call for call in await _alive(organisation, reading.facts, number)}
    answered = True
    try:
        for kept in await database_sync_to_async(calls_with_number)(organisation, number, MOST_READ):
            found.setdefault((kept.source, kept.id_call), kept.call)
    except (DatabaseError, InterfaceError):
        answered = False
    found.pop((reading.call.source, reading.call.id_call), None)
    settled = [settle(call) for call in found.values() if _may_see(reading.viewer, call, reading.facts)]
    settled.sort(key=lambda each: each.started_at or 0, reverse=True)
    return Others(
        listed=tuple(_other(each, reading, timezone) for each in settled[:MOST_LISTED]),
        summary=_summary(len(settled), more=len(found) >= MOST_READ),
        again=_again(reading, settled),
        answered=answered,
    )


async def _alive(organisation: str, facts: Facts, number: str) -> list[Call]:
    """Calls with the number that the live store knows callers of."""
    references = [reference for day in facts.callers.values() for reference, caller in day.items() if caller.number == number]
    by_source: dict[str, list[str]] = {}
    for reference in sorted(references)[:MOST_READ]:
        source, _slash, id_call = reference.partition("/")
        by_source.setdefault(source, []).append(id_call)
    calls: list[Call] = []
    for source, ids in by_source.items():
        loaded = await live.store().load(organisation, source, ids)
        calls += [each.call for each in loaded.values() if each.call is not None]
    return calls


def _may_see(viewer: Viewer, call: Call, facts: Facts) -> bool:
    return viewer.sees_call(queue_keys(call, facts))


def _other(settled: SettledCall, reading: Reading, timezone: str) -> Other:
    outcome = pgettext("another call", "still going on")
    if settled.ended:
        outcome = pgettext("another call", "answered") if settled.answered else _last_outcome(settled)
    address = reverse("call", args=[settled.call.id_call])
    return Other(
        address=f"{address}?{urlencode({'source': settled.call.source})}" if len(reading.facts.sources) > 1 else address,
        when=day_and_time(settled.started_at, timezone),
        when_iso=iso(settled.started_at, timezone),
        direction=str(DIRECTIONS.get("internal" if settled.internal else str(settled.direction or ""), "")),
        outcome=outcome,
        is_later=(settled.started_at or 0) > (reading.settled.started_at or 0),
    )


def _last_outcome(settled: SettledCall) -> str:
    if settled.visits and settled.visits[-1].outcome is not VisitOutcome.ANSWERED:
        return str(OUTCOMES.get(str(settled.visits[-1].outcome), "")).lower()
    return pgettext("another call", "nobody answered")


def _summary(many: int, *, more: bool) -> str:
    if not many:
        return _("No other call with this number is kept.")
    if more:
        return _("At least %(n)d other calls with this number are kept.") % {"n": many}
    return ngettext("One other call with this number is kept.", "%(n)d other calls with this number are kept.", many) % {"n": many}


def _again(reading: Reading, settled: Sequence[SettledCall]) -> str:
    """When the caller called again for the first time after this call."""
    if not reading.settled.incoming or reading.settled.started_at is None:
        return ""
    ended = reading.settled.ended_at if reading.settled.ended_at is not None else reading.settled.started_at
    later = [each.started_at for each in settled if each.incoming and each.started_at is not None and each.started_at >= ended]
    return _("The caller called again %(time)s later.") % {"time": spoken((min(later) - ended) / 1000)} if later else ""
