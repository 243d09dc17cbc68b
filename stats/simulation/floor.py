"""The whole floor at play: calls come, go through the menu, are queued, answered and ended, hour after hour.

Everything that happens is a function of the plan, its seed and the first instant; only `pace` may be changed on the way.
"""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable

from stats.simulation import names
from stats.simulation.agenda import Agenda
from stats.simulation.crew import Crew
from stats.simulation.exchange import Exchange, Listener
from stats.simulation.plan import PROFILES, Daylight, FloorPlan, make_agents, make_menus, make_queues
from stats.simulation.queueing import Queueing
from stats.simulation.records import Agent, Call, Digit, Direction, Offer, Queue, Slot
from stats.simulation.slots import Ledger
from stats.simulation.stage import Stage
from stats.simulation.talking import Talking

HOUR_MS = 3_600_000
OUTGOING_SHARE = 0.13
INTERNAL_SHARE = 0.06


class Floor:
    """`listener(at, subject)` hears of every changed call, visit, offer and agent, and of the slots of a finished hour."""

    def __init__(self, plan: FloorPlan, *, at_ms: int, listener: Listener) -> None:
        chance = random.Random(plan.seed)
        queues = make_queues(plan, chance)
        agents = make_agents(plan, queues, chance, at_ms)
        if plan.day is not None:
            chance.seed(f"{plan.seed} day {plan.day}")
        exchange = Exchange(listener, Ledger(agents, PROFILES, at_ms))
        self.stage = Stage(
            plan=plan,
            agenda=Agenda(at_ms),
            exchange=exchange,
            chance=chance,
            daylight=Daylight(plan.zone()),
            menus=make_menus(),
            queues=queues,
            agents=agents,
        )
        self._listener, self._doors_open = listener, True
        self._crew = Crew(self.stage)
        self._talking = Talking(self.stage, self._crew)
        self._queueing = self._talking.queueing = Queueing(self.stage, self._crew, self._talking.begin, self._call_back)
        self._routes: tuple[tuple[float, Callable[[Call], None]], ...] = (
            (0.76, self._greet),
            (0.82, self._straight_to_queue),
            (0.91, self._reception),
            (0.985, self._straight_to_agent),
            (1.0, self._nobody_there),
        )
        self._crew.open()
        if plan.calls_per_hour > 0:
            self.stage.agenda.after(1, self._arrive)
        self.stage.agenda.at((at_ms // HOUR_MS + 1) * HOUR_MS, self._strike_hour)

    @property
    def now(self) -> int:
        return self.stage.now

    @property
    def agents(self) -> tuple[Agent, ...]:
        return self.stage.agents

    @property
    def queues(self) -> tuple[Queue, ...]:
        return self.stage.queues

    @property
    def calls(self) -> tuple[Call, ...]:
        """Those in progress."""
        return tuple(self.stage.exchange.live.values())

    def set_pace(self, pace: float) -> None:
        self.stage.pace = pace

    def advance(self, until_ms: int) -> None:
        self.stage.agenda.advance(until_ms)

    def next_at(self) -> int | None:
        return self.stage.agenda.next_at()

    # -- every hour ----------------------------------------------------------------------------------------------------

    def close_hour(self) -> None:
        """Tells the slots of the time since the last closing; called on every full hour, or earlier by whoever cannot wait."""
        stage = self.stage
        slots: list[Slot] = stage.exchange.ledger.close_hour(stage.agents, stage.now)
        self._listener(stage.now, tuple(slots))

    def _strike_hour(self) -> None:
        self.close_hour()
        self.stage.agenda.after(HOUR_MS, self._strike_hour)

    # -- calls come ----------------------------------------------------------------------------------------------------

    def close_doors(self) -> None:
        """Nobody calls any more; who is there is served."""
        self._doors_open = False

    def _arrive(self) -> None:
        stage = self.stage
        if not self._doors_open:
            return
        rate = stage.plan.calls_per_hour / HOUR_MS * stage.daylight.at(stage.now) * stage.pace
        stage.agenda.after(max(1, round(stage.chance.expovariate(rate))), self._arrive)
        roll = stage.chance.random()
        if roll < INTERNAL_SHARE:
            self._internal()
        elif roll < INTERNAL_SHARE + OUTGOING_SHARE:
            self._outgoing(names.caller(stage.chance) or "0701740605", None)
        else:
            call = stage.exchange.start_call(self._call(Direction.INCOMING, names.caller(stage.chance)))
            roll = stage.chance.random()
            next(route for share, route in self._routes if roll < share)(call)

    def _call(self, direction: Direction, number: str | None) -> Call:
        key = str(uuid.UUID(int=self.stage.chance.getrandbits(128), version=4))
        return Call(id=key, direction=direction, started_at=self.stage.now, number=number, internal=direction is Direction.INTERNAL)

    def _greet(self, call: Call) -> None:
        stage = self.stage
        stage.exchange.reach_menu(call, stage.menus[0], stage.now)
        if stage.happens(0.04):
            stage.agenda.after(stage.between(2, 12), self._queueing.hang_up, call, "CALLER_HANGUP")
        else:
            stage.agenda.after(stage.between(3, 11), self._press, call)

    def _press(self, call: Call) -> None:
        stage = self.stage
        queue = self._wanted_queue()
        call.digit = Digit(pressed=str((stage.queues.index(queue) or 9) % 10), destination=queue.name, kind="queue")
        if stage.happens(0.12):
            stage.exchange.reach_menu(call, stage.menus[1], stage.now)
            call.key_input = ("kundnummer", f"{stage.chance.randrange(10_000, 99_999)}")
            stage.agenda.after(stage.between(3, 8), self._queueing.enter, call, queue)
        else:
            self._queueing.enter(call, queue)

    def _wanted_queue(self) -> Queue:
        queues = self.stage.queues
        return self.stage.chance.choices(queues, [queue.weight for queue in queues])[0]

    def _straight_to_queue(self, call: Call) -> None:
        self._queueing.enter(call, self._wanted_queue())

    def _reception(self, call: Call) -> None:
        self._queueing.enter(call, self.stage.queues[0])

    def _nobody_there(self, call: Call) -> None:
        call.inactive_number = True
        self.stage.agenda.after(self.stage.between(2, 6), self._queueing.hang_up, call, "INACTIVE_NUMBER")

    def _straight_to_agent(self, call: Call) -> None:
        """A caller who has the agent's own number: rung when free, else redirected to voicemail or the reception."""
        stage = self.stage
        agent = stage.chance.choice(stage.agents)
        if agent.active is None and agent.on_duty and agent.profile.available and agent.resting_until <= stage.now:
            offer = stage.exchange.offer(call, agent, stage.now)
            self._queueing.decide(offer, 0.3, self._pick_up, self._ring_out)
            return
        reason = "user_busy" if agent.active is not None else "no_answer" if agent.on_duty else "unconditional"
        call.redirects = {reason: 1, "total": 1}
        if stage.happens(0.5):
            self._queueing.enter(call, stage.queues[0])
        else:
            call.voicemail = stage.happens(0.6)
            stage.agenda.after(stage.between(3, 30), self._queueing.hang_up, call, "VOICEMAIL" if call.voicemail else "CALLER_HANGUP")

    def _pick_up(self, offer: Offer) -> None:
        if offer.ringing:
            self.stage.exchange.answer(offer, self.stage.now)
            self._talking.begin(offer)

    def _ring_out(self, offer: Offer, reason: str) -> None:
        stage = self.stage
        if not offer.ringing:
            return
        offer.voicemail = offer.call.voicemail = offer.call.direction is Direction.INCOMING and stage.happens(0.5)
        stage.exchange.end_offer(offer, stage.now, reason)
        self._crew.release(offer.agent, talked=False, rest_ms=stage.between(3, 8))
        wait = stage.between(5, 30) if offer.voicemail else 1
        stage.agenda.after(wait, self._queueing.hang_up, offer.call, "VOICEMAIL" if offer.voicemail else reason)

    # -- calls go ------------------------------------------------------------------------------------------------------

    def _outgoing(self, number: str, queue: Queue | None) -> None:
        stage = self.stage
        free = stage.colleagues() if queue is None else [queue.free[key] for key in sorted(queue.free)]
        if not free:
            return
        agent = stage.chance.choice(free)
        call = stage.exchange.start_call(self._call(Direction.OUTGOING, number))
        self._queueing.decide(stage.exchange.offer(call, agent, stage.now), 0.25, self._pick_up, self._ring_out)

    def _call_back(self, ordered: Call, queue: Queue) -> None:
        if ordered.number is not None:
            self._outgoing(ordered.number, queue)

    def _internal(self) -> None:
        stage = self.stage
        free = stage.colleagues()
        if len(free) < 3:  # nobody chats with a colleague while the floor is short of people
            return
        caller, callee = stage.chance.sample(free, 2)
        call = self._call(Direction.INTERNAL, caller.phone)
        call.caller = caller
        stage.exchange.start_call(call)
        stage.exchange.engage(caller, call, stage.now, None)
        stage.exchange.announce(stage.now, caller)
        self._queueing.decide(stage.exchange.offer(call, callee, stage.now), 0.15, self._pick_up, self._ring_out)
