"""One queue's day so far and the same weekday last week, as far as they are known, from the archive and the live store together.

Rules that hold here: the live store is read before the database, so that a call which is being kept meanwhile is counted once; whatever
cannot be read is said to be lacking and never drawn as zero; a costly answer is given again for a while, the costlier the longer.
"""

import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

from channels.db import database_sync_to_async
from django.db import Error as DatabaseFault

from stats.domain.directory import Directory
from stats.domain.facts import Facts, PartyFacts, SourceFacts
from stats.domain.metrics import Amounts, plain_key
from stats.domain.periods import QUARTER_MS, business_day, day_bounds, quarter_of
from stats.domain.queue_day import QueueDay
from stats.domain.receipts import OFFERED, Row
from stats.domain.records import Call, Party
from stats.domain.tellers import Spans, teller_of
from stats.history.queue_day import known_from, queue_day
from stats.history.receipts import Question, visit_rows
from stats.history.unheard import unheard_stretches
from stats.live.connection import StoreAway
from stats.live.loose_calls import LooseCalls, loose_calls
from wallboard.pages.frame import Visit
from wallboard.push import live

MOST_LOOSE, LATEST = 2_000, 20
# An answer is given again for so many times as long as it took, and no longer than these (s).
WORTH = 20.0
LONGEST_TODAY_S, PAST_S = 5.0, 600.0
MOST_REMEMBERED = 500
WEEK = timedelta(days=7)


@dataclass(frozen=True, kw_only=True)
class DayTold:
    """A queue's day. `known_from` (epoch ms): nothing is known of before; None: nothing at all. `whole` False: calls are lacking."""

    day: str
    first: int
    end: int
    told: QueueDay
    known_from: int | None
    whole: bool = True
    away: bool = False
    latest: tuple[Row, ...] = ()
    unheard: Spans = ()  # [first, end): in these, visits may be lacking

    def misses(self, first: int, end: int) -> bool:
        """Whether visits of [first, end) may be lacking."""
        return any(begin < end and first < until for begin, until in self.unheard)

    @cached_property
    def sums(self) -> dict[int, Amounts]:
        """By quarter, added up once."""
        return dict(self.told.amounts())


_remembered: dict[tuple[object, ...], tuple[float, DayTold]] = {}


async def today(visit: Visit, queue: PartyFacts) -> DayTold:
    """The day so far; `away` while the live store or the database does not answer."""
    day = business_day(visit.now, visit.timezone)
    name = _name(visit, queue, day)
    if (known := _recall(name)) is not None:
        return known
    began = time.monotonic()
    try:
        loose = await loose_calls(live.store(), visit.organisation.slug, MOST_LOOSE)
    except StoreAway:
        first, end = day_bounds(day, visit.timezone)
        return DayTold(day=day, first=first, end=end, told=QueueDay(), known_from=None, whole=False, away=True)
    told = await database_sync_to_async(_read)(_question(visit, queue, day), loose, visit.facts, queue, day, True)
    return _remember(name, told, min(LONGEST_TODAY_S, WORTH * (time.monotonic() - began)))


async def week_ago(visit: Visit, queue: PartyFacts) -> DayTold:
    """The same weekday last week, by the limits of today."""
    day = (datetime.fromisoformat(business_day(visit.now, visit.timezone)) - WEEK).date().isoformat()
    name = _name(visit, queue, day)
    if (known := _recall(name)) is not None:
        return known
    told = await database_sync_to_async(_read)(_question(visit, queue, day), LooseCalls([], True), visit.facts, queue, day, False)
    return told if told.away else _remember(name, told, PAST_S)


def forget() -> None:
    """For tests: everything is read anew."""
    _remembered.clear()


def beside(quarter: int, timezone: str) -> int:
    """The quarter a week before that began at the same time by the clock on the wall."""
    zone = ZoneInfo(timezone)
    local = datetime.fromtimestamp(quarter / 1000, zone).replace(tzinfo=None) - WEEK
    return quarter_of(round(local.replace(tzinfo=zone).timestamp() * 1000))


def quarters_of(first: int, end: int) -> range:
    """The first instants of the quarters in [first, end)."""
    return range(quarter_of(first), end, QUARTER_MS)


def _read(question: Question, loose: LooseCalls, facts: Facts, queue: PartyFacts, day: str, is_today: bool) -> DayTold:
    first, end = question.first, question.end
    mine = [call for call in loose.calls if any(_key_of(facts, call, visit.queue) == queue.key for visit in call.visits)]
    without: dict[str, list[str]] = {}
    for call in mine:
        without.setdefault(call.source, []).append(call.id_call)
    try:
        told = queue_day(question, without)
        kept = visit_rows(question, OFFERED, None, LATEST) if is_today else []
        since = first if is_today else known_from(question.organisation, first, end)
        unheard = _unheard(question, facts.sources.get(queue.source), facts.timezone)
    except DatabaseFault:
        return DayTold(day=day, first=first, end=end, told=QueueDay(), known_from=None, whole=False, away=True)
    rows = [row for row in kept if row.id_call not in without.get(row.source, ())]
    for call in mine:
        directory = facts.queue_directories.get(call.source)
        rows += told.tell(call, queue.key, facts.rules, directory.key if directory is not None else plain_key, first, end)
    latest = tuple(sorted((row for row in rows if row.klass in OFFERED), key=lambda row: row.place, reverse=True)[:LATEST])
    return DayTold(day=day, first=first, end=end, told=told, known_from=since, whole=loose.whole, latest=latest, unheard=unheard)


def _unheard(question: Question, source: SourceFacts | None, timezone: str) -> Spans:
    if source is None:
        return ()
    stretches = unheard_stretches(question.organisation, source.name)
    return teller_of(source, "queue", stretches, None, timezone).misses(question.first, question.end)


def _key_of(facts: Facts, call: Call, party: Party) -> str | None:
    directory = facts.queue_directories.get(call.source)
    return directory.key(party) if directory is not None else party.key


def _question(visit: Visit, queue: PartyFacts, day: str) -> Question:
    first, end = day_bounds(day, visit.timezone)
    rules = visit.facts.rules
    keys = dict.fromkeys(aliases(visit.facts, queue), queue.key)
    return Question(
        organisation=visit.organisation.slug,
        first=first,
        end=end,
        rules=rules,
        keys=keys,
        limits=dict.fromkeys(keys, rules.of(queue.key)),
    )


def aliases(facts: Facts, queue: PartyFacts) -> list[str]:
    """Every key under which a call of this queue may have been kept before its ids were joined."""
    directory = facts.queue_directories.get(queue.source, Directory())
    party = directory.fill(queue.party)
    keys = [queue.key]
    if party.account_id is not None:
        keys.append(f"a:{party.account_id}")
    if party.name and directory.key(Party(name=party.name)) == queue.key:
        keys.append(f"n:{party.name}")
    return list(dict.fromkeys(keys))


def _name(visit: Visit, queue: PartyFacts, day: str) -> tuple[object, ...]:
    rules = visit.facts.rules
    return (visit.organisation.slug, queue.key, day, visit.timezone, rules.of(queue.key), rules.include_internal)


def _recall(name: tuple[object, ...]) -> DayTold | None:
    until, told = _remembered.get(name, (0.0, None))
    return told if told is not None and time.monotonic() < until else None


def _remember(name: tuple[object, ...], told: DayTold, for_s: float) -> DayTold:
    if len(_remembered) >= MOST_REMEMBERED:
        now = time.monotonic()
        for old in [each for each, (until, _told) in _remembered.items() if until <= now] or list(_remembered):
            del _remembered[old]
    _remembered[name] = (time.monotonic() + for_s, told)
    return told
