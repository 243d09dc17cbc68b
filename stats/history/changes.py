"""Presence changes seen live, kept for good; one that two workers saw is one.

Rules that hold here: what was in force is in force until the next change, so that a change that comes late marks every quarter from when it
was told to the next one (or now), in the transaction that keeps it; one that is there already marks nothing.
"""

import json
from collections.abc import Iterable, Sequence

from django.db import transaction

from stats.clock import now_ms
from stats.domain.periods import QUARTER_MS, quarter_of
from stats.domain.presence_changes import EARLIER_MS, PresenceSeen
from stats.history.archive import mark
from stats.history.marks import forgetting
from stats.history.partitions import EARLIEST_MS
from stats.history.rows import number, word
from stats.history.tables import PresenceChange

# An agent logged in to more queues than this has their number kept, and the first of them by key.
MOST_QUEUES = 500
# So many of an agent's later changes are looked at for the one that ended a late one.
NEXT = 50


def upsert_changes(organisation: str, changes: Sequence[PresenceSeen]) -> int:
    """Write changes. Returns how many were asked for. Raises django.db.Error."""
    forget = forgetting(organisation)
    rows = [
        PresenceChange(
            organisation=organisation,
            source=change.source,
            agent=word(forget.key(change.agent)),
            at_ms=number(change.at) or 0,
            state=change.state,
            profile=word(change.profile),
            profile_name=word(change.profile_name),
            available=change.available,
            wrapup=change.wrapup,
            queues=change.queues,
            told_ms=number(change.told_at) or 0,
            queue_keys=_written(change.queue_keys),
        )
        for change in changes
    ]
    with transaction.atomic():
        new = _not_there(organisation, rows)
        PresenceChange.objects.bulk_create(new, batch_size=200, ignore_conflicts=True)
        mark(organisation, _moved(organisation, new, now_ms()))
    return len(rows)


def _not_there(organisation: str, rows: Sequence[PresenceChange]) -> list[PresenceChange]:
    by_source: dict[str, list[PresenceChange]] = {}
    for row in rows:
        by_source.setdefault(row.source, []).append(row)
    there: set[tuple[object, ...]] = set()
    for source, mine in by_source.items():
        for at in range(0, len(mine), 200):
            some = mine[at : at + 200]
            found = PresenceChange.objects.filter(
                organisation=organisation,
                source=source,
                agent__in={row.agent for row in some},
                at_ms__in={row.at_ms for row in some},
            )
            there |= set(found.values_list("source", "agent", "at_ms", "state", "profile"))
    return [row for row in rows if _place(row) not in there]


def _place(row: PresenceChange) -> tuple[object, ...]:
    return row.source, row.agent, row.at_ms, row.state, row.profile


def _moved(organisation: str, rows: Iterable[PresenceChange], now_ms: int) -> set[int]:
    """The quarters that new changes move: of each agent from the first of them to the change that follows the last of them, or now."""
    told: dict[tuple[str, str], list[int]] = {}
    for row in rows:
        if row.told_ms >= EARLIEST_MS:
            told.setdefault((row.source, row.agent), []).append(row.told_ms)
    quarters: set[int] = set()
    for (source, agent), instants in told.items():
        first, last = min(instants), max(instants)
        end = now_ms
        if quarter_of(last) < quarter_of(now_ms):
            # Any later one will do: to mark too many is safe. It was filed at most so long before it was told where something went before.
            later = PresenceChange.objects.filter(organisation=organisation, source=source, agent=agent, at_ms__gte=last - EARLIER_MS)
            following = [at for at in later.order_by("at_ms").values_list("told_ms", flat=True)[:NEXT] if at > last]
            end = min([*following, now_ms])
        quarters |= set(range(quarter_of(first), max(first, end) + 1, QUARTER_MS))
    return quarters


def _written(keys: Sequence[str] | None) -> str | None:
    return None if keys is None else json.dumps([word(key) for key in keys[:MOST_QUEUES]], ensure_ascii=False)


def queue_keys_of(written: str | None) -> tuple[str, ...] | None:
    """The keys a row holds; None where only their number was kept."""
    return None if written is None else tuple(str(key) for key in json.loads(written))
