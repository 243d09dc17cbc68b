"""Which calls a list of calls holds, where each of them stands in it, and what its line says.

Rules that hold here:
- A call is one line, at one instant: its start; where an agent is asked for, the newest ring at one of these that fits; where queues, waits
  or transfers are, the newest visit that fits, and what is asked of a visit is true of that one visit.
- The same reading of a call decides for the live store and for the archive: what a database finds is a candidate.
- A list is read by place, from the greatest: (instant, id of the call, number of the part, source).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from stats.domain.metrics import KeyOf
from stats.domain.outcomes import OfferOutcome, SettledCall, SettledVisit, VisitOutcome
from stats.domain.records import Direction, Party

By = Literal["call", "visit", "offer"]
Place = tuple[int, str, int, str]
Pieces = Sequence[tuple[int, int]]
DIRECTIONS = ("in", "out", "internal")
# What may have become of a call, or of the visit it stands at.
OUTCOMES = ("answered", "abandoned", "overflowed", "voicemail", "callback", "waiting", "leaving", "expired", "unanswered")


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """What is asked of a call; None and "" ask nothing. Keys are of today, durations ms.

    `seen`: the queues of a viewer who does not see all. `number`: the caller's, as kept.
    """

    queues: frozenset[str] | None = None
    agents: frozenset[str] | None = None
    direction: str = ""
    outcome: str = ""
    number: str = ""
    id_call: str = ""
    wait_least: int | None = None
    wait_most: int | None = None
    talk_least: int | None = None
    transferred: bool = False
    ivr: bool = False
    seen: frozenset[str] | None = None

    @property
    def by(self) -> By:
        """What a line stands at."""
        if self.number or self.id_call:
            return "call"
        if self.agents is not None:
            return "offer"
        return "visit" if self.asks_of_visits or self.seen is not None else "call"

    @property
    def asks_of_visits(self) -> bool:
        """Whether something is asked that only a visit has."""
        return self.queues is not None or self.wait_least is not None or self.wait_most is not None or self.transferred

    @property
    def keys(self) -> frozenset[str] | None:
        """The queues that a visit must be of; None: any."""
        if self.seen is None or self.queues is None:
            return self.seen if self.queues is None else self.queues
        return self.queues & self.seen


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A queue or an agent of a line: its key of today, and the name its call told."""

    key: str
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line. Instants epoch ms, durations ms; `at` and `number` are where it stands. `goes_on`: the call is not over."""

    source: str
    id_call: str
    at: int
    number: int = 0
    started_at: int | None = None
    ended_at: int | None = None
    caller: str = ""
    direction: str = ""
    first_queue: Named | None = None
    last_queue: Named | None = None
    agent: Named | None = None
    outcome: str = ""
    wait: int | None = None
    talk: int | None = None
    total: int | None = None
    goes_on: bool = False

    @property
    def place(self) -> Place:
        """Where it stands."""
        return (self.at, self.id_call, self.number, self.source)


def entry_of(call: SettledCall, asked: Filters, pieces: Pieces, queue_key: KeyOf, agent_key: KeyOf, now: int) -> Entry | None:
    """The line of a call; None where it is not in the list. `now`: until when who waits has waited."""
    if not _fits(call, asked):
        return None
    keys = [queue_key(each.visit.queue) for each in call.visits]
    if asked.seen is not None and not asked.seen.intersection(key for key in keys if key is not None):
        return None
    fit = [n for n, each in enumerate(call.visits) if _visit_fits(each, keys[n], asked, now)]
    by = asked.by
    entry = _told(call, keys, queue_key, agent_key, now)
    if by == "visit":
        standing = [(at, n) for n in fit if (at := call.visits[n].entered_at) is not None and _inside(at, pieces)]
        if not standing:
            return None
        at, n = max(standing)
        visit = call.visits[n]
        return replace(entry, at=at, number=n, outcome=str(visit.outcome), wait=_waited(visit, now), talk=visit.talk)
    if (asked.asks_of_visits and not fit) or not _word_fits(entry.outcome, asked.outcome):
        return None
    if by == "offer":
        return _at_offer(call, entry, asked, pieces, agent_key)
    if asked.agents is not None and not any(agent_key(each.agent) in asked.agents for each in call.call.offers):
        return None
    if asked.talk_least is not None and not _talked(call, asked.talk_least):
        return None
    if call.started_at is None or not (asked.id_call or _inside(call.started_at, pieces)):
        return None
    return replace(entry, at=call.started_at)


def _at_offer(call: SettledCall, entry: Entry, asked: Filters, pieces: Pieces, agent_key: KeyOf) -> Entry | None:
    standing: list[tuple[int, int]] = []
    for n, offer in enumerate(call.call.offers):
        mine = asked.agents is not None and agent_key(offer.agent) in asked.agents
        long = asked.talk_least is None or (offer.talk_ms or 0) >= asked.talk_least
        if mine and long and offer.began_at is not None and _inside(offer.began_at, pieces):
            standing.append((offer.began_at, n))
    if not standing:
        return None
    at, n = max(standing)
    offer = call.call.offers[n]
    named = Named(key=agent_key(offer.agent) or "", name=offer.agent.name or "")
    return replace(entry, at=at, number=n, agent=named, talk=offer.talk_ms)


def _inside(at: int, pieces: Pieces) -> bool:
    return any(first <= at < end for first, end in pieces)


def direction_word(call: SettledCall) -> str:
    """in, out or internal; "" where nothing tells."""
    return "internal" if call.internal else str(call.direction or "")


def _fits(call: SettledCall, asked: Filters) -> bool:
    if asked.direction and direction_word(call) != asked.direction:
        return False
    if asked.number and call.number != asked.number:
        return False
    if asked.id_call and call.call.id_call != asked.id_call:
        return False
    return call.ivr_seen or not asked.ivr


def _word_fits(outcome: str, asked: str) -> bool:
    return not asked or outcome == asked


def _visit_fits(visit: SettledVisit, key: str | None, asked: Filters, now: int) -> bool:
    if key is None or (asked.keys is not None and key not in asked.keys):
        return False
    if asked.transferred and not visit.transferred:
        return False
    if asked.by == "visit":
        if not _word_fits(str(visit.outcome), asked.outcome):
            return False
        if asked.talk_least is not None and (visit.talk is None or visit.talk < asked.talk_least):
            return False
    if asked.wait_least is None and asked.wait_most is None:
        return True
    wait = _waited(visit, now)
    return wait is not None and (asked.wait_least or 0) <= wait and (asked.wait_most is None or wait <= asked.wait_most)


def _waited(visit: SettledVisit, now: int) -> int | None:
    if visit.outcome is VisitOutcome.WAITING and visit.entered_at is not None:
        return max(0, now - visit.entered_at)
    return None if visit.outcome is VisitOutcome.EXPIRED else visit.wait


def _talked(call: SettledCall, least: int) -> bool:
    talks = [each.talk_ms for each in call.call.offers] + [each.talk for each in call.visits]
    return any(talk is not None and talk >= least for talk in talks)


def _told(call: SettledCall, keys: Sequence[str | None], queue_key: KeyOf, agent_key: KeyOf, now: int) -> Entry:
    """What the line says of the whole call."""
    record, journey = call.call, call.call.journey
    waits = [wait for each in call.visits if (wait := _waited(each, now)) is not None]
    visited = [Named(key=key or "", name=each.visit.queue.name or "") for each, key in zip(call.visits, keys, strict=True)]
    if not visited and journey is not None and journey.first_queue is not None:
        visited = [_named(each, queue_key) for each in (journey.first_queue, journey.last_queue) if each is not None]
    total = journey.total_ms if journey is not None else None
    if total is None and call.ended_at is not None and call.started_at is not None:
        total = max(0, call.ended_at - call.started_at)
    return Entry(
        source=record.source,
        id_call=record.id_call,
        at=call.started_at or 0,
        started_at=call.started_at,
        ended_at=call.ended_at,
        caller=call.number or "",
        direction=direction_word(call),
        first_queue=visited[0] if visited else None,
        last_queue=visited[-1] if visited else None,
        agent=_agent(call, agent_key),
        outcome=outcome_word(call),
        wait=sum(waits) if waits else None,
        talk=_talk(call),
        total=total,
        goes_on=not call.ended and not record.expired,
    )


def outcome_word(call: SettledCall) -> str:
    """What became of the whole call; the archive's column `outcome` is the same word."""
    if call.answered:
        return "answered"
    if call.call.expired:
        return "expired"
    return str(call.visits[-1].outcome) if call.visits else "unanswered"


def _talk(call: SettledCall) -> int | None:
    told = [each.talk_ms for each in call.call.offers if each.talk_ms is not None] or [
        each.talk for each in call.visits if each.talk is not None
    ]
    if told:
        return sum(told)
    return call.call.journey.talk_ms if call.call.journey is not None else None


def _agent(call: SettledCall, agent_key: KeyOf) -> Named | None:
    """Who answered last; of an outgoing call who called."""
    talked = [
        each
        for each, outcome in zip(call.call.offers, call.offers, strict=True)
        if outcome in (OfferOutcome.ANSWERED, OfferOutcome.TALKING) or (each.direction or call.direction) is Direction.OUT
    ]
    if talked:
        return _named(max(talked, key=lambda each: each.began_at or 0).agent, agent_key)
    journey = call.call.journey
    return _named(journey.last_agent, agent_key) if journey is not None and journey.last_agent is not None and call.answered else None


def _named(party: Party, key_of: KeyOf) -> Named:
    return Named(key=key_of(party) or "", name=party.name or "")
