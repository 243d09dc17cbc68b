"""What became of a call, of its visits and of its offers: the one place that decides.

Rule 1: everything that affects an outcome is in the record; nothing here knows the time, a target or a window.
Rule 2: an outcome may change when more is learnt; whoever counts must be able to take a count back.
Rule 3: a visit to a queue that the vendor does not have (`Visit.derived`) ends with the last ring or talk of its call.

    a visit, first match                     | outcome
    -----------------------------------------+-----------
    active, unanswered, its call goes on     | waiting      (also of an expired call: then "expired")
    answered here by an agent                | answered
    a later visit, or answered elsewhere, or |
      it moved on to what is no queue        | overflowed
    ended in voicemail                       | voicemail
    the caller ordered a callback            | callback
    the call is over, or no document says    |
      that it goes on                        | abandoned
    otherwise                                | leaving
"""

from dataclasses import dataclass
from enum import StrEnum

from stats.domain import legs, rings
from stats.domain.parties import same_party
from stats.domain.records import Call, Direction, Offer, Visit

NEAR_MS = 1000


class VisitOutcome(StrEnum):
    """What became of a visit; short abandons are abandons until a queue's limit tells them apart."""

    WAITING = "waiting"
    LEAVING = "leaving"
    ANSWERED = "answered"
    OVERFLOWED = "overflowed"
    VOICEMAIL = "voicemail"
    CALLBACK = "callback"
    ABANDONED = "abandoned"
    EXPIRED = "expired"


class OfferOutcome(StrEnum):
    """How a ring ended."""

    RINGING = "ringing"
    TALKING = "talking"
    ANSWERED = "answered"
    WITHDRAWN = "withdrawn"
    MISSED = "missed"


@dataclass(frozen=True, slots=True)
class SettledVisit:
    """A visit with its outcome and its times, ms; `wait` is None while waiting and where nothing tells it."""

    visit: Visit
    outcome: VisitOutcome
    entered_at: int | None
    answered_at: int | None
    left_at: int | None
    wait: int | None
    talk: int | None
    hold: int
    transferred: bool
    offers: tuple[int, ...]  # indexes of the answered offers made for it


@dataclass(frozen=True, slots=True)
class SettledCall:
    """A call read whole."""

    call: Call
    direction: Direction | None
    internal: bool
    number: str | None
    started_at: int | None
    ended: bool
    ended_at: int | None
    answered: bool
    ivr_seen: bool
    visits: tuple[SettledVisit, ...]
    offers: tuple[OfferOutcome, ...]

    @property
    def incoming(self) -> bool:
        """Came in from outside."""
        return self.direction is Direction.IN and not self.internal

    @property
    def outgoing(self) -> bool:
        """Went outside."""
        return self.direction is Direction.OUT and not self.internal


def direction_of(call: Call) -> tuple[Direction | None, bool]:
    """Direction and whether internal: any telling decides, the call document first."""
    tellings: list[tuple[Direction | None, bool | None]] = []
    if call.journey is not None:
        tellings.append((call.journey.direction, call.journey.internal))
    tellings.extend((v.direction, v.internal) for v in call.visits)
    tellings.extend((o.direction, o.internal) for o in call.offers)
    direction = next((d for d, _ in tellings if d is not None), None)
    internal = next((i for _, i in tellings if i is not None), None)
    return direction, direction is Direction.INTERNAL or bool(internal)


def _made_for(offer: Offer, visit: Visit, until: int | None) -> bool:
    """Whether a ring was made for a visit: it names the queue and began within the visit (rounded starts allowed a second)."""
    if offer.queue is None or not same_party(offer.queue, visit.queue):
        return False
    if offer.began_at is None or visit.entered_at is None:
        return True
    if offer.began_at <= visit.entered_at - NEAR_MS and offer.answered_at is not None:
        # Some documents give the call's start for the ring's; the answer still falls into the visit it was for.
        return offer.answered_at > visit.entered_at - NEAR_MS and (until is None or offer.answered_at <= until)
    return offer.began_at > visit.entered_at - NEAR_MS and (until is None or offer.began_at <= until)


def _answers(call: Call) -> list[int]:
    """Every instant at which somebody is known to have answered this call."""
    instants = [o.answered_at for o in call.offers if o.answered and o.answered_at is not None]
    if call.journey is not None:
        instants += [i for i in (call.journey.first_answered_at, call.journey.last_answered_at) if i is not None]
    return instants


def _known_sum(values: list[int | None]) -> int | None:
    known = [v for v in values if v is not None]
    return sum(known) if known else None


def settle(call: Call) -> SettledCall:
    """Read a record: direction, outcomes, waits and talk of all its parts. Pure; a few microseconds."""
    call = rings.without_made_up_waits(legs.completed(rings.whole(call)))
    journey = call.journey
    direction, internal = direction_of(call)
    goes_on = journey is not None and journey.goes_on and not call.expired
    call_over = journey is not None and journey.ended
    ended_at = journey.ended_at if journey is not None else None
    answers = _answers(call)
    answered = (
        (journey is not None and bool(journey.answered))
        or any(v.answered for v in call.visits)
        or any(o.answered and not _is_out(o, direction) for o in call.offers)
    )
    if direction is Direction.OUT and journey is None:
        answered = answered or any(o.answered for o in call.offers)
    starts = [journey.started_at] if journey is not None and journey.started_at is not None else []
    if not starts:
        starts = [at for v in call.visits for at in (v.started_at, v.entered_at) if at is not None] + [
            o.began_at for o in call.offers if o.began_at is not None
        ]
    visits = tuple(_settle_visit(call, i, call_over, goes_on, ended_at, answers, answered) for i in range(len(call.visits)))
    over = call_over or (journey is None and _all_over(call))
    return SettledCall(
        call=call,
        direction=direction,
        internal=internal,
        number=_first(call),
        started_at=min(starts) if starts else None,
        ended=over,
        ended_at=ended_at if ended_at is not None else _last_end(call) if over else None,
        answered=answered or any(v.outcome is VisitOutcome.ANSWERED for v in visits),
        ivr_seen=(journey is not None and bool(journey.ivr_seen))
        or any(v.ivr_seen for v in call.visits)
        or any(o.ivr_seen for o in call.offers),
        visits=visits,
        offers=tuple(_settle_offer(call, o, call_over, ended_at, answered) for o in call.offers),
    )


def _is_out(offer: Offer, direction: Direction | None) -> bool:
    return (offer.direction or direction) is Direction.OUT


def _first(call: Call) -> str | None:
    if call.journey is not None and call.journey.number:
        return call.journey.number
    return next((n for n in (*(v.number for v in call.visits), *(o.number for o in call.offers)) if n), None)


def _all_over(call: Call) -> bool:
    return all(v.ended for v in call.visits) and all(o.ended for o in call.offers)


def _last_end(call: Call) -> int | None:
    return max((at for at in (*(v.ended_at for v in call.visits), *(o.ended_at for o in call.offers)) if at is not None), default=None)


def _settle_visit(
    call: Call, number: int, call_over: bool, goes_on: bool, call_ended_at: int | None, answers: list[int], answered: bool
) -> SettledVisit:
    visit = call.visits[number]
    entered = visit.entered_at
    until = visit.ended_at if visit.ended else None
    later = [v.entered_at for v in call.visits[number + 1 :] if same_party(v.queue, visit.queue) and v.entered_at is not None]
    if until is None:
        until = min(later) - NEAR_MS if later else None
    elif until in later and visit.queue.ref:  # passed back to the same queue: what rings from then on rings for the later visit
        until -= 1
    made = tuple(i for i, o in enumerate(call.offers) if o.answered and _made_for(o, visit, until))
    left_at = visit.ended_at if visit.ended_at is not None else call_ended_at
    answered_at = visit.answered_at
    if answered_at is None and made:
        instants = [at for i in made if (at := call.offers[i].answered_at) is not None]
        answered_at = min(instants) if instants else None
    last = number == len(call.visits) - 1
    outcome = _outcome(
        call,
        visit,
        last=last,
        here=bool(visit.answered) or bool(made),
        call_over=call_over,
        goes_on=goes_on,
        left_at=left_at,
        answers=answers,
        answered=answered,
    )
    wait = _wait(visit, outcome, answered_at, left_at)
    talk = visit.talk_ms if visit.talk_ms is not None else _known_sum([call.offers[i].talk_ms for i in made])
    hold = visit.hold_ms if visit.hold_ms is not None else _known_sum([call.offers[i].hold_ms for i in made])
    transfers = (call.journey.transfers or 0) if call.journey is not None else 0
    return SettledVisit(
        visit=visit,
        outcome=outcome,
        entered_at=entered,
        answered_at=answered_at if outcome is VisitOutcome.ANSWERED else None,
        left_at=None if outcome is VisitOutcome.WAITING else left_at,
        wait=wait,
        talk=talk,
        hold=hold or 0,
        transferred=transfers > 0 or (visit.transfer or 0) > 0,
        offers=made,
    )


def _outcome(
    call: Call,
    visit: Visit,
    *,
    last: bool,
    here: bool,
    call_over: bool,
    goes_on: bool,
    left_at: int | None,
    answers: list[int],
    answered: bool,
) -> VisitOutcome:
    journey = call.journey
    if not visit.ended and not here and not call_over:
        return VisitOutcome.EXPIRED if call.expired else VisitOutcome.WAITING
    if here:
        return VisitOutcome.ANSWERED
    if not last or visit.moved_on:
        return VisitOutcome.OVERFLOWED
    unseen = answered and not answers and not any(v.answered_at is not None for v in call.visits)
    if unseen or (left_at is not None and any(at >= left_at for at in answers)):
        return VisitOutcome.OVERFLOWED
    if visit.voicemail or (journey is not None and journey.voicemail):
        return VisitOutcome.VOICEMAIL
    if (visit.callbacks or 0) > 0 or (journey is not None and (journey.callback_ordered or (journey.callbacks or 0) > 0)):
        return VisitOutcome.CALLBACK
    return VisitOutcome.LEAVING if goes_on else VisitOutcome.ABANDONED


def _wait(visit: Visit, outcome: VisitOutcome, answered_at: int | None, left_at: int | None) -> int | None:
    if outcome in (VisitOutcome.WAITING, VisitOutcome.EXPIRED):
        return None
    until = answered_at if outcome is VisitOutcome.ANSWERED else left_at
    if until is not None and visit.entered_at is not None:
        return max(0, until - visit.entered_at)
    told = visit.queue_ms if visit.queue_ms is not None else visit.wait_ms
    return None if told is None else max(0, told)


def _settle_offer(call: Call, offer: Offer, call_over: bool, call_ended_at: int | None, answered: bool) -> OfferOutcome:
    over = offer.ended or call_over
    if offer.answered:
        return OfferOutcome.ANSWERED if over else OfferOutcome.TALKING
    if not over:
        return OfferOutcome.MISSED if call.expired else OfferOutcome.RINGING
    end = offer.ended_at if offer.ended_at is not None else call_ended_at
    if end is None:
        return OfferOutcome.MISSED
    if call_over and not answered and call_ended_at is not None and abs(call_ended_at - end) <= NEAR_MS:
        return OfferOutcome.WITHDRAWN
    elsewhere = [o.answered_at for o in call.offers if o is not offer and o.answered and o.answered_at is not None]
    if call.journey is not None:
        told = ((call.journey.first_agent, call.journey.first_answered_at), (call.journey.last_agent, call.journey.last_answered_at))
        elsewhere += [at for agent, at in told if agent is not None and at is not None and not same_party(agent, offer.agent)]
    return OfferOutcome.WITHDRAWN if any(abs(at - end) <= NEAR_MS for at in elsewhere) else OfferOutcome.MISSED
