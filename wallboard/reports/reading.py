"""Reads a report: the stored sums, and laid over them what the live store alone knows, so that it equals the wall at the same instant.

Rules that hold here:
- Redis is read first, then the database in one look: a call that is kept in between is in both, and the live one is believed.
- Quarters whose stored sums are not the truth of now are computed anew, as long as they are few; else it is said how many are of before.
- A live store that is away, or too much of it that is not archived, costs completeness (`complete_to`), never the answer.
"""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial

from channels.db import database_sync_to_async
from django.db import DatabaseError, InterfaceError

from stats import clock
from stats.domain.facts import Facts
from stats.domain.freshness import feed_values, is_being_read
from stats.domain.periods import business_day, day_bounds
from stats.domain.presence_changes import PresenceSeen
from stats.domain.records import Party
from stats.domain.report import Kind, Span
from stats.domain.slices import Along
from stats.history.party_names import party_names
from stats.live.agent_days import MOST_CHANGES
from stats.live.connection import StoreAway
from stats.live.loose_calls import loose_calls
from stats.live.waiting import Waiting
from wallboard.accounts.viewer import EVERYTHING, Viewer
from wallboard.push import live, sights
from wallboard.push.admission import DatabaseAway
from wallboard.push.organisation import LiveOrganisation
from wallboard.reports.overlay import Live
from wallboard.reports.reader import Reader, live_keys
from wallboard.reports.report import Report

__all__ = ["Report", "desk", "known_keys", "read", "read_of"]

# More calls than these are not read one by one for a look at sums.
MOST_LOOSE = 20_000
# Reading may take a while of a processor: beside the one thread in which pages ask the database, and never more than two at a time.
desk = ThreadPoolExecutor(2, thread_name_prefix="reports")


async def read(
    slug: str, span: Span, kind: Kind, viewer: Viewer | None, *, along: Along = "both", waits: bool = True, bins: bool = True
) -> Report:
    """A report as somebody sees it (None: everything). Raises DatabaseAway.

    `along`: what is kept apart: "both", "time" (keys are added up, under ""), "key" (one line each over the whole span); the less, the
    faster. `waits`, `bins`: without them percentiles and distributions of waits are left out, which a long span reads faster.
    """
    return await read_of(await live.organisation(slug), span, kind, viewer, along=along, waits=waits, bins=bins)


async def read_of(
    organisation: LiveOrganisation,
    span: Span,
    kind: Kind,
    viewer: Viewer | None,
    *,
    along: Along = "both",
    waits: bool = True,
    bins: bool = True,
) -> Report:
    """As `read`, of an organisation that is at hand."""
    told = await _live(organisation)
    span = _within(span, viewer)
    agents = _agents_in_sight(span, told.facts, viewer)
    reader = Reader(span=span, kind=kind, along=along, waits=waits, bins=bins, told=told, agents=agents)
    try:
        report, rolled_to = await database_sync_to_async(reader.read, thread_sensitive=False, executor=desk)()
    except (DatabaseError, InterfaceError) as why:
        raise DatabaseAway from why
    report.complete_to = _complete_to(told, kind, rolled_to)
    if kind == "agent":
        _rename(report, organisation, viewer)
    return report


async def known_keys(organisation: LiveOrganisation, kind: Kind, viewer: Viewer) -> frozenset[str]:
    """The keys of today under which a report may have lines for this viewer. Raises DatabaseAway."""
    await organisation.current()
    facts = organisation.mirror.facts
    try:
        called = await database_sync_to_async(partial(party_names, organisation.slug, kind), thread_sensitive=False, executor=desk)()
    except (DatabaseError, InterfaceError) as why:
        raise DatabaseAway from why
    known = live_keys((facts.queues if kind == "queue" else facts.agents).values())
    keys = {known.get((each.source, each.today), each.today) for each in called.values()} | set(known.values())
    if viewer.queues is None:
        return frozenset(keys)
    return viewer.queues & keys if kind == "queue" else frozenset(key for key in keys if sights.logged_in_to(facts, key) & viewer.queues)


async def _live(organisation: LiveOrganisation) -> Live:
    """What the live store knows alone, before anybody asks the database."""
    slug, store = organisation.slug, live.store()
    try:
        as_of = (await organisation.fresh()).server_time
        loose = await loose_calls(store, slug, MOST_LOOSE)
        changes: list[PresenceSeen] = []
        for source in organisation.mirror.facts.sources:
            waiting = await Waiting(store, slug, source, "changes", PresenceSeen).some(MOST_CHANGES)
            changes += [change for change in waiting.values() if change is not None]
    except StoreAway:
        return Live(as_of=clock.now_ms(), facts=organisation.mirror.facts, away=True)
    whole = loose.whole and len(changes) < MOST_CHANGES
    return Live(as_of=as_of, facts=organisation.mirror.facts, loose=loose.calls, changes=changes, whole=whole)


def _within(span: Span, viewer: Viewer | None) -> Span:
    """Never more queues than the viewer sees."""
    if viewer is None or viewer.queues is None:
        return span
    return replace(span, queues=viewer.queues if span.queues is None else viewer.queues & span.queues)


def _agents_in_sight(span: Span, facts: Facts, viewer: Viewer | None) -> frozenset[str] | None:
    """The agents asked for; who sees some queues alone sees those who are logged in to one of them. None: all."""
    if viewer is None or viewer.queues is None:
        return span.agents
    mine = frozenset(key for key in facts.agents if sights.logged_in_to(facts, key) & viewer.queues)
    return mine if span.agents is None else mine & span.agents


def _complete_to(told: Live, kind: Kind, rolled_to: int) -> int:
    """Up to which instant everything has been heard, and is in it."""
    if told.away:
        return min(told.as_of, rolled_to)
    if not told.whole:
        # So much waits to be archived that nobody knows how old the oldest of it is: nothing of today is vouched for.
        timezone = told.facts.timezone
        return min(rolled_to, day_bounds(business_day(told.as_of, timezone), timezone)[0])
    known = told.as_of
    for source in told.facts.sources.values():
        if is_being_read(source):
            timezone = told.facts.timezone
            known = min(known, day_bounds(business_day(told.as_of, timezone), timezone)[0])
        for presence in (False, True) if kind == "agent" else (False,):
            feed = feed_values(source, presence=presence, as_of=told.as_of)
            alive = feed["alive_at"]
            if feed["level"] != "live":
                known = min(known, alive if isinstance(alive, int) else source.written_at)
    return known


def _rename(report: Report, organisation: LiveOrganisation, viewer: Viewer | None) -> None:
    """Agents are called as the viewer may call them."""
    sight = viewer.sight if viewer is not None else EVERYTHING
    shown = sights.of(organisation, replace(sight, queues=None))
    if not isinstance(shown, sights.Sighted):
        return
    naming = shown.naming
    naming.learn({key: each.party.name or "" for key, each in organisation.mirror.facts.agents.items()})
    hidden = naming.hides
    report.names = {
        naming.key_of(key): Party(
            id=None if hidden else party.id, account_id=None if hidden else party.account_id, name=naming.name_of(key, party.name)
        )
        for key, party in report.names.items()
    }
    if report.watched_from is not None:
        report.watched_from = {naming.key_of(key): since for key, since in report.watched_from.items()}
    report.tellers = {naming.key_of(key) if key else "": each for key, each in report.tellers.items()}
    for line in report.lines:
        line.key = naming.key_of(line.key) if line.key else ""
