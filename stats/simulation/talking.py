"""Conversations: how long they last, holds, passing the caller on to a queue or a colleague, and hanging up."""

from __future__ import annotations

from stats.simulation.crew import Crew
from stats.simulation.queueing import MOST_VISITS, Queueing
from stats.simulation.records import Call, Direction, Offer, Queue
from stats.simulation.stage import Stage

PLAIN_TALK_MS = 55_000
HOLD_SHARE = 0.14
RECORDED_SHARE = 0.35


class Talking:
    def __init__(self, stage: Stage, crew: Crew) -> None:
        self._stage = stage
        self._crew = crew
        self.queueing: Queueing  # tied by the floor: each needs the other

    def begin(self, offer: Offer) -> None:
        stage, queue = self._stage, offer.visit.queue if offer.visit is not None else None
        offer.call.recorded = offer.call.recorded or stage.happens(RECORDED_SHARE)
        talk = stage.about(queue.talk_ms if queue is not None else PLAIN_TALK_MS, 0.7)
        if stage.happens(HOLD_SHARE):
            offer.hold_ms = stage.about(22_000, 0.6)
        stage.agenda.after(talk + offer.hold_ms, self._finish, offer)

    def _finish(self, offer: Offer) -> None:
        if offer.ended_at is not None:
            return
        stage, call = self._stage, offer.call
        share = offer.visit.queue.transfer_share if offer.visit is not None else 0.03
        passable = call.direction is Direction.INCOMING and len(call.transfers) < 2 and len(call.visits) < MOST_VISITS
        if passable and stage.happens(share):
            queue = self._next_queue(call)
            if queue is not None and stage.happens(0.7):
                self._pass_to_queue(offer, queue)
                return
            if self._consult(offer):
                return
        self.queueing.hang_up(call, "CALLER_HANGUP" if stage.happens(0.6) else "AGENT_HANGUP")

    def _next_queue(self, call: Call) -> Queue | None:
        """Any queue with somebody in it, now and then the very same again."""
        stage = self._stage
        open_queues = [queue for queue in stage.queues if queue.weight > 0 and queue.logged_in and self.queueing.apart(call, queue)]
        return stage.chance.choices(open_queues, [queue.weight for queue in open_queues])[0] if open_queues else None

    def _pass_to_queue(self, offer: Offer, queue: Queue) -> None:
        stage = self._stage
        stage.exchange.transfer(offer.call, stage.now, "blind", offer)
        self._leave(offer)
        self.queueing.enter(offer.call, queue)

    def _leave(self, offer: Offer) -> None:
        """The first agent goes; the caller stays on the line."""
        stage = self._stage
        stage.exchange.end_offer(offer, stage.now, "TRANSFERRED")
        if offer.visit is not None:
            stage.exchange.close_visit(offer.visit, stage.now, None)
        self._crew.release(offer.agent, talked=True)

    def _consult(self, offer: Offer) -> bool:
        """Rings a colleague while the caller stays with the agent. False when nobody is free."""
        stage = self._stage
        colleagues = stage.colleagues(offer.call)
        if not colleagues:
            return False
        stage.exchange.transfer(offer.call, stage.now, "attended", offer)
        second = stage.exchange.offer(offer.call, stage.chance.choice(colleagues), stage.now)
        second.from_transfer = 1

        def pick_up(rung: Offer) -> None:
            if rung.ringing and offer.ended_at is None:
                stage.exchange.answer(rung, stage.now)
                self._leave(offer)
                self.begin(rung)

        def ring_out(rung: Offer, reason: str) -> None:
            if rung.ringing:
                stage.exchange.end_offer(rung, stage.now, reason)
                self._crew.release(rung.agent, talked=False, rest_ms=stage.between(4, 10))
                stage.agenda.after(stage.between(4, 15), self.queueing.hang_up, offer.call, "AGENT_HANGUP")

        self.queueing.decide(second, 0.12, pick_up, ring_out)
        return True
