"""What all the players share: the clock, the exchange, the people and the queues, and the one source of chance."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass

from stats.simulation.agenda import Agenda
from stats.simulation.exchange import Exchange
from stats.simulation.plan import Daylight, FloorPlan
from stats.simulation.records import Agent, Call, Menu, Queue

# Two tellings of one call with the same queue or agent less than a second apart are one to every reader of rounded instants,
# so however fast the floor is played, the same phone or queue is never tried again sooner than this.
APART_MS = 1_500


@dataclass(slots=True, eq=False, kw_only=True)
class Stage:
    """`pace` 1 is life; at 50 everything that takes time takes a fiftieth, and fifty times as many calls come."""

    plan: FloorPlan
    agenda: Agenda
    exchange: Exchange
    chance: random.Random
    daylight: Daylight
    menus: tuple[Menu, ...]
    queues: tuple[Queue, ...]
    agents: tuple[Agent, ...]
    pace: float = 1.0

    @property
    def now(self) -> int:
        return self.agenda.now

    def happens(self, share: float) -> bool:
        return self.chance.random() < share

    def between(self, low_s: float, high_s: float) -> int:
        """A length between the two, ms, in the floor's pace."""
        return max(1, round(self.chance.uniform(low_s, high_s) * 1000 / self.pace))

    def about(self, mean_ms: float, spread: float = 0.5) -> int:
        """A skewed length around the mean (log-normal, as waits and conversations are), ms, in the floor's pace."""
        drawn = self.chance.lognormvariate(math.log(mean_ms) - spread * spread / 2, spread)
        return max(1, round(drawn / self.pace))

    def colleagues(self, call: Call | None = None) -> list[Agent]:
        """Everybody who could be rung now, in a settled order; not those this call has only just tried."""
        found = {agent.id: agent for queue in self.queues for agent in queue.free.values()}
        if call is not None:
            for offer in call.offers:
                if self.now - offer.began_at < APART_MS:
                    found.pop(offer.agent.id, None)
        return [found[key] for key in sorted(found)]
