"""Asks everything that can be asked of the product's health, each part for itself, and has it judged.

Rules that hold here: no part waits for another, and none longer than ASK_S; what does not answer is itself an answer; a question that is
still open is not asked a second time, so that a hung engine costs one thread and not one for every look.
"""

import asyncio
import weakref
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from channels.db import database_sync_to_async
from django.db import DatabaseError, InterfaceError, connection

from stats import clock
from stats.domain.audit import AuditReport
from stats.domain.checkup import Finding, Vitals, diagnose, headline
from stats.domain.facts import SourceFacts
from stats.domain.roll import Roll
from stats.history.rolling_due import waits_since
from stats.live.connection import StoreAway
from stats.live.inspection import Inspection
from stats.live.rollcall import RollCall
from stats.live.unkept import Unkept
from stats.models import Organisation, Source
from wallboard.accounts.bootstrap import FIRST_ORGANISATION
from wallboard.accounts.models import Screen
from wallboard.push import attendance, live
from wallboard.push.organisation import LiveOrganisation
from wallboard.reports.models import MailCount

ASK_S = 2.0
# A database is asked so often at most, however many look.
DATABASE_EVERY_S = 3.0
ORGANISATIONS_EVERY_S = 30.0
Answer = TypeVar("Answer")
# Enabled sources, screens' names, since when today's sums wait, and how many mails of reports ended how.
Told = tuple[int, dict[int, str], int | None, dict[str, int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """Everything found out of one organisation."""

    slug: str
    vitals: Vitals
    findings: list[Finding]
    headline: Finding
    epoch: str
    rev: int
    unkept: dict[str, int]
    unrolled_since: int | None  # when the oldest quarter hour of today closed that is not added up; epoch ms
    holders: dict[str, str]
    screen_names: dict[int, str]
    mails: dict[str, int]
    timezone: str
    organisation: LiveOrganisation


@dataclass(slots=True)
class _Memory:
    """What one event loop remembers between looks."""

    database: "asyncio.Task[Told] | None" = None
    asked_at: float = float("-inf")
    configured: int | None = None
    names: dict[int, str] = field(default_factory=dict)
    unrolled_since: int | None = None
    mails: dict[str, int] = field(default_factory=dict)
    away_since: dict[str, int] = field(default_factory=dict)


@dataclass(slots=True)
class _Slugs:
    """The organisations one event loop knows of."""

    asking: "asyncio.Task[list[str]] | None" = None
    asked_at: float = float("-inf")
    found: list[str] = field(default_factory=list)


_slugs: "weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, _Slugs]" = weakref.WeakKeyDictionary()
_memories: "weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, dict[str, _Memory]]" = weakref.WeakKeyDictionary()


async def examine(slug: str) -> Examined:
    """The health of one organisation's product. Never raises."""
    attendance.begin()
    memory = _memories.setdefault(asyncio.get_running_loop(), {}).setdefault(slug, _Memory())
    organisation = await live.organisation(slug)
    now = clock.now_ms()
    database, (store, roll, audit, quarantined, unkept) = await asyncio.gather(_database(slug, memory), _store(slug, organisation))
    _note(memory, "store", now, away=store is None)
    _note(memory, "database", now, away=not database)
    if roll is None and (mine := attendance.own(slug)) is not None:
        # Of the others nothing can be known now; of this one everything.
        roll = Roll(webs=(mine,))
    sources = _as_shown(organisation)
    vitals = Vitals(
        now=now,
        clock_offset_s=clock.offset_s(),
        store=store,
        store_away_since=memory.away_since.get("store"),
        database_away_since=memory.away_since.get("database"),
        configured=max(memory.configured, len(sources)) if memory.configured is not None else (len(sources) or None),
        sources=sources,
        worker_seen_at=organisation.mirror.worker_seen_at,
        roll=roll,
        unkept=sum(unkept.values()) if store is not None else None,
        quarantined=quarantined,
        audit=audit,
    )
    return Examined(
        slug=slug,
        vitals=vitals,
        findings=diagnose(vitals),
        headline=headline(vitals),
        epoch=organisation.mirror.epoch,
        rev=organisation.mirror.rev,
        unkept=unkept,
        unrolled_since=memory.unrolled_since,
        holders={source: worker.name for worker in roll.workers for source in worker.held} if roll is not None else {},
        screen_names=dict(memory.names),
        mails=dict(memory.mails),
        timezone=organisation.mirror.facts.timezone,
        organisation=organisation,
    )


async def organisations() -> list[str]:
    """The slugs of every organisation, as far as the database last told; those that live here in any case."""
    loop = asyncio.get_running_loop()
    known = _slugs.setdefault(loop, _Slugs())
    if known.asking is None or (known.asking.done() and loop.time() - known.asked_at >= ORGANISATIONS_EVERY_S):
        known.asked_at = loop.time()
        known.asking = _begun(lambda: list(Organisation.objects.order_by("slug").values_list("slug", flat=True)[:200]))
    try:
        async with asyncio.timeout(ASK_S):
            known.found = await asyncio.shield(known.asking)
    except (DatabaseError, InterfaceError, TimeoutError):
        pass
    return sorted({FIRST_ORGANISATION, *known.found, *(each.slug for each in live.organisations())})


def _note(memory: _Memory, what: str, now: int, *, away: bool) -> None:
    if away:
        memory.away_since.setdefault(what, now)
    else:
        memory.away_since.pop(what, None)


def _as_shown(organisation: LiveOrganisation) -> tuple[SourceFacts, ...]:
    """The sources with the state that boards show of them."""
    values = organisation.ledger.values
    return tuple(
        replace(source, state=str(values.get(f"source:{name}", {}).get("state") or source.state))
        for name, source in sorted(organisation.mirror.facts.sources.items())
    )


async def _store(slug: str, organisation: LiveOrganisation) -> tuple[Any, Roll | None, AuditReport | None, dict[Any, int], dict[str, int]]:
    store = live.store()

    async def everything() -> tuple[Any, Roll | None, AuditReport | None, dict[Any, int], dict[str, int]]:
        await organisation.fresh(1.0)
        facts, roll, audit, quarantined = await asyncio.gather(
            store.server_facts(),
            RollCall(store, slug).read(),
            Inspection(store, slug).read_report(),
            store.quarantine_counts(slug),
        )
        unkept = {name: await Unkept(store, slug, name).number() for name in organisation.mirror.facts.sources}
        return facts, roll, audit, quarantined, unkept

    try:
        async with asyncio.timeout(ASK_S):
            return await everything()
    except (StoreAway, TimeoutError):
        await organisation.current()
        return None, None, None, {}, {}


async def _database(slug: str, memory: _Memory) -> bool:
    """Whether the database answers; what it said is remembered for when it does not."""
    loop = asyncio.get_running_loop()
    if memory.database is not None and not memory.database.done():
        # Still no answer to the last question.
        return await _within(asyncio.shield(memory.database), memory)
    if loop.time() - memory.asked_at < DATABASE_EVERY_S:
        return "database" not in memory.away_since
    memory.asked_at = loop.time()
    memory.database = _begun(lambda: _ask_database(slug))
    return await _within(asyncio.shield(memory.database), memory)


async def _within(asked: Awaitable[Told], memory: _Memory) -> bool:
    try:
        async with asyncio.timeout(ASK_S):
            memory.configured, memory.names, memory.unrolled_since, memory.mails = await asked
    except (DatabaseError, InterfaceError, TimeoutError):
        return False
    return True


async def _off_loop(ask: Callable[[], Answer]) -> Answer:
    return await database_sync_to_async(ask)()


def _begun(ask: Callable[[], Answer]) -> "asyncio.Task[Answer]":
    """A question in the background, whose failure is looked at even when nobody waits for it any more."""
    task = asyncio.create_task(_off_loop(ask))
    task.add_done_callback(lambda done: done.cancelled() or done.exception())
    return task


def _ask_database(slug: str) -> Told:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    configured = Source.objects.filter(organisation__slug=slug, enabled=True).count()
    names = Screen.objects.filter(organisation__slug=slug, revoked_at=None).values_list("pk", "name")[:2000]
    timezone = Organisation.objects.filter(slug=slug).values_list("timezone", flat=True).first()
    ended = MailCount.objects.filter(organisation__slug=slug).values_list("state", "number")
    mails = {"sent": 0, "failed": 0, "skipped": 0, **dict(ended)}
    return configured, dict(names), waits_since(slug, timezone, clock.now_ms()) if timezone is not None else None, mails
