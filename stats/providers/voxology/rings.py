"""Agents' legs become rings of the customers' calls they were made for.

Rules that hold here:
- A leg that was dialled for a call rings from its start; one that waits for callers is not rung for each, and begins with the answer.
- What the flow said at its own instant (`onAgentConnected`, `onAgentReleased`) stands; what follows from lengths of connection and from
  vanishing does not replace it.
- A length of connection is whole seconds: an answer derived from it is a whole second, which never replaces an exact one.
- How long a leg that waits for callers has been connected says nothing of any of them. It got the one it is linked to when that one left
  the queue, or else when the link was first heard of; until one of the two is sure, a ring of it has no beginning. It lets go of a caller
  when that call ends, at the latest.
- Where nobody named the queue, a ring was made for the stay that ended when it was answered.
"""

from dataclasses import replace
from typing import cast

from stats.domain.records import Call, Journey, Offer
from stats.providers.base import party_of
from stats.providers.voxology.book import Book, Leg, Ring, Talk
from stats.providers.voxology.who import Who
from stats.providers.voxology.words import Words

SAME_MS = 1_000
NEAR_MS = 2_000
BRIDGE_MS = 10_000
AGAIN_MS = 30_000


class Rings:
    """The rings of one source."""

    def __init__(self, source: str, book: Book, who: Who) -> None:
        self._source, self._book, self._who = source, book, who

    def leg(self, words: Words, asof: int, *, always: bool) -> list[Call]:
        """What a document about an agent's leg tells of the calls it was made for. `always`: also what has been told."""
        leg, said = self._book.leg(words.id_call), words.said
        leg.agent = self._who.of_leg(words) or leg.agent
        leg.dialled |= words.parent is not None or said.customer_call is not None
        if words.exact and words.hangup is not None:
            self._book.settled(leg.id)
        found = self._mistaken(words, asof)
        target = words.linked or said.customer_call or words.parent
        if target is not None and target not in leg.rings:
            leg.rings[target] = Ring(agent=leg.agent)
        targets = [target] if target is not None and not words.final else list(leg.rings)
        for each in targets:
            ring = leg.rings[each]
            ring.agent = leg.agent
            self._progress(leg, ring, words, asof)
            if each == words.linked and said.customer_call is None and not leg.dialled:
                now = words.happened(asof)
                ring.linked_at = now if ring.linked_at is None else min(now, ring.linked_at)
                self._book.bridge(leg, each)
            self._bridged(leg, ring, each)
            self._find_queue(ring, each, words.said.queue, silent=words.linked is not None and said.customer_call is None)
            if leg.agent is None or (ring.began_at is None and not ring.answered and not ring.ended):
                continue  # of nobody we know, or not begun: told when something says more
            offer = self.offer(ring, asof)
            if always or ring.told is None or replace(offer, asof=ring.told.asof) != ring.told or asof - ring.told_at >= AGAIN_MS:
                ring.told, ring.told_at = offer, asof
                found.append(Call(source=self._source, id_call=each, offers=(offer,)))
        return found

    def _mistaken(self, words: Words, asof: int) -> list[Call]:
        """A leg that was told as a call before anything said what it is: that call is over when the leg is. It is none to us: told without
        a direction, it is counted as none."""
        if not words.final or words.id_call not in self._book.talks:
            return []
        journey = Journey(active=False, started_at=words.started_at, ended_at=words.ended_at or asof, asof=asof)
        return [Call(source=self._source, id_call=words.id_call, journey=journey)]

    def _progress(self, leg: Leg, ring: Ring, words: Words, asof: int) -> None:
        said, connected = words.said, bool(words.connected_ms)
        now = words.happened(asof)
        started_at = words.started_at if leg.dialled and words.status != "live-queued" else None
        guessed = ring.began_at is None or ring.began_at == ring.answered_at
        if started_at is not None and (guessed or (words.exact and abs(cast(int, ring.began_at) - started_at) < SAME_MS)):
            ring.began_at = started_at
        if said.event == "onagentconnected":
            ring.answered, ring.exact, ring.answered_at = True, True, now
        elif not ring.exact and connected and leg.dialled and (words.status == "live-in-progress" or words.final):
            if words.exact or ring.answered_at is None:
                ring.answered_at = answer(words, asof)
            ring.answered = True
        elif not ring.exact and words.status == "live-in-progress" and leg.dialled and ring.answered_at is None:
            ring.answered, ring.answered_at = True, now
        if ring.began_at is None:
            ring.began_at = ring.answered_at  # until its start is told
        if said.event == "onagentreleased":
            ring.ended, ring.ended_exact, ring.ended_at = True, True, now
        elif words.final and not ring.ended_exact:
            ring.ended, ring.ended_exact = True, words.exact and leg.dialled
            ring.ended_at = words.ended_at if words.ended_at is not None else ring.ended_at or asof

    def _bridged(self, leg: Leg, ring: Ring, customer: str) -> None:
        """What a link says, with what is known of the customer's call by now."""
        if leg.dialled or ring.linked_at is None:
            return
        talk = self._book.talks.get(customer)
        if not ring.exact:
            linked_at = ring.linked_at
            stays = talk.stays if talk is not None else []
            begun = [stay for stay in stays if stay.entered_at is None or stay.entered_at <= linked_at]
            stay = max(begun, key=lambda each: each.entered_at or 0, default=None)
            left_at = None if stay is None else stay.missed_at if stay.left_at is None else stay.left_at
            answered_at = linked_at if left_at is None else min(left_at, linked_at)
            if talk is not None:  # within its call
                answered_at = min(answered_at, talk.ended_at if talk.exact and talk.ended_at is not None else answered_at)
                answered_at = max(answered_at, talk.started_at if talk.started_at is not None else answered_at)
            ring.answered, ring.answered_at = True, answered_at
            queueless = stay is None and talk is not None and talk.ended_at is not None
            known = left_at is not None or queueless or self._rung_again(leg, customer)
        ring.began_at = ring.answered_at if ring.exact or known else None
        if talk is not None and talk.exact and talk.ended_at is not None and not ring.ended_exact:
            ring.ended, ring.ended_at = True, min(talk.ended_at, ring.ended_at or talk.ended_at)

    def _rung_again(self, leg: Leg, customer: str) -> bool:
        """The call has other rings of the same agent: only beginnings tell them apart."""
        talk = self._book.talks.get(customer)
        others = [*(talk.rings if talk is not None else ())]
        others += [each.rings[customer] for each in self._book.legs.values() if each is not leg and customer in each.rings]
        return any(leg.agent is not None and other.agent is not None and other.agent.key == leg.agent.key for other in others)

    def linked(self, talk: Talk, asof: int) -> list[Offer]:
        """What more is known of the legs that waited for callers and got this one, now that more is known of it."""
        found = []
        for id_leg in sorted(self._book.bridged.get(talk.id, ())):
            leg = self._book.legs.get(id_leg)
            ring = leg.rings.get(talk.id) if leg is not None else None
            if leg is None or ring is None or ring.agent is None:
                continue
            self._bridged(leg, ring, talk.id)
            self._find_queue(ring, talk.id, None, silent=True)
            offer = self.offer(ring, asof)
            if ring.told is None or replace(offer, asof=ring.told.asof) != ring.told:
                ring.told, ring.told_at = offer, asof
                found.append(offer)
        return found

    def _find_queue(self, ring: Ring, customer: str, said: str | None, *, silent: bool) -> None:
        ring.queue = said or ring.queue
        talk = self._book.talks.get(customer)
        if ring.queue is not None or ring.answered_at is None or talk is None:
            return
        # A flow that names calls in its session data, and no queue, has dialled for none; one that is silent leaves it to us.
        first, last = ring.answered_at - NEAR_MS, ring.answered_at + BRIDGE_MS
        near = [stay for stay in talk.stays if (silent or stay.polled) and (stay.left_at is None or first <= stay.left_at <= last)]
        if near:
            ring.queue = near[-1].queue

    def rung(self, talk: Talk, words: Words, asof: int) -> Offer | None:
        """An event on the caller's call says that an agent is rung for it."""
        said = words.said
        if said.event != "onagentringing" or said.rung_id is None:
            return None
        ring = Ring(agent=self._who.agent(said.rung_id, said.rung_name), queue=said.queue, told_at=asof)
        ring.began_at = words.happened_at(asof)  # unknown, it is the one ring that its leg will date
        talk.rings.append(ring)
        return self.offer(ring, asof)

    def made(self, talk: Talk, asof: int) -> Offer | None:
        """Of a call out, the agent who makes it."""
        if talk.agent is None:
            return None
        ring = Ring(agent=talk.agent, began_at=talk.started_at, answered_at=talk.answered_at, answered=talk.answered_at is not None)
        ring.ended, ring.ended_at = talk.ended_at is not None, talk.ended_at
        return replace(self.offer(ring, asof), direction=talk.direction, number=talk.number)

    def without_legs(self, asked_at: int) -> list[Call]:
        """Rings that events told, or that were open before a restart, and of which no leg was there when asked: over, nobody knows when."""
        lost: dict[str, list[Offer]] = {}
        legs: dict[tuple[str, str | None], list[Ring]] = {}
        waiting = [talk for talk in self._book.talks.values() if talk.rings]
        if waiting:
            for leg in self._book.legs.values():
                for customer, ring in leg.rings.items():
                    legs.setdefault((customer, _key(ring)), []).append(ring)
        for talk in waiting:
            kept = []
            for ring in talk.rings:
                twins = legs.get((talk.id, _key(ring)), [])
                if any(_same(ring, twin) for twin in twins):
                    continue
                if ring.told_at > asked_at - NEAR_MS:
                    kept.append(ring)
                    continue
                ring.ended = True
                lost.setdefault(talk.id, []).append(self.offer(ring, asked_at))
            talk.rings = kept
        return [Call(source=self._source, id_call=id_call, offers=tuple(offers)) for id_call, offers in lost.items()]

    def offer(self, ring: Ring, asof: int) -> Offer:
        """A ring as an Offer; its lengths are what its instants make."""
        assert ring.agent is not None
        return Offer(
            agent=ring.agent,
            queue=party_of(self._source, ring.queue, ring.queue) if ring.queue else None,
            began_at=ring.began_at,
            answered_at=ring.answered_at if ring.answered else None,
            ended_at=ring.ended_at,
            active=not ring.ended,
            answered=ring.answered or (False if ring.ended else None),
            asof=asof,
        )


def _key(ring: Ring) -> str | None:
    return ring.agent.key if ring.agent is not None else None


def _same(ring: Ring, twin: Ring) -> bool:
    if ring.began_at is None or twin.began_at is None:
        return True
    return abs(ring.began_at - twin.began_at) < SAME_MS


def answer(words: Words, asof: int) -> int:
    """When it was answered, by how long it has been connected: a whole second, since no more is told."""
    until = words.ended_at if words.ended_at is not None else asof
    return round((until - (words.connected_ms or 0)) / 1000) * 1000
