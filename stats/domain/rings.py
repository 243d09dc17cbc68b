"""Rings of agents where a vendor tells events one by one (it rang, was answered, fell silent), or only who answered in the end.

Rules that hold here:
1. An event is an offer with one instant (`told_by` "event"); the events of one agent on one call become rings by their instants alone, so
   that neither their order of coming nor a repetition changes anything. What fits no ring is kept aside: its beginning may still come.
2. What a document about the whole call says (`told_by` "call") fills what no event told, and never stands beside it.
3. A ring whose end nobody told ends with its call.
4. A caller's ring during which another agent answers that caller has lost a race: it ends with that answer, also where its own end comes
   late or never (`Call.lost_race_at`).
5. A caller's ring that names no queue is for the one that its call is known to have come to (`Visit.derived`): a document about the whole
   call may know of a queue that no event does.
6. A document about the whole call whose start lies where its events end told its end: all its instants are earlier by its length. Where
   it merely begins after the first event, the event is the start.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from stats.domain.records import Call, Direction, Offer, Party, Visit

EVENT, CALL = "event", "call"
NEAR_MS = 1000
# A document about the whole call rounds its instants to seconds, twice.
ROUNDED_MS = 2000

_BEGAN, _ANSWERED, _ENDED = range(3)
_Ring = list[int | None]


def pieced(offers: Sequence[Offer]) -> list[Offer]:
    """The rings that all event offers of one agent on one call make, oldest first. With more of them, the same events fit anew."""
    events: set[tuple[int, int]] = set()
    for offer in offers:
        told = (offer.began_at, offer.answered_at, offer.ended_at)
        events.update((at, kind) for kind, at in enumerate(told) if at is not None)
    if not events:
        return list(offers[:1])
    common = _common(offers)
    return [_ring(common, *instants) for instants in _paired(_once(sorted(events)))]


def whole(call: Call) -> Call:
    """The call with one offer per ring, whatever told it (rules 2 and 3); the call itself where vendors tell rings themselves."""
    if not any(offer.told_by for offer in call.offers):
        return call
    call = _started(call)
    ended_at = call.journey.ended_at if call.journey is not None and call.journey.ended else None
    over = call.journey is not None and call.journey.ended
    kept: list[Offer] = [offer for offer in call.offers if not offer.told_by]
    for key in dict.fromkeys(offer.agent.key for offer in call.offers if offer.told_by):
        mine = [offer for offer in call.offers if offer.told_by and offer.agent.key == key]
        rings = [
            _begun(offer) for offer in mine if offer.told_by == EVENT and (offer.began_at is not None or offer.answered_at is not None)
        ]
        for told in (offer for offer in mine if offer.told_by == CALL):
            rings = _answered_by_document(rings, told, ended_at)
        kept += rings
    raced = replace(call, offers=tuple(kept))
    kept = [ring if (lost := raced.lost_race_at(ring)) is None else _timed(replace(ring, active=False, ended_at=lost)) for ring in kept]
    kept = [_closed(ring, ended_at) if over and ring.told_by and not ring.ended else ring for ring in kept]
    kept.sort(key=lambda o: (o.began_at is None, o.began_at or 0, o.agent.key or ""))
    queues = [visit.queue for visit in call.visits if visit.derived]
    if len(queues) == 1:
        kept = [replace(ring, queue=queues[0]) if _is_callers(ring) and ring.queue is None else ring for ring in kept]
    return replace(call, offers=tuple(kept))


def without_made_up_waits(call: Call) -> Call:
    """Ends the visits to queues the vendor does not have, when nothing rings or talks any more; another ring begins them again.

    Where events told the rings, the visit of a caller nobody answered ends with the last of them also where a document about the whole
    call has ended it: that ends later, with a message or a voicemail, or at the same instant in whole seconds.
    """
    if not any(visit.derived for visit in call.visits) or not call.offers or not all(offer.ended for offer in call.offers):
        return call
    last = max((offer.ended_at for offer in call.offers if offer.ended_at is not None), default=None)
    whole_seconds = call.journey is not None and call.journey.total_ms is not None and call.journey.total_ms % 1000 == 0
    rang_out = any(offer.told_by == EVENT for offer in call.offers) and not any(offer.answered for offer in call.offers)

    def ends(visit: Visit) -> bool:
        rounded = visit.ended_at is None
        if visit.ended_at is not None and last is not None:
            rounded = whole_seconds and abs(visit.ended_at - last) < NEAR_MS
        return bool(visit.derived) and (not visit.ended or (rang_out and rounded and not visit.answered))

    return replace(call, visits=tuple(replace(visit, active=False, ended_at=last) if ends(visit) else visit for visit in call.visits))


def _is_callers(ring: Offer) -> bool:
    return bool(ring.told_by) and ring.direction is Direction.IN


def earliest(held: int | None, told: int | None) -> int | None:
    """The earlier of two instants; of two less than a second apart the one that is not rounded."""
    if held is None or told is None:
        return told if held is None else held
    first, second = sorted((held, told))
    return second if second - first < NEAR_MS and first % 1000 == 0 and second % 1000 != 0 else first


def _once(events: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Without repetitions: two of a kind less than a second apart are one."""
    kept: list[tuple[int, int]] = []
    last: dict[int, int] = {}
    for at, kind in events:
        if kind not in last or at - last[kind] >= NEAR_MS:
            last[kind] = at
            kept.append((at, kind))
    return kept


def _paired(events: Iterable[tuple[int, int]]) -> list[tuple[int | None, int | None, int | None]]:
    """(began, answered, ended) of each ring, from events in the order of their instants."""
    rings: list[_Ring] = []
    open_ring: _Ring | None = None
    waiting = sorted(events)
    while waiting:
        at = waiting[0][0]
        kinds = [kind for instant, kind in waiting if instant == at]
        waiting = waiting[len(kinds) :]
        # A phone that rings falls silent before it rings again; one that does not has to ring first.
        for kind in sorted(kinds, key=lambda kind: (kind + 2) % 3) if open_ring is not None else kinds:
            if kind == _BEGAN:
                open_ring = [at, None, None]
                rings.append(open_ring)
            elif open_ring is not None and open_ring[kind] is None:
                open_ring[kind] = at
            else:
                rings.append([None, at if kind == _ANSWERED else None, at if kind == _ENDED else None])
                open_ring = rings[-1] if kind == _ANSWERED and open_ring is None else open_ring
            if kind == _ENDED:
                open_ring = None
    return [(began, answered, ended) for began, answered, ended in rings]


def _ring(common: Offer, began: int | None, answered: int | None, ended: int | None) -> Offer:
    return _timed(
        replace(
            common,
            began_at=began,
            answered_at=answered,
            ended_at=ended,
            active=ended is None,
            answered=True if answered is not None else None,
        )
    )


def _timed(offer: Offer) -> Offer:
    """With the lengths that its instants make."""
    silent_at = offer.answered_at if offer.answered_at is not None else offer.ended_at
    ring = silent_at - offer.began_at if silent_at is not None and offer.began_at is not None else None
    talk = offer.ended_at - offer.answered_at if offer.ended_at is not None and offer.answered_at is not None else None
    return replace(offer, ring_ms=None if ring is None else max(0, ring), talk_ms=None if talk is None else max(0, talk))


def _started(call: Call) -> Call:
    """The call with the start that its events tell, where its own document's lies after it (rule 6)."""
    journey = call.journey
    rung = [o for o in call.offers if o.told_by == EVENT]
    told = [at for o in rung for at in (o.began_at, o.answered_at) if at is not None]
    if journey is None or journey.started_at is None or not told or journey.started_at - min(told) <= ROUNDED_MS:
        return call
    first, at, length = min(told), journey.started_at, journey.total_ms
    silent = max((o.ended_at for o in rung if o.ended_at is not None), default=None)
    ended_there = silent is not None and silent >= max(told) and abs(at - silent) <= ROUNDED_MS
    if length is None or not (ended_there or abs(at - first - length) <= ROUNDED_MS):
        return replace(call, journey=replace(journey, started_at=first))
    began = at - length

    def earlier(instant: int | None) -> int | None:
        return None if instant is None else instant - length

    journey = replace(
        journey,
        started_at=first if abs(first - began) <= ROUNDED_MS else began,
        ended_at=earlier(journey.ended_at),
        first_answered_at=earlier(journey.first_answered_at),
    )
    visits = (
        replace(v, entered_at=journey.started_at if v.entered_at == at else v.entered_at, ended_at=earlier(v.ended_at)) if v.derived else v
        for v in call.visits
    )
    offers = (
        replace(o, began_at=earlier(o.began_at), answered_at=earlier(o.answered_at), ended_at=earlier(o.ended_at))
        if o.told_by == CALL
        else o
        for o in call.offers
    )
    return replace(call, journey=journey, visits=tuple(visits), offers=tuple(offers))


def _begun(offer: Offer) -> Offer:
    """An answer whose ring nobody told still happened at an instant."""
    return offer if offer.began_at is not None else replace(offer, began_at=offer.answered_at)


def _closed(ring: Offer, ended_at: int | None) -> Offer:
    if ended_at is None:
        return replace(ring, active=False)
    return _timed(replace(ring, active=False, ended_at=max(ended_at, ring.answered_at or ring.began_at or ended_at)))


def _answered_by_document(rings: list[Offer], told: Offer, ended_at: int | None) -> list[Offer]:
    if not rings:
        return [told]
    if not told.answered or told.answered_at is None or any(ring.answered for ring in rings):
        return rings
    at = next((n for n in reversed(range(len(rings))) if (rings[n].began_at or 0) <= told.answered_at + ROUNDED_MS), 0)
    ring = rings[at]
    answered_at = max(told.answered_at, ring.began_at or 0)
    until = ring.ended_at if ring.ended_at is not None and ring.ended_at >= answered_at else told.ended_at or ended_at
    rings[at] = _timed(
        replace(
            ring, answered=True, answered_at=answered_at, ended_at=None if until is None else max(until, answered_at), active=until is None
        )
    )
    return rings


def _common(offers: Sequence[Offer]) -> Offer:
    """What is the same of all rings of one agent on one call: who, for which queue, which way and with whom."""
    agents = [offer.agent for offer in offers]
    names = [agent.name for agent in agents if agent.name]
    queues = sorted((offer.queue for offer in offers if offer.queue is not None), key=_order)
    return Offer(
        agent=replace(agents[0], name=max(names) if names else None),
        queue=queues[-1] if queues else None,
        direction=max((o.direction for o in offers if o.direction is not None), default=None),
        internal=max((o.internal for o in offers if o.internal is not None), default=None),
        number=max((o.number for o in offers if o.number), default=None),
        asof=max(offer.asof for offer in offers),
        told_by=EVENT,
    )


def _order(party: Party) -> tuple[str, str]:
    return party.key or "", party.name or ""
