"""The receipt of a report's cell: the number of a span of time, the records behind it, and whether counting them again gives it.

Rules that hold here:
- The number is the report's own (`reports.reading`); the list is the archive's, with the live store's records in their place as ever.
- A record is judged by what was in force on its day: where settings changed within the span, each stretch of equal ones is asked by itself.
- More records than can be counted at one look are listed and not counted again, and that is said.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from channels.db import database_sync_to_async
from django.db import DatabaseError, InterfaceError

from stats.domain import receipts as r
from stats.domain.definitions import Definition, definition, level_of
from stats.domain.facts import Facts
from stats.domain.metrics import DEFAULT_TARGETS, CountingRules, QueueTargets, Variant
from stats.domain.periods import day_bounds
from stats.domain.receipts import Groups
from stats.domain.report import Kind, total
from stats.domain.report import Line as Sums
from stats.domain.slices import Along
from stats.history.party_names import Called, party_names
from stats.history.settings_in_force import InForce
from wallboard.accounts.viewer import Viewer
from wallboard.api import counting, present
from wallboard.api.gathering import Found, aliases, find
from wallboard.api.number_receipt import BETWEEN_TRIES_S, TRIES, search_of, source_of, take_in
from wallboard.api.receipt_shape import NoSuchNumber, Receipt, Wish
from wallboard.api.spans import AskedTime
from wallboard.push import sights
from wallboard.push.admission import DatabaseAway
from wallboard.push.live import LiveOrganisation, Snapshot
from wallboard.reports.reading import Report, read_of

WINDOW = "span"
KINDS = ("visit", "call", "offer", "presence")
# Numbers of the day alone.
OF_TODAY = ("sl_budget",)
_OF_HISTOGRAM = ("wait_p50", "wait_p90")
MOST_COUNTED, MOST_OFFERS = 1_000_000, 50_000
_PIECES_AT_ONCE = 300
# A call that began so long ago is not told anew while somebody looks.
SETTLED_MS = 2 * 86_400_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """Pieces of time (epoch ms, in order) under one set of rules, which are in force from a business day ("" for ever)."""

    from_day: str
    rules: CountingRules
    pieces: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What the archive knows of the span's parties and settings. `parties`: by (source, stored key), of the scope's kind."""

    parties: Mapping[tuple[str, str], Called]
    stretches: Sequence[Stretch]

    @property
    def older(self) -> dict[str, str]:
        """Every key under which somebody may have been kept -> the key of today."""
        return {each.key: each.today for each in self.parties.values()}


async def receipt_of_span(organisation: LiveOrganisation, viewer: Viewer, wish: Wish, asked: AskedTime) -> Receipt:
    """The receipt as this viewer may see it. Raises NoSuchNumber, StoreAway, DatabaseAway."""
    shown = sights.of(organisation, viewer.sight)
    for attempt in range(TRIES):
        snapshot = await shown.fresh(0.0 if attempt else 0.2)
        told = await _read(organisation, snapshot, viewer, wish, asked)
        # What is over does not move while it is read.
        if told.agrees or wish.after is not None or asked.end < told.as_of - SETTLED_MS:
            return told
        await asyncio.sleep(BETWEEN_TRIES_S)
    return told


async def _read(organisation: LiveOrganisation, snapshot: Snapshot, viewer: Viewer, wish: Wish, asked: AskedTime) -> Receipt:
    facts, slug = organisation.mirror.facts, organisation.slug
    meant = _meant(wish, viewer, snapshot)
    kind = _kind_of(wish.scope)
    try:
        known = await database_sync_to_async(_known)(slug, "agent" if kind == "agent" else "queue", facts, asked)
    except (DatabaseError, InterfaceError) as why:
        raise DatabaseAway from why
    key = wish.scope.partition(":")[2]
    _refuse_strangers(kind, key, facts, known)
    told = Receipt(definition=meant, wish=wish, window=WINDOW, as_of=snapshot.server_time, snapshot=snapshot)
    told.first, told.end, told.asked = asked.first, asked.end, asked
    told.source = source_of(facts, wish.scope)
    report, line = await _report(organisation, wish, viewer, asked)
    variant = _variant(kind, key, line, known)
    if kind == "queue" and wish.metric == "service_level":
        told.definition = replace(level_of(variant), id="service_level")
    told.value = _number(report, line, wish.metric)
    told.name = _name(kind, key, report, known)
    told.settings = _settings(kind, key, known)
    told.uncounted = _too_many(meant, line)
    if meant.kind == "presence":
        source, kept = _presence_of(key, facts, known)
        await present.times(told, slug, facts, source=source, kept=kept, pieces=asked.pieces)
    else:
        await _from_records(told, slug, facts, viewer, known, variant)
    told.agrees = told.uncounted or told.value is None or counting.same(told.value, told.recounted)
    return told


def _meant(wish: Wish, viewer: Viewer, snapshot: Snapshot) -> Definition:
    meant = definition(wish.scope, wish.metric)
    if meant is None or not meant.has_receipt:
        raise NoSuchNumber(f"There is no number {wish.metric[:60]!r} of {wish.scope[:60]!r}; /definitions/ lists them.")
    if meant.kind not in KINDS or meant.id in OF_TODAY:
        raise NoSuchNumber(f"{wish.metric} is a number of now or of today alone, and not of a span.")
    kind, _colon, key = wish.scope.partition(":")
    if kind == "queue" and not viewer.sees_queue(key):
        raise NoSuchNumber(f"There is no {wish.scope[:80]!r}; /api/v1/live lists queues and agents.")
    if kind == "agent" and viewer.queues is not None and wish.scope not in snapshot.values:
        raise NoSuchNumber(f"There is no {wish.scope[:80]!r}; /api/v1/live lists queues and agents.")
    if kind == "site" and meant.kind == "call" and viewer.queues is not None:
        raise NoSuchNumber("This number cannot be split by queue, and some queues are not open to you.")
    return meant


def _kind_of(scope: str) -> Kind:
    kind = scope.partition(":")[0]
    return "queue" if kind == "queue" else "agent" if kind == "agent" else "site"


def _refuse_strangers(kind: Kind, key: str, facts: Facts, known: Known) -> None:
    if kind == "site":
        return
    if key not in (facts.queues if kind == "queue" else facts.agents) and key not in known.older.values():
        raise NoSuchNumber(f"There is no {kind}:{key[:70]!r} and there was none.")


def _known(slug: str, kind: str, facts: Facts, asked: AskedTime) -> Known:
    parties = party_names(slug, kind)
    queues = parties if kind == "queue" else party_names(slug, "queue")
    older = {**{each.key: each.today for each in queues.values()}, **aliases(facts.queues.values())}
    return Known(parties=parties, stretches=_stretches(InForce(slug, asked.timezone, older), asked))


def _stretches(force: InForce, asked: AskedTime) -> list[Stretch]:
    """The span's pieces by what was in force; at least one stretch."""
    first_day, last_day = asked.days
    days = ["", *sorted(day for day in force.days if first_day < day <= last_day)]
    starts = [asked.first, *(day_bounds(day, asked.timezone)[0] for day in days[1:])]
    found: list[Stretch] = []
    for day, begin, over in zip(days, starts, [*starts[1:], asked.end], strict=True):
        inside = tuple((max(begin, low), min(over, high)) for low, high in asked.pieces if low < over and high > begin)
        found.append(Stretch(from_day=day, rules=force.rules_at(begin), pieces=inside))
    return found


async def _report(organisation: LiveOrganisation, wish: Wish, viewer: Viewer, asked: AskedTime) -> tuple[Report, Sums]:
    """The report that has the cell, and the cell."""
    kind, key = _kind_of(wish.scope), wish.scope.partition(":")[2]
    queues = frozenset({key}) if kind == "queue" else (asked.queues or None) if kind == "site" else None
    span = asked.span(organisation.slug, queues=queues, agents=frozenset({key}) if kind == "agent" else None)
    along: Along = "key" if asked.is_of_days else "both"
    report = await read_of(organisation, span, kind, viewer, along=along, waits=wish.metric in _OF_HISTOGRAM, bins=False)
    lines = [line for line in report.lines if kind == "site" or line.key == key]
    inside = [line for line in lines if asked.is_of_days or (asked.first <= line.start and line.end <= asked.end)]
    return report, total(inside, key, (asked.first, asked.end))


def _number(report: Report, line: Sums, metric: str) -> object:
    name, _dot, variant = metric.partition(".")
    value = report.numbers(line).get(name)
    if variant:
        return value.get(variant) if isinstance(value, dict) else None
    return value


def _name(kind: Kind, key: str, report: Report, known: Known) -> str:
    """How somebody is called whom the live store may have forgotten."""
    if kind == "site":
        return ""
    party = report.names.get(key)
    if party is not None and party.name:
        return party.name
    return next((each.party.name or "" for each in known.parties.values() if each.today == key and each.party.name), "")


def _variant(kind: Kind, key: str, line: Sums, known: Known) -> Variant:
    """By which formula the service level is told: the newest that was in force, as a report's line has it."""
    if kind != "queue":
        return DEFAULT_TARGETS.variant
    return line.settings[-1].variant if line.settings else known.stretches[-1].rules.of(key).variant


def _settings(kind: Kind, key: str, known: Known) -> list[tuple[str, QueueTargets]]:
    """What a queue promised, and from which day of the span on; "" from its beginning."""
    found: list[tuple[str, QueueTargets]] = []
    for stretch in known.stretches if kind == "queue" else ():
        targets = stretch.rules.of(key)
        if not found or found[-1][1] != targets:
            found.append((stretch.from_day, targets))
    return found


def _too_many(meant: Definition, line: Sums) -> bool:
    amounts = line.amounts
    if meant.kind == "offer":
        return amounts.get("offers", 0) + amounts.get("outgoing", 0) > MOST_OFFERS
    if meant.kind == "call":
        return sum(amounts.get(name, 0) for name in ("calls_in", "calls_out", "calls_internal")) > MOST_COUNTED
    return amounts.get("offered", 0) > MOST_COUNTED


def _presence_of(key: str, facts: Facts, known: Known) -> tuple[str, frozenset[str]]:
    """The source that tells of an agent, and every key under which it may have told."""
    held = facts.agents.get(key)
    mine = [each for each in known.parties.values() if each.today == key]
    source = held.source if held is not None else mine[0].source if mine else ""
    kept = {each.key for each in mine if each.source == source} | {key}
    return source, frozenset(kept | (set(aliases([held])) if held is not None else set()))


async def _from_records(told: Receipt, slug: str, facts: Facts, viewer: Viewer, known: Known, variant: Variant) -> None:
    """The list, and what it gives; each stretch of equal settings asked for by itself."""
    wish, asked = told.wish, told.asked
    assert asked is not None
    search = search_of(told, viewer)
    if wish.scope == "site" and asked.queues and told.definition.kind == "visit":
        seen = viewer.queues
        search = replace(search, keys=asked.queues if seen is None else asked.queues & seen)
    search = replace(search, older=known.older, count=not told.uncounted)
    groups: Groups = {}
    found = Found(groups)
    for rules, pieces in _asked_together(told.definition, wish, known.stretches):
        part = replace(search, first=pieces[0][0], end=pieces[-1][1], pieces=pieces if len(pieces) > 1 else ())
        one = await find(slug, replace(facts, rules=rules), part, told.as_of)
        if one.without_archive:
            # The live store knows two days, and no report is about these alone.
            raise DatabaseAway
        r.merged(groups, one.groups)
        found.rows += one.rows
        found.more = found.more or one.more
    found.rows.sort(key=search.place, reverse=True)
    found.more = found.more or len(found.rows) > search.limit
    del found.rows[search.limit :]
    take_in(told, viewer, search, found, known.stretches[-1].rules, variant)
    if told.uncounted:
        told.recounted, told.figures, told.left_out = None, {}, {}


def _asked_together(meant: Definition, wish: Wish, stretches: Iterable[Stretch]) -> list[tuple[CountingRules, tuple[tuple[int, int], ...]]]:
    """Rules with the pieces judged by them; neighbours that judge this number's records alike are one."""
    key = wish.scope.partition(":")[2]

    def judged_by(rules: CountingRules) -> object:
        if meant.kind == "offer":
            return None
        return (rules.include_internal, rules.of(key)) if key else rules

    together: list[tuple[CountingRules, list[tuple[int, int]]]] = []
    for stretch in stretches:
        if not stretch.pieces:
            continue
        if together and judged_by(together[-1][0]) == judged_by(stretch.rules):
            held = together[-1][1]
            if held[-1][1] == stretch.pieces[0][0]:
                held[-1] = (held[-1][0], stretch.pieces[0][1])
                held += stretch.pieces[1:]
            else:
                held += stretch.pieces
        else:
            together.append((stretch.rules, list(stretch.pieces)))
    return [
        (rules, tuple(pieces[at : at + _PIECES_AT_ONCE])) for rules, pieces in together for at in range(0, len(pieces), _PIECES_AT_ONCE)
    ]
