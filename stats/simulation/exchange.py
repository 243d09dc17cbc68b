"""The telephone exchange: every single thing that can happen to a call, and who must be told of it.

People's behaviour is not here (see queueing, talking, crew) and neither is chance: a scripted scenario works the same
switches as the floor does. Each deed changes the records first and then announces the subjects whose documents changed, in the
order a real exchange would tell it: offers, visits, the call, and last the agents.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from stats.simulation.records import ActiveCall, Agent, Call, Menu, Offer, Profile, Queue, Slot, Transfer, Visit
from stats.simulation.slots import Ledger

Subject = Call | Visit | Offer | Agent | tuple[Slot, ...]
Listener = Callable[[int, Subject], None]


class Exchange:
    """`listener(at, subject)` hears of every change, at the instant it happened."""

    def __init__(self, listener: Listener, ledger: Ledger) -> None:
        self.announce = listener
        self.ledger = ledger
        self.talking = 0
        self.live: dict[str, Call] = {}

    # -- calls ---------------------------------------------------------------------------------------------------------

    def start_call(self, call: Call) -> Call:
        call.changed_at = call.started_at
        self.live[call.id] = call
        self.announce(call.started_at, call)
        return call

    def reach_menu(self, call: Call, menu: Menu, at: int) -> None:
        """No frame: the vendor pushes a call when it starts, enters a queue, is answered and ends, not in between."""
        call.menus.append((menu, at))
        call.changed_at = at

    def end_call(self, call: Call, at: int, reason: str) -> list[Agent]:
        """Closes whatever of the call is still open. Returns the agents this set free, who still show their last call."""
        freed: list[Agent] = []
        for offer in call.offers:
            if offer.ended_at is None:
                freed.append(offer.agent)
                self.end_offer(offer, at, "HANGUP" if offer.answered_at is not None else "CANCELLED")
        for visit in call.visits:
            if visit.closed_at is None:
                self.close_visit(visit, at, None if visit.answered_at is not None else reason)
        if call.caller is not None and call.caller.active is not None and call.caller.active.call is call:
            self._let_go(call.caller, call, at)
            freed.append(call.caller)
        call.ended_at = call.changed_at = at
        call.end_reason = reason
        self.live.pop(call.id, None)
        self.announce(at, call)
        return freed

    # -- queues --------------------------------------------------------------------------------------------------------

    def enter_queue(self, call: Call, queue: Queue, at: int) -> Visit:
        visit = Visit(call=call, queue=queue, entered_at=at, menu=call.last_menu)
        call.visits.append(visit)
        call.changed_at = at
        queue.line.append(visit)
        self.announce(at, call)
        self._look_around(visit)
        self.announce(at, visit)
        return visit

    def close_visit(self, visit: Visit, at: int, reason: str | None) -> None:
        """Ends a stay: a caller who leaves unanswered (with a reason), or an answered one whose agent is done."""
        if visit.closed_at is not None:
            return
        if visit in visit.queue.line:
            visit.queue.line.remove(visit)
        if visit.answered_at is not None:
            visit.queue.talking -= 1
            self.talking -= 1
        visit.closed_at = at
        visit.fail_reason = reason
        visit.call.changed_at = at
        self._look_around(visit)
        self.announce(at, visit)

    def _look_around(self, visit: Visit) -> None:
        queue = visit.queue
        visit.free_agents = len(queue.free)
        visit.queue_talking = queue.talking
        visit.total_talking = self.talking
        visit.risk = min(100, round(100 * len(queue.line) / (len(queue.line) + queue.logged_in + 1)))

    # -- offers --------------------------------------------------------------------------------------------------------

    def offer(self, call: Call, agent: Agent, at: int, visit: Visit | None = None) -> Offer:
        offer = Offer(call=call, agent=agent, began_at=at, visit=visit, menu=call.last_menu, devices=1 + agent.mobile)
        call.offers.append(offer)
        if visit is not None:
            visit.offers.append(offer)
        self.engage(agent, call, at, offer)
        self.announce(at, offer)
        self.announce(at, agent)
        return offer

    def engage(self, agent: Agent, call: Call, at: int, offer: Offer | None, answered_at: int | None = None) -> None:
        """Ties a call to an agent without telling anybody yet."""
        self.ledger.settle(agent, at)
        queue = offer.visit.queue if offer is not None and offer.visit is not None else None
        agent.active = ActiveCall(call=call, began_at=at, offer=offer, queue=queue, answered_at=answered_at)
        agent.last_call_at = at
        self.ledger.rung(agent, call)
        if answered_at is not None:
            self.ledger.answered(agent, call)
        self.refresh(agent, at)

    def answer(self, offer: Offer, at: int) -> list[Agent]:
        """The agent picks up. Returns the colleagues whose phones rang for the same caller and now fall silent."""
        call, agent, visit = offer.call, offer.agent, offer.visit
        self.ledger.settle(agent, at)
        offer.answered_at = call.changed_at = at
        if agent.active is not None:
            agent.active.answered_at = at
        agent.last_call_at = at
        self.ledger.answered(agent, call)
        if call.transfers:
            call.transfers[-1].answered = True
        self.announce(at, offer)
        silenced = []
        for other in call.offers:
            if other is not offer and other.ringing:
                self.end_offer(other, at, "ANSWERED_ELSEWHERE")
                silenced.append(other.agent)
        if visit is not None and visit.answered_at is None:
            visit.answered_at = at
            if visit in visit.queue.line:
                visit.queue.line.remove(visit)
            visit.queue.talking += 1
            self.talking += 1
            self._look_around(visit)
            self.announce(at, visit)
        self.announce(at, call)
        self.announce(at, agent)
        if call.caller is not None and call.caller.active is not None:
            self.ledger.settle(call.caller, at)
            call.caller.active.answered_at = at
            self.announce(at, call.caller)
        return silenced

    def end_offer(self, offer: Offer, at: int, reason: str) -> None:
        """The phone falls silent or is hung up. The agent's own document follows when it is known what they do next."""
        agent = offer.agent
        self.ledger.settle(agent, at)
        offer.ended_at = offer.call.changed_at = at
        offer.end_reason = reason
        talk = 0
        if offer.answered_at is not None:
            offer.hold_ms = min(offer.hold_ms, at - offer.answered_at)
            talk = at - offer.answered_at - offer.hold_ms
        self.ledger.finished(agent, offer.call, talk)
        if agent.active is not None and agent.active.offer is offer:
            agent.active = None
            agent.last_call_at = at
            agent.idle_since = at
        self.announce(at, offer)

    def _let_go(self, agent: Agent, call: Call, at: int) -> None:
        self.ledger.settle(agent, at)
        answered_at = agent.active.answered_at if agent.active is not None else None
        self.ledger.finished(agent, call, at - answered_at if answered_at is not None else 0)
        agent.active = None
        agent.last_call_at = agent.idle_since = at

    def transfer(self, call: Call, at: int, kind: str, by: Offer) -> Transfer:
        step = Transfer(kind=kind, at=at)
        call.transfers.append(step)
        call.changed_at = at
        by.to_transfer += 1
        if by.visit is not None:
            by.visit.transferred += 1
        return step

    # -- agents --------------------------------------------------------------------------------------------------------

    def take_profile(self, agent: Agent, profile: Profile, at: int, until: int | None = None) -> None:
        self.ledger.settle(agent, at)
        if agent.profile is not profile:
            agent.profile = profile
            agent.profile_since = agent.profile_entered[profile.id] = at
        agent.until = until
        self.ledger.enter(agent, at)
        self.refresh(agent, at)

    def log_in(self, agent: Agent, queues: Iterable[Queue], at: int) -> None:
        self.ledger.settle(agent, at)
        for queue in queues:
            if agent.logged_in.setdefault(queue.id, at) == at and agent.logged_out.pop(queue.id, None) is not None:
                queue.logged_in += 1
        self.ledger.enter(agent, at)
        self.refresh(agent, at)

    def log_out(self, agent: Agent, at: int) -> None:
        self.ledger.settle(agent, at)
        for queue in agent.queues:
            if agent.logged_in.pop(queue.id, None) is not None:
                agent.logged_out[queue.id] = at
                queue.logged_in -= 1
        self.ledger.enter(agent, at)
        self.refresh(agent, at)

    def refresh(self, agent: Agent, at: int) -> None:
        """Puts the agent among those each queue may ring, or takes them away."""
        ready = agent.profile.available and not agent.profile.wrapup and agent.active is None and agent.resting_until <= at
        for queue in agent.queues:
            if ready and queue.id in agent.logged_in:
                queue.free[agent.id] = agent
            else:
                queue.free.pop(agent.id, None)
