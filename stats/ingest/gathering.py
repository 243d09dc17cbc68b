"""Puts together what documents tell of one call, so that it comes out the same in whatever order they came.

Rules that hold here: parties that the call's own documents name by different ids are one; a document that was told twice, and not the
same, is settled by what it says, never by who came first.
"""

from collections.abc import Iterable, Sequence

from stats.domain.directory import Directory
from stats.domain.merge import FRAME, Identities, merge_call
from stats.domain.records import Call, Party, Telling


def assembled(parts: Sequence[Call]) -> Call:
    """A call of what was told of it. Raises ValueError for nothing."""
    queues, agents = Directory(), Directory()
    for party in (party for part in parts for party in _queues(part)):
        queues.learn(party)
    for party in (party for part in parts for party in _agents(part)):
        agents.learn(party)
    who = Identities(queue=queues.fill, agent=agents.fill)
    whole: Call | None = None
    for part in _in_order(parts):
        whole = merge_call(whole, part, FRAME, who)
    if whole is None:
        raise ValueError("no parts")
    return whole


def _in_order(parts: Sequence[Call]) -> list[Call]:
    def place(part: Call) -> tuple[bool, int, str]:
        who = () if part.journey is not None else (*(v.queue for v in part.visits), *(o.agent for o in part.offers))
        return (part.journey is None, began(part, 0), str(who))

    if len({place(part) for part in parts}) == len(parts):
        return sorted(parts, key=place)
    # A document that was told twice, perhaps not the same: what it says decides, not who came first.
    return sorted(parts, key=lambda part: (*place(part), repr(part)))


def calls_in(tellings: Iterable[Telling]) -> Iterable[Call]:
    """The calls among tellings."""
    return (telling for telling in tellings if isinstance(telling, Call))


def _queues(call: Call) -> Iterable[Party]:
    journey = call.journey
    told = [*(visit.queue for visit in call.visits), *(offer.queue for offer in call.offers)]
    told += [journey.first_queue, journey.last_queue] if journey is not None else []
    return (party for party in told if party is not None)


def _agents(call: Call) -> Iterable[Party]:
    told = [offer.agent for offer in call.offers] + [agent for visit in call.visits for agent in (visit.first_agent, visit.last_agent)]
    told += [call.journey.first_agent, call.journey.last_agent] if call.journey is not None else []
    return (party for party in told if party is not None)


def instants(call: Call) -> Iterable[int]:
    """When its documents began and ended, as far as told."""
    journey = call.journey
    told = [journey.started_at, journey.ended_at] if journey is not None else []
    told += [at for visit in call.visits for at in (visit.entered_at, visit.started_at, visit.ended_at)]
    told += [at for offer in call.offers for at in (offer.began_at, offer.ended_at)]
    return (at for at in told if at is not None)


def began(call: Call, otherwise: int) -> int:
    """Its first instant."""
    return min(instants(call), default=otherwise)


def begins(call: Call) -> Iterable[int]:
    """When its visits and offers began, as far as told."""
    told = [at for visit in call.visits for at in (visit.entered_at, visit.started_at)] + [offer.began_at for offer in call.offers]
    return (at for at in told if at is not None)


def reaches_beyond(call: Call, start: int, end: int) -> bool:
    """Whether anything of it lies outside [start, end)."""
    return any(not start <= at < end for at in instants(call))
