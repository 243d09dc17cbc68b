"""Scripted calls, second by second, told through the same exchange as the floor's own.

`worked_example` is the call with which the vendor explains its perspectives (Telavox Studio API 1.2): one call, two queues,
three agents of whom two do not answer.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

from stats.simulation.exchange import Exchange, Listener
from stats.simulation.plan import AVAILABLE, PROFILES, FloorPlan, make_agents, make_menus, make_queues
from stats.simulation.records import Agent, Call, Digit, Direction, Menu, Queue
from stats.simulation.slots import Ledger

Script = Callable[["Cast", str, int], list[tuple[int, Callable[[], None]]]]


@dataclass(slots=True, eq=False, kw_only=True)
class Cast:
    """Whoever a script needs: three agents, two queues, a menu, and the exchange that tells what they do."""

    exchange: Exchange
    menu: Menu
    queues: tuple[Queue, ...]
    agents: tuple[Agent, ...]


def cast(listener: Listener, now: int) -> Cast:
    """People of their own, apart from any floor's, with ids that no floor gives."""
    plan = FloorPlan(seed=20_260_518, agents=3, queues=2, calls_per_hour=0)
    chance = random.Random(plan.seed)
    queues = make_queues(plan, chance)
    for order, queue in enumerate(queues):
        queue.id, queue.account_id, queue.name = 210_001 + order, 3_710_001 + order, f"Exempel kö {order + 1}"
    agents = make_agents(plan, queues, chance, now - 3_600_000)
    for order, agent in enumerate(agents):
        agent.id, agent.account_id, agent.name, agent.queues = 930_001 + order, 3_480_001 + order, f"Agent {order + 1}", queues
    exchange = Exchange(listener, Ledger(agents, PROFILES, now - 3_600_000))
    for agent in agents:
        exchange.log_in(agent, queues, now - 3_600_000)
        exchange.take_profile(agent, AVAILABLE, now - 3_600_000)
    return Cast(exchange=exchange, menu=make_menus()[0], queues=queues, agents=agents)


def worked_example(cast: Cast, call_id: str, start: int) -> list[tuple[int, Callable[[], None]]]:
    """The steps as (instant in epoch ms, deed), in order; the whole lasts 170 s."""
    exchange, (first, second), (one, two, three) = cast.exchange, cast.queues, cast.agents
    call = Call(id=call_id, direction=Direction.INCOMING, started_at=start, number="0046701740612")

    def begin() -> None:
        exchange.start_call(call)
        exchange.reach_menu(call, cast.menu, start)

    def choose() -> None:
        call.digit = Digit(pressed="1", destination=first.name, kind="queue")
        exchange.enter_queue(call, first, start + 8_000)

    def ring(agent: Agent, at: int) -> None:
        exchange.offer(call, agent, at, call.visits[-1])

    def ring_out(at: int) -> None:
        offer = call.offers[-1]
        exchange.end_offer(offer, at, "NO_ANSWER")
        exchange.refresh(offer.agent, at)
        exchange.announce(at, offer.agent)

    def overflow() -> None:
        exchange.close_visit(call.visits[0], start + 40_000, "TIMEOUT")
        exchange.enter_queue(call, second, start + 40_000)

    def finish() -> None:
        for agent in exchange.end_call(call, start + 170_000, "CALLER_HANGUP"):
            exchange.refresh(agent, start + 170_000)
            exchange.announce(start + 170_000, agent)

    return [
        (start, begin),
        (start + 8_000, choose),
        (start + 10_000, lambda: ring(one, start + 10_000)),
        (start + 25_000, lambda: ring_out(start + 25_000)),
        (start + 25_000, lambda: ring(two, start + 25_000)),
        (start + 40_000, lambda: ring_out(start + 40_000)),
        (start + 40_000, overflow),
        (start + 42_000, lambda: ring(three, start + 42_000)),
        (start + 50_000, lambda: _answer(exchange, call, start + 50_000)),
        (start + 170_000, finish),
    ]


def _answer(exchange: Exchange, call: Call, at: int) -> None:
    exchange.answer(call.offers[-1], at)


WORKED_EXAMPLE_MS = 170_000
SCENARIOS: dict[str, tuple[int, Script]] = {"doc-example": (WORKED_EXAMPLE_MS, worked_example)}
