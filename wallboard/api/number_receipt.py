"""The receipt of a number: what it is, what it was made of, the records behind it, and whether counting them again gives it.

Rules that hold here:
- Every number of `stats.domain.definitions` that records stand behind has one, in every scope and window it exists in.
- The number is the one boards and the API show at `version`; where it moved while its records were read, they are read again.
- What a viewer may not see is not in it: queues out of scope are not there, and a call of theirs is counted but not named.
"""

import asyncio
from dataclasses import replace

from stats.domain import receipts as r
from stats.domain.definitions import NOW, Definition, definition, level_of
from stats.domain.facts import Facts
from stats.domain.metrics import DEFAULT_TARGETS, CountingRules, Variant
from stats.domain.periods import MINUTE_MS, business_day, day_bounds, window_minutes
from stats.domain.receipts import Row
from wallboard.accounts.viewer import Viewer
from wallboard.api import counting, present
from wallboard.api.gathering import Found, Search, find
from wallboard.api.receipt_shape import ALL, COUNTED, REST, Line, NoSuchNumber, Receipt, Wish
from wallboard.push import sights
from wallboard.push.live import LiveOrganisation, Snapshot

# What has to be added up of its visits for a number, besides how many there are.
_SUMS = {
    "wait_p50": frozenset({"wait", "buckets"}),
    "wait_p90": frozenset({"wait", "buckets"}),
    "transfer_rate": frozenset({"transferred"}),
}
_OF_MEASURE = {"wait": frozenset({"wait"}), **{measure: frozenset({"talk"}) for measure in ("talk", "hold", "handling")}}
TRIES, BETWEEN_TRIES_S = 3, 0.25


async def receipt_of(organisation: LiveOrganisation, viewer: Viewer, wish: Wish) -> Receipt:
    """The receipt as this viewer may see it. Raises NoSuchNumber, StoreAway, DatabaseAway."""
    shown = sights.of(organisation, viewer.sight)
    before: object = None
    for attempt in range(TRIES):
        snapshot = await shown.fresh(0.0 if attempt else 0.2)
        told = _begun(snapshot, organisation.mirror.facts, viewer, wish)
        await _read(told, organisation, viewer)
        if wish.after is not None or told.agrees:
            return told
        if attempt and _between(before, told):
            told.moved = told.agrees = True
            return told
        before = told.value
        await asyncio.sleep(BETWEEN_TRIES_S)
    return told


def _between(before: object, told: Receipt) -> bool:
    numbers = (before, told.recounted, told.value)
    if not all(isinstance(each, int | float) for each in numbers) or before == told.value:
        return False
    low, high = sorted(float(str(each)) for each in (before, told.value))
    return low <= float(str(told.recounted)) <= high


def _begun(snapshot: Snapshot, facts: Facts, viewer: Viewer, wish: Wish) -> Receipt:
    """What is known before any record is read."""
    meant = definition(wish.scope, wish.metric)
    if meant is None or not meant.has_receipt:
        raise NoSuchNumber(f"There is no number {wish.metric[:60]!r} of {wish.scope[:60]!r}; /definitions/ lists them.")
    if wish.scope not in snapshot.values:
        raise NoSuchNumber(f"There is no {wish.scope[:80]!r}; /api/v1/live lists queues and agents.")
    if viewer.queues is not None and wish.scope == "site" and meant.kind in ("call", "caller"):
        raise NoSuchNumber("This number cannot be split by queue, and some queues are not open to you.")
    window = wish.window or meant.windows[0]
    if window not in meant.windows:
        raise NoSuchNumber(f"{wish.metric} does not exist for {window[:20]!r}.", "window", meant.windows)
    if wish.metric == "service_level" and wish.scope != "site":
        meant = replace(level_of(facts.rules.of(wish.scope.partition(":")[2]).variant), id="service_level")
    told = Receipt(definition=meant, wish=wish, window=window, as_of=snapshot.server_time, snapshot=snapshot)
    told.source = source_of(facts, wish.scope)
    if meant.windows != NOW:
        ahead = vendor_ahead(facts, wish.scope) if meant.place != "agent" else 0
        told.first, told.end = bounds(window, told.as_of, facts.timezone, ahead)
    told.value = counting.shown(snapshot.values, wish.scope, wish.metric, window, told.as_of)
    return told


async def _read(told: Receipt, organisation: LiveOrganisation, viewer: Viewer) -> None:
    facts, kind = organisation.mirror.facts, told.definition.kind
    if kind in ("visit", "call", "offer"):
        await _from_records(told, organisation.slug, facts, viewer)
    elif kind == "presence":
        await present.times(told, organisation.slug, facts)
    elif kind == "caller":
        present.callers(told, facts)
    elif kind == "agents":
        present.agents(told, facts, viewer)
    elif kind == "vendor":
        told.recounted = told.value
    else:
        present.living(told, facts, viewer)
    told.agrees = told.value is None or counting.same(told.value, told.recounted)


async def _from_records(told: Receipt, slug: str, facts: Facts, viewer: Viewer) -> None:
    # Boards count nothing of a source that was taken away.
    search, key = replace(search_of(told, viewer), present=frozenset(facts.sources)), told.wish.scope.partition(":")[2]
    found = await find(slug, facts, search, told.as_of)
    take_in(told, viewer, search, found, facts.rules, (facts.rules.of(key) if key else DEFAULT_TARGETS).variant)


def search_of(told: Receipt, viewer: Viewer) -> Search:
    """What has to be looked for: the page of the list, and totals of everything in its time."""
    meant, wish = told.definition, told.wish
    assert told.first is not None
    assert told.end is not None
    key = wish.scope.partition(":")[2]
    return Search(
        kind=meant.kind,
        first=told.first,
        end=told.end,
        keys=(frozenset({key}) if key else viewer.queues) if meant.kind != "call" else None,
        classes={ALL: meant.over, COUNTED: meant.counted, REST: meant.over}[wish.part],
        fits=lambda row: wish.part == ALL or counting.counts(meant, row) == (wish.part == COUNTED),
        after=wish.after,
        limit=wish.limit,
        longest=meant.id == "longest_wait_window",
        sums=_SUMS.get(meant.id, _OF_MEASURE.get(meant.measure, frozenset())),
        by_key=meant.id == "sl_budget",
    )


def take_in(told: Receipt, viewer: Viewer, search: Search, found: Found, rules: CountingRules, variant: Variant) -> None:
    """What was found becomes the receipt's list and its number, counted again."""
    meant, wish = told.definition, told.wish
    if meant.kind == "offer":
        told.recounted, told.figures = counting.offers_again(meant, found.groups)
    elif meant.kind == "call":
        told.recounted = r.total(found.groups, meant.over).n
    else:
        top = found.rows[0].wait if found.rows and wish.after is None and wish.part != REST else r.total(found.groups, meant.over).wait_max
        told.recounted, told.figures = counting.visits_again(meant, found.groups, rules, variant, top if search.longest else None)
    told.total = r.total(found.groups, meant.over).n
    told.counted = counting.number_counted(meant, found.groups)
    told.left_out = counting.left_out(meant, found.groups)
    told.lines = [Line(row, counting.counts(meant, row), _is_named(viewer, row, meant)) for row in found.rows]
    told.next = search.place(found.rows[-1]) if found.more else None
    told.without_archive = found.without_archive


def _is_named(viewer: Viewer, row: Row, meant: Definition) -> bool:
    return viewer.sees_queue(row.queue or None) if meant.kind == "offer" else True


def source_of(facts: Facts, scope: str) -> str | None:
    """The source a scope's numbers come from; None for several."""
    kind, _, key = scope.partition(":")
    party = {"queue": facts.queues, "agent": facts.agents}.get(kind, {}).get(key)
    return party.source if party is not None else None


def vendor_ahead(facts: Facts, scope: str) -> int:
    """How far the clock that dates this scope's records is before ours, ms."""
    name = source_of(facts, scope)
    if scope == "site":
        return max((source.vendor_ahead_ms for source in facts.sources.values()), default=0)
    source = facts.sources.get(name or "")
    return source.vendor_ahead_ms if source is not None else 0


def bounds(window: str, as_of: int, timezone: str, ahead: int = 0) -> tuple[int, int]:
    """The instants [first, end) in which a record of the window began, epoch ms."""
    if window == "today":
        return day_bounds(business_day(as_of, timezone), timezone)
    minutes = window_minutes(window, as_of + ahead)
    return minutes[0] * MINUTE_MS, (minutes[-1] + 1) * MINUTE_MS
