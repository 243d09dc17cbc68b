"""Callers in line: who is rung, for how long, and every way a wait can end.

A wait ends by an answer, by the caller's patience, by overflow into another queue, in voicemail, or by ordering a call back.
"""

from __future__ import annotations

from collections.abc import Callable

from stats.simulation.crew import Crew
from stats.simulation.records import Agent, Call, Offer, Queue, Strategy, Visit
from stats.simulation.stage import APART_MS, Stage

RING_ALL_MOST = 6
MOST_VISITS = 4
NO_ANSWER_SHARE = 0.06
RING_ALL_NO_ANSWER_SHARE = 0.3  # whoever knows that five other phones ring is slow to pick up
HASTY_SHARE = 0.03  # hang up within five seconds: wrong number, second thoughts
PATIENCE_MS = 190_000


class Queueing:
    def __init__(self, stage: Stage, crew: Crew, begin_talk: Callable[[Offer], None], call_back: Callable[[Call, Queue], None]) -> None:
        self._stage = stage
        self._crew = crew
        self._begin_talk = begin_talk
        self._call_back = call_back
        crew.on_ready = self.ready

    # -- coming in -----------------------------------------------------------------------------------------------------

    def enter(self, call: Call, queue: Queue) -> None:
        stage = self._stage
        visit = stage.exchange.enter_queue(call, queue, stage.now)
        hasty = stage.happens(HASTY_SHARE)
        stage.agenda.after(stage.between(0.7, 5) if hasty else stage.about(PATIENCE_MS, 0.9), self._give_up, visit)
        if not queue.logged_in:
            stage.agenda.after(stage.between(4, 9), self._move_on, visit)
        elif queue.overflow_to is not None and len(call.visits) < MOST_VISITS:
            stage.agenda.after(max(APART_MS, round(queue.overflow_after_ms / stage.pace)), self._move_on, visit)
        else:
            stage.agenda.after(round(queue.longest_ms / stage.pace), self._move_on, visit)
        if queue.calls_back and stage.happens(0.35):
            stage.agenda.after(stage.between(30, 60), self._order_callback, visit)
        self.dispatch(queue)

    def ready(self, agent: Agent) -> None:
        for queue in agent.queues:
            if queue.line:
                self.dispatch(queue)

    def dispatch(self, queue: Queue) -> None:
        """Rings free agents for the callers in line, oldest first, until either runs out."""
        for visit in list(queue.line):
            if not queue.free:
                return
            if visit.overflow_due or any(offer.ringing for offer in visit.offers):
                continue
            for agent in self._chosen(visit, queue):
                self._ring(visit, agent)

    def _chosen(self, visit: Visit, queue: Queue) -> list[Agent]:
        now = self._stage.now
        recent = {offer.agent.id for offer in visit.call.offers if now - offer.began_at < APART_MS}
        free = [agent for key, agent in sorted(queue.free.items()) if key not in recent]
        if not free:
            return []
        if queue.strategy is Strategy.RING_ALL:
            return sorted(free, key=lambda agent: (agent.idle_since, agent.id))[:RING_ALL_MOST]
        if queue.strategy is Strategy.LINEAR:
            return [min(free, key=lambda agent: agent.order)]
        return [min(free, key=lambda agent: (agent.idle_since, agent.id))]

    # -- ringing -------------------------------------------------------------------------------------------------------

    def _ring(self, visit: Visit, agent: Agent) -> None:
        stage = self._stage
        offer = stage.exchange.offer(visit.call, agent, stage.now, visit)
        slack = RING_ALL_NO_ANSWER_SHARE if visit.queue.strategy is Strategy.RING_ALL else NO_ANSWER_SHARE
        self.decide(offer, slack, self._pick_up, self._ring_out)

    def decide(self, offer: Offer, slack: float, pick_up: Callable[[Offer], None], ring_out: Callable[[Offer, str], None]) -> None:
        """Whether and when the rung agent answers."""
        stage = self._stage
        if stage.happens(slack):
            stage.agenda.after(stage.between(14, 20), ring_out, offer, "NO_ANSWER")
        elif stage.happens(0.01):
            stage.agenda.after(stage.between(1.5, 5), ring_out, offer, "REJECTED")
        else:
            stage.agenda.after(min(stage.about(5_500, 0.5), round(13_500 / stage.pace)), pick_up, offer)

    def _pick_up(self, offer: Offer) -> None:
        if not offer.ringing:
            return
        for agent in self._stage.exchange.answer(offer, self._stage.now):
            self._crew.release(agent, talked=False)
        self._begin_talk(offer)

    def _ring_out(self, offer: Offer, reason: str) -> None:
        if not offer.ringing:
            return
        stage = self._stage
        stage.exchange.end_offer(offer, stage.now, reason)
        self._crew.release(offer.agent, talked=False, rest_ms=max(APART_MS, stage.between(4, 10)))
        visit = offer.visit
        if visit is None or not visit.waiting or any(other.ringing for other in visit.offers):
            return
        if visit.overflow_due:
            self._move_on(visit)
        else:
            self.dispatch(visit.queue)

    # -- going away ----------------------------------------------------------------------------------------------------

    def _give_up(self, visit: Visit) -> None:
        if visit.waiting:
            for agent in self._stage.exchange.end_call(visit.call, self._stage.now, "CALLER_HANGUP"):
                self._crew.release(agent, talked=False)

    def _move_on(self, visit: Visit) -> None:
        """The queue's time is up: another queue if there is one, else voicemail. A ringing phone is let ring out first."""
        if not visit.waiting:
            return
        if any(offer.ringing for offer in visit.offers):
            visit.overflow_due = True
            return
        stage, call, queue = self._stage, visit.call, visit.queue
        target = queue.overflow_to
        if target is not None and len(call.visits) < MOST_VISITS and self.apart(call, target):
            stage.exchange.close_visit(visit, stage.now, "TIMEOUT" if queue.logged_in else "NO_AGENTS")
            self.enter(call, target)
            return
        visit.voicemail = call.voicemail = True
        stage.exchange.close_visit(visit, stage.now, "VOICEMAIL")
        stage.agenda.after(stage.between(6, 40), self.hang_up, call, "VOICEMAIL")

    def apart(self, call: Call, queue: Queue) -> bool:
        return all(visit.queue is not queue or self._stage.now - visit.entered_at >= APART_MS for visit in call.visits)

    def _order_callback(self, visit: Visit) -> None:
        call = visit.call
        if not visit.waiting or call.number is None or any(offer.ringing for offer in visit.offers):
            return
        stage = self._stage
        visit.callback = call.callback = True
        stage.exchange.close_visit(visit, stage.now, "CALLBACK")
        stage.agenda.after(stage.between(1, 4), self.hang_up, call, "CALLBACK_ORDERED")
        stage.agenda.after(stage.between(90, 600), self._call_back, call, visit.queue)

    def hang_up(self, call: Call, reason: str) -> None:
        if call.ended_at is not None:
            return
        talked = {offer.agent.id for offer in call.offers if offer.answered_at is not None and offer.ended_at is None}
        for agent in self._stage.exchange.end_call(call, self._stage.now, reason):
            self._crew.release(agent, talked=agent.id in talked)
