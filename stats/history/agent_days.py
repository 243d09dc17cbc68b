"""What the archive holds of one agent's day: presence changes, hourly slots, offers and the calls they belong to. Read only.

Rules that hold here: everything is asked by agent and time, along an index; an agent is asked for under every key it may have been
kept by, because what was kept early may name it by its account alone.
"""

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from stats.domain.agent_day import Rung, Slot
from stats.domain.errors import Malformed
from stats.domain.presence_changes import PresenceSeen
from stats.domain.records import Call
from stats.history.changes import queue_keys_of
from stats.history.tables import ArchivedCall, ArchivedOffer, ArchivedVisit, PresenceChange
from stats.history.together import asked_together
from stats.history.writing import read_call
from stats.models import PresenceSlotRow

# Of the changes before the day so many are looked at for the one that was in force when it began.
BEFORE = 5
# No agent changes, and none is rung, so often in a day; what is more is cut off, and said.
MOST = 5_000
AT_ONCE = 500
_CHANGE = ("source", "agent", "at_ms", "state", "profile", "profile_name", "available", "wrapup", "queues", "told_ms", "queue_keys")
_SLOT = ("start_ms", "end_ms", "profile_name", "available", "wrapup", "usage_ms")
_OFFER = (
    *("id_call", "number", "at_ms", "answered_ms", "ended_ms", "ring_ms", "talk_ms", "hold_ms"),
    *("queue", "direction", "outcome", "dated"),
)
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


@dataclass(frozen=True, slots=True)
class KeptDay:
    """What is kept of an agent's day. `recorded_from`: the first instant of which anything at all is kept of them; None for nothing."""

    changes: list[PresenceSeen]
    slots: list[Slot]
    rungs: list[Rung]
    recorded_from: int | None


def day_of_agent(whose: Kept, first: int, end: int) -> KeptDay:
    """Changes seen in [first, end) and just before, hourly slots and offers of ended calls that began in it. Raises django.db.Error."""
    slots_within = PresenceSlotRow.objects.filter(**whose.filter, start_ms__gte=first, start_ms__lt=end)[:MOST]
    offers_within = ArchivedOffer.objects.filter(**whose.filter, at_ms__gte=first, at_ms__lt=end).order_by("-at_ms")[:MOST]
    changes, first_changes = _asked(_CHANGE, _changes(whose, first, end), _oldest(whose, PresenceChange, "at_ms"))
    slots, first_slots = _asked(_SLOT, [slots_within], _oldest(whose, PresenceSlotRow, "start_ms"))
    offers, first_offers = _asked(_OFFER, [offers_within], _oldest(whose, ArchivedOffer, "at_ms"))
    starts = [
        *(told[_CHANGE.index("told_ms")] for told in first_changes),
        *(told[_SLOT.index("start_ms")] for told in first_slots),
        *(told[_OFFER.index("at_ms")] for told in first_offers),
    ]
    return KeptDay(
        changes=[_change_of(told) for told in changes],
        slots=sorted((_slot_of(told) for told in slots if told[-1]), key=lambda slot: (slot.start, -slot.usage_ms, slot.profile)),
        rungs=[_rung_of(told) for told in offers],
        recorded_from=min(starts, default=None),
    )


def changes_of_agent(whose: Kept, first: int, end: int) -> list[PresenceSeen]:
    """Changes seen in [first, end), with the newest few from before, in no order. Raises django.db.Error."""
    return [_change_of(told) for told in _asked(_CHANGE, _changes(whose, first, end), [])[0]]


def _changes(whose: Kept, first: int, end: int) -> list[Any]:
    within = PresenceChange.objects.filter(**whose.filter, at_ms__gte=first, at_ms__lt=end).order_by("at_ms")[:MOST]
    return [within, *(PresenceChange.objects.filter(**one, at_ms__lt=first).order_by("-at_ms")[:BEFORE] for one in whose.each)]


def _oldest(whose: Kept, kind: Any, column: str) -> list[Any]:
    """The first row of each key, by an instant; one of 0 is none."""
    return [kind.objects.filter(**one, **{f"{column}__gt": 0}).order_by(column)[:1] for one in whose.each]


def _asked(columns: Sequence[str], wanted: Sequence[Any], besides: Sequence[Any]) -> tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]:
    """Both kinds of rows, by one question."""
    found = asked_together([rows.values_list(*columns) for rows in (*wanted, *besides)])
    return [told for rows in found[: len(wanted)] for told in rows], [told for rows in found[len(wanted) :] for told in rows]


def _change_of(told: tuple[Any, ...]) -> PresenceSeen:
    source, agent, at, state, profile, profile_name, available, wrapup, queues, told_at, queue_keys = told
    return PresenceSeen(
        source=source,
        agent=agent,
        at=at,
        state=state,
        profile=profile,
        profile_name=profile_name,
        available=_truth(available),
        wrapup=bool(wrapup),
        queues=queues,
        told_at=told_at,
        queue_keys=queue_keys_of(queue_keys),
    )


def _slot_of(told: tuple[Any, ...]) -> Slot:
    start, end, profile, available, wrapup, usage = told
    return Slot(
        start=start,
        end=end if end is not None else start + 3_600_000,
        profile=profile,
        available=_truth(available),
        wrapup=bool(wrapup),
        usage_ms=usage,
    )


def _rung_of(told: tuple[Any, ...]) -> Rung:
    id_call, number, at, answered, ended, ring, talk, hold, queue, direction, outcome, dated = told
    return Rung(
        id_call=id_call,
        number=number,
        began_at=at,
        answered_at=answered,
        ended_at=ended,
        ring_ms=ring,
        talk_ms=talk,
        hold_ms=hold,
        queue=queue,
        outgoing=direction == "out",
        outcome=outcome,
        dated=bool(dated),
    )


def _truth(told: object) -> bool | None:
    return None if told is None else bool(told)


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
