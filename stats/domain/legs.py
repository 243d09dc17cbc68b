"""Rings that live events tell from their first sound, and a row of the past from their answer on: one ring all the same.

Rules that hold here (of agents whom a vendor knows by names of its own, see `Party.ref`; where `rings` does not piece events together):
1. An answered offer that begins with its answer is told from its answer on. It is the ring of that agent on that call which began before
   the answer and had not ended by then; told in either order, the one offer begins when the ring did.
2. An end that a row tells is made of a start and a rounded length: of two less than a second apart the earlier exact one is it.
3. A ring that names no queue is for the visit in which the call waited when it began, where the call has such visits.
4. Lengths that nobody told are what the instants make: a ring until its answer or end, a talk from its answer to its end.
5. Nobody talks twice at once on one call: two talks of an agent that lie in one another are one, however far apart their answers were
   told; its answer is the one that a row tells, else the earlier. An end that nobody knows yet proves nothing of answers far apart.
6. A leg of a group may be told before anybody knows that its extension is a group's: an offer to what is a queue of the same call is none.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import cast

from stats.domain.records import Call, Direction, Offer, Visit

NEAR_MS = 1000
TWINS_MS = 15_000


def from_answer(offer: Offer) -> bool:
    """The offer is told from its answer on."""
    return bool(offer.answered) and offer.answered_at is not None and offer.began_at == offer.answered_at


def same_ring(offers: Sequence[Offer], mine: Sequence[int], told: Offer) -> int | None:
    """Which of the offers of this agent (by place) is the ring that is told, where their starts do not say so."""
    if told.began_at is None:
        return None
    if from_answer(told):
        before = [i for i in mine if _rang_at(offers[i], told.answered_at)]
        return max(before, key=lambda i: offers[i].began_at or 0) if before else None
    after = [i for i in mine if from_answer(offers[i]) and _rang_at(told, offers[i].answered_at)]
    return min(after, key=lambda i: offers[i].answered_at or 0) if after else None


def aligned(held: Offer, told: Offer) -> tuple[Offer, Offer]:
    """Both with one start and one end: where one is told from its answer on, the other's start; of two ends in one second the earlier."""
    if held.agent.ref is None or held.told_by is not None:
        return held, told
    if held.began_at is not None and told.began_at is not None and (from_answer(held) or from_answer(told)):
        began_at = min(held.began_at, told.began_at)
        held, told = replace(held, began_at=began_at), replace(told, began_at=began_at)
    if held.ended_at is not None and told.ended_at is not None and abs(held.ended_at - told.ended_at) < NEAR_MS:
        exact = [at for at in (held.ended_at, told.ended_at) if at % 1000] or [held.ended_at, told.ended_at]
        held, told = replace(held, ended_at=min(exact)), replace(told, ended_at=min(exact))
    return held, told


def completed(call: Call) -> Call:
    """The call with its rings once each, with their queues and lengths (rules 3 to 6); itself where vendors tell them."""
    if not any(_is_leg(offer) for offer in call.offers):
        return call
    queues = {visit.queue.ref for visit in call.visits}
    offers = _once([offer for offer in call.offers if not (_is_leg(offer) and offer.agent.ref in queues)])
    return replace(call, offers=tuple(_timed(_placed(offer, call.visits)) if _is_leg(offer) else offer for offer in offers))


def _once(offers: list[Offer]) -> list[Offer]:
    kept: list[Offer] = []
    for offer in offers:
        at = next((i for i, other in enumerate(kept) if _is_leg(offer) and _is_leg(other) and _are_one(other, offer)), None)
        if at is None:
            kept.append(offer)
        else:
            kept[at] = _joined(kept[at], offer)
    return kept


def _are_one(one: Offer, other: Offer) -> bool:
    if one.agent.key != other.agent.key or not (one.answered and other.answered) or one.answered_at is None or other.answered_at is None:
        return False
    if one.ended_at is None or other.ended_at is None:
        before, after = (one, other) if one.answered_at <= other.answered_at else (other, one)
        goes_on = before.ended_at is None or before.ended_at > cast(int, after.answered_at)
        return goes_on and abs(one.answered_at - other.answered_at) < TWINS_MS
    return max(one.answered_at, other.answered_at) < min(one.ended_at, other.ended_at)


def _joined(one: Offer, other: Offer) -> Offer:
    """One ring of two tellings of it; its lengths are made anew of its instants."""
    rung, row = (other, one) if from_answer(one) and not from_answer(other) else (one, other)
    answered_at = row.answered_at if from_answer(row) else min(filter(None, (one.answered_at, other.answered_at)))
    ends = [at for at in (one.ended_at, other.ended_at) if at is not None]
    began = [at for at in (one.began_at, other.began_at) if at is not None]
    return replace(
        rung,
        queue=rung.queue or row.queue,
        direction=rung.direction or row.direction,
        internal=rung.internal if rung.internal is not None else row.internal,
        number=rung.number or row.number,
        began_at=min(began, default=None),
        answered_at=answered_at,
        ended_at=_end_of(ends),
        active=False if one.ended or other.ended else rung.active,
        ring_ms=None,
        talk_ms=None,
        hold_ms=max((ms for ms in (one.hold_ms, other.hold_ms) if ms is not None), default=None),
    )


def _end_of(ends: list[int]) -> int | None:
    """The exact one of two that are near, else the later."""
    if len(ends) == 2 and abs(ends[0] - ends[1]) < NEAR_MS:
        return min([at for at in ends if at % 1000] or ends)
    return max(ends, default=None)


def _is_leg(offer: Offer) -> bool:
    return offer.agent.ref is not None and offer.told_by is None


def _placed(offer: Offer, visits: Sequence[Visit]) -> Offer:
    at = offer.began_at
    if offer.queue is not None or at is None or offer.direction is Direction.OUT:
        return offer
    begun = [visit for visit in visits if visit.entered_at is not None and visit.entered_at <= at and not visit.derived]
    if not begun:
        return offer
    visit = max(begun, key=lambda each: each.entered_at or 0)
    if visit.answered_at is not None:
        waited = at < visit.answered_at + NEAR_MS  # answers may be whole seconds
    else:
        waited = visit.ended_at is None or at <= visit.ended_at
    return replace(offer, queue=visit.queue) if waited else offer


def _rang_at(ring: Offer, answered_at: int | None) -> bool:
    """Whether a ring had begun, and not ended, when somebody answered; starts and answers may be rounded."""
    if ring.began_at is None or answered_at is None or ring.began_at > answered_at + NEAR_MS:
        return False
    if ring.answered_at is not None and abs(ring.answered_at - answered_at) >= NEAR_MS:
        return False
    return ring.ended_at is None or ring.ended_at > answered_at - NEAR_MS


def _timed(offer: Offer) -> Offer:
    ring, talk = offer.ring_ms, offer.talk_ms
    silent_at = offer.answered_at if offer.answered else offer.ended_at
    if ring is None and silent_at is not None and offer.began_at is not None and not from_answer(offer):
        ring = max(0, silent_at - offer.began_at)
    if talk is None and offer.answered and offer.answered_at is not None and offer.ended_at is not None and offer.ended:
        talk = max(0, offer.ended_at - offer.answered_at - (offer.hold_ms or 0))
    return offer if ring == offer.ring_ms and talk == offer.talk_ms else replace(offer, ring_ms=ring, talk_ms=talk)
