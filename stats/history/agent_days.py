"""What the archive holds of one agent's day: presence changes, hourly slots, offers and the calls they belong to. Read only.

Rules that hold here: everything is asked by agent and time, along an index; an agent is asked for under every key it may have been
kept by, because what was kept early may name it by its account alone.
"""

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass

from stats.domain.agent_day import Rung, Slot
from stats.domain.errors import Malformed
from stats.domain.presence_changes import PresenceSeen
from stats.domain.records import Call
from stats.history.changes import queue_keys_of
from stats.history.tables import ArchivedCall, ArchivedOffer, ArchivedVisit, PresenceChange
from stats.history.writing import read_call
from stats.models import PresenceSlotRow

# Of the changes before the day so many are looked at for the one that was in force when it began.
BEFORE = 5
# No agent changes, and none is rung, so often in a day; what is more is cut off, and said.
MOST = 5_000
AT_ONCE = 500
# A call's offers begin at most this long after the call: the archive files a call under its start.
REACH_MS = 2 * 86_400_000


@dataclass(frozen=True, slots=True)
class Kept:
    """Whose history is asked for: an agent of a source, under every key it may have been kept by."""

    organisation: str
    source: str
    agents: frozenset[str]

    @property
    def filter(self) -> dict[str, object]:
        """The same as conditions on a row."""
        return {"organisation": self.organisation, "source": self.source, "agent__in": sorted(self.agents)}

    @property
    def each(self) -> list[dict[str, object]]:
        """The same, one key at a time: for questions about the first or the last of years, which an index answers for one key alone."""
        return [{"organisation": self.organisation, "source": self.source, "agent": key} for key in sorted(self.agents)]


def changes_of_agent(whose: Kept, first: int, end: int) -> list[PresenceSeen]:
    """Changes seen in [first, end), with the newest few from before. Raises django.db.Error."""
    rows = list(PresenceChange.objects.filter(**whose.filter, at_ms__gte=first, at_ms__lt=end).order_by("at_ms")[:MOST])
    for one in whose.each:
        rows += PresenceChange.objects.filter(**one, at_ms__lt=first).order_by("-at_ms")[:BEFORE]
    return [
        PresenceSeen(
            source=row.source,
            agent=row.agent,
            at=row.at_ms,
            state=row.state,
            profile=row.profile,
            profile_name=row.profile_name,
            available=row.available,
            wrapup=row.wrapup,
            queues=row.queues,
            told_at=row.told_ms,
            queue_keys=queue_keys_of(row.queue_keys),
        )
        for row in rows
    ]


def slots_of_agent(whose: Kept, first: int, end: int) -> list[Slot]:
    """Hourly slots that began in [first, end), in order, by profile the most used first. Raises django.db.Error."""
    rows = PresenceSlotRow.objects.filter(**whose.filter, start_ms__gte=first, start_ms__lt=end)
    told = [
        Slot(
            start=row.start_ms,
            end=row.end_ms if row.end_ms is not None else row.start_ms + 3_600_000,
            profile=row.profile_name,
            available=row.available,
            wrapup=row.wrapup,
            usage_ms=row.usage_ms,
        )
        for row in rows[:MOST]
        if row.usage_ms
    ]
    return sorted(told, key=lambda slot: (slot.start, -slot.usage_ms, slot.profile))


def offers_of_agent(whose: Kept, first: int, end: int) -> list[Rung]:
    """Offers of ended calls that began in [first, end), in no order. Raises django.db.Error."""
    rows = ArchivedOffer.objects.filter(**whose.filter, at_ms__gte=first, at_ms__lt=end)
    return [
        Rung(
            id_call=row.id_call,
            number=row.number,
            began_at=row.at_ms,
            answered_at=row.answered_ms,
            ended_at=row.ended_ms,
            ring_ms=row.ring_ms,
            talk_ms=row.talk_ms,
            hold_ms=row.hold_ms,
            queue=row.queue,
            outgoing=row.direction == "out",
            outcome=row.outcome,
            dated=row.dated,
        )
        for row in rows.order_by("-at_ms")[:MOST]
    ]


def calls_kept(whose: Kept, ids: Sequence[str], first: int, end: int) -> dict[str, Call]:
    """Calls with a part in [first, end), whole, by id; what cannot be read is left out. Raises django.db.Error."""
    rows = ArchivedCall.objects.filter(
        organisation=whose.organisation, source=whose.source, id_call__in=ids, at_ms__gte=first - REACH_MS, at_ms__lt=end
    )
    found: dict[str, Call] = {}
    for id_call, record in rows.values_list("id_call", "record"):
        with contextlib.suppress(Malformed):
            found[id_call] = read_call(record)
    return found


def queues_visited(whose: Kept, ids: Sequence[str], first: int, end: int) -> dict[str, set[str]]:
    """The keys of the queues that calls visited, by id of the call. Raises django.db.Error."""
    found: dict[str, set[str]] = {}
    for at in range(0, len(ids), AT_ONCE):
        rows = ArchivedVisit.objects.filter(
            organisation=whose.organisation,
            source=whose.source,
            id_call__in=ids[at : at + AT_ONCE],
            at_ms__gte=first - REACH_MS,
            at_ms__lt=end + REACH_MS,
        )
        for id_call, queue in rows.values_list("id_call", "queue"):
            found.setdefault(id_call, set()).add(queue)
    return found


def recorded_from(whose: Kept) -> int | None:
    """The first instant of which anything is kept of an agent; None for nothing. Raises django.db.Error."""
    starts: list[int | None] = []
    for one in whose.each:
        # An instant of 0 is no instant.
        starts += PresenceChange.objects.filter(**one, at_ms__gt=0).order_by("at_ms").values_list("told_ms", flat=True)[:1]
        starts += PresenceSlotRow.objects.filter(**one, start_ms__gt=0).order_by("start_ms").values_list("start_ms", flat=True)[:1]
        starts += ArchivedOffer.objects.filter(**one, at_ms__gt=0).order_by("at_ms").values_list("at_ms", flat=True)[:1]
    return min((start for start in starts if start is not None), default=None)
