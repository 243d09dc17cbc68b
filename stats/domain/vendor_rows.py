"""A telephone system's report as a table: one row for each document, with the names of our own metrics and their units.

Rules that hold here: instants are epoch ms, lengths (`..._s`) seconds; what was not told is None; `number` is the caller's, whole: whoever
shows it masks it.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Literal, get_args

from stats.domain.records import Call, Journey, Offer, Party, PresenceSlot, Telling, Visit

Dataset = Literal["calls", "queues", "agents", "profile_history"]
DATASETS: tuple[Dataset, ...] = get_args(Dataset)
Value = str | int | float | bool | None
Row = dict[str, Value]


def rows_of(dataset: Dataset, tellings: Iterable[Telling]) -> list[Row]:
    """The rows of a data set, oldest first."""
    rows: list[Row] = []
    for telling in tellings:
        if isinstance(telling, PresenceSlot):
            rows += _slot(telling) if dataset == "profile_history" else []
        elif isinstance(telling, Call):
            rows += _PARTS[dataset](telling) if dataset in _PARTS else []
    return sorted(rows, key=lambda row: tuple(str(row[name]) for name in _ORDER[dataset]))


def _calls(call: Call) -> list[Row]:
    journey = call.journey
    if journey is None:
        return []
    return [
        {
            "id_call": call.id_call,
            "started_at": journey.started_at,
            "ended_at": journey.ended_at,
            "active": not journey.ended,
            "direction": journey.direction,
            "internal": journey.internal,
            "number": journey.number,
            "answered": journey.answered,
            **_named("first_queue", journey.first_queue),
            **_named("last_queue", journey.last_queue),
            **_named("first_agent", journey.first_agent),
            **_named("last_agent", journey.last_agent),
            **_lengths(journey, "wait", "queue", "ring", "talk", "hold", "total"),
            "transfers": journey.transfers,
            "recorded": journey.recorded,
            "end_reason": journey.end_reason,
        }
    ]


def _visits(call: Call) -> list[Row]:
    return [
        {
            "id_call": call.id_call,
            **_named("queue", visit.queue),
            "entered_at": visit.entered_at,
            "answered_at": visit.answered_at,
            "ended_at": visit.ended_at,
            "active": not visit.ended,
            "answered": visit.answered,
            "number": visit.number,
            **_named("first_agent", visit.first_agent),
            **_named("last_agent", visit.last_agent),
            **_lengths(visit, "queue", "wait", "ring", "talk", "hold", "total"),
            "transferred": visit.transfer,
            "voicemail": visit.voicemail,
            "fail_reason": visit.fail_reason,
        }
        for visit in call.visits
    ]


def _offers(call: Call) -> list[Row]:
    return [
        {
            "id_call": call.id_call,
            **_named("agent", offer.agent),
            **_named("queue", offer.queue),
            "began_at": offer.began_at,
            "answered_at": offer.answered_at,
            "ended_at": offer.ended_at,
            "active": not offer.ended,
            "direction": offer.direction,
            "answered": offer.answered,
            "number": offer.number,
            **_lengths(offer, "ring", "talk", "hold", "total"),
            "end_reason": offer.end_reason,
        }
        for offer in call.offers
    ]


def _slot(slot: PresenceSlot) -> list[Row]:
    return [
        {
            **_named("agent", slot.agent),
            "start": slot.start,
            "end": slot.end,
            "profile": use.profile_id,
            "profile_name": use.name,
            "available": use.available,
            "wrapup": use.wrapup,
            "usage_s": _s(use.usage_ms),
            "busy_s": _s(use.busy_ms),
            "times": use.times,
            "calls_total": slot.calls_total,
            "calls_answered": slot.calls_answered,
            "talk_s": _s(slot.talk_ms),
            "told_in": slot.unit,
        }
        for use in slot.profiles
    ]


def _named(name: str, party: Party | None) -> Row:
    key = party.key if party is not None else None
    return {name: key, f"{name}_name": party.name if party is not None else None}


def _lengths(document: Journey | Visit | Offer, *names: str) -> Row:
    return {f"{name}_s": _s(getattr(document, f"{name}_ms")) for name in names}


def _s(ms: int | None) -> float | None:
    return None if ms is None else ms / 1000


_PARTS: Mapping[str, Callable[[Call], list[Row]]] = {"calls": _calls, "queues": _visits, "agents": _offers}
_ORDER: Mapping[str, tuple[str, ...]] = {
    "calls": ("started_at", "id_call"),
    "queues": ("entered_at", "id_call", "queue"),
    "agents": ("began_at", "id_call", "agent"),
    "profile_history": ("start", "agent", "profile"),
}
