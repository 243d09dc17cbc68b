"""The size and temper of a floor: how many queues, agents and calls, who sits in which queue, and how the day rises and falls."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from stats.simulation import names
from stats.simulation.records import Agent, Menu, Profile, Queue, Strategy

AVAILABLE = Profile(id=4_101, name="Tillgänglig", available=True)
LUNCH = Profile(id=4_102, name="Lunch", available=False)
BREAK = Profile(id=4_103, name="Rast", available=False)
# A meeting is an *available* profile in the vendor's own sample: whoever goes to one leaves the queues instead.
MEETING = Profile(id=4_104, name="Möte", available=True)
WRAPUP = Profile(id=4_105, name="Efterarbete", available=False, wrapup=True)
GONE = Profile(id=4_106, name="Slutat för dagen", available=False)
PROFILES = (AVAILABLE, LUNCH, BREAK, MEETING, WRAPUP, GONE)

# Calls per hour of the local day, relative to the mean. The floor is open around the clock and shallow at night, so that a
# board shown at three in the morning still moves.
# fmt: off
DAY_CURVE = (
    0.88, 0.87, 0.86, 0.86, 0.87, 0.89, 0.93, 1.02, 1.16, 1.26, 1.28, 1.20,
    1.08, 1.22, 1.25, 1.22, 1.14, 1.06, 1.00, 0.96, 0.94, 0.91, 0.90, 0.89,
)
# fmt: on
WEEK_CURVE = (1.06, 1.03, 1.00, 1.00, 1.01, 0.98, 0.97)

DEFAULT_AGENTS = 48
DEFAULT_QUEUES = 6
CALLS_PER_AGENT = 12.5  # keeps the floor busy but not drowned


@dataclass(frozen=True, slots=True, kw_only=True)
class FloorPlan:
    """What a floor is asked to be. `calls_per_hour` counts every call of a mean hour, incoming, outgoing and internal.

    `day`: with the same seed the same people and queues, and for every day another day; None: the day that the seed alone makes.
    """

    seed: int = 1
    agents: int = DEFAULT_AGENTS
    queues: int = DEFAULT_QUEUES
    calls_per_hour: float = DEFAULT_AGENTS * CALLS_PER_AGENT
    timezone: str = "Europe/Stockholm"
    day: int | None = None

    @classmethod
    def of(cls, *, seed: int = 1, agents: int | None = None, queues: int | None = None, calls_per_hour: float | None = None) -> FloorPlan:
        """Fills what was not asked for so that staff and load fit each other."""
        if agents is None:
            agents = DEFAULT_AGENTS if calls_per_hour is None else max(6, round(calls_per_hour / CALLS_PER_AGENT))
        if calls_per_hour is None:
            calls_per_hour = agents * CALLS_PER_AGENT
        if queues is None:
            queues = DEFAULT_QUEUES
        return cls(seed=seed, agents=max(1, agents), queues=max(1, queues), calls_per_hour=max(0.0, calls_per_hour))

    def zone(self) -> ZoneInfo:
        try:
            return ZoneInfo(self.timezone)
        except ZoneInfoNotFoundError:  # a machine without a time zone database: the curve may lie an hour off
            return ZoneInfo("UTC")


class Daylight:
    """How busy the local hour is, relative to the mean; asked for every arrival, so remembered per quarter of an hour."""

    def __init__(self, zone: ZoneInfo) -> None:
        self._zone = zone
        self._known: dict[int, float] = {}

    def at(self, now: int) -> float:
        quarter = now // 900_000
        level = self._known.get(quarter)
        if level is None:
            local = datetime.fromtimestamp(quarter * 900, UTC).astimezone(self._zone)
            along = local.minute / 60
            level = DAY_CURVE[local.hour] * (1 - along) + DAY_CURVE[(local.hour + 1) % 24] * along
            level *= WEEK_CURVE[local.weekday()]
            if len(self._known) > 400:
                self._known.clear()
            self._known[quarter] = level
        return level


def make_menus() -> tuple[Menu, ...]:
    return (
        Menu(id=7_201, account_id=3_507_201, name="Huvudmeny", phone=names.service_number(90)),
        Menu(id=7_202, account_id=3_507_202, name="Kundmeny", phone=names.service_number(91)),
    )


def make_queues(plan: FloorPlan, chance: random.Random) -> tuple[Queue, ...]:
    """The first of several queues is the reception, which passes most callers on."""
    strategies = (Strategy.LONGEST_IDLE, Strategy.RING_ALL, Strategy.LONGEST_IDLE, Strategy.LINEAR)
    queues = []
    for order in range(plan.queues):
        name = names.QUEUE_NAMES[order] if order < len(names.QUEUE_NAMES) else f"Grupp {order + 1}"
        reception = order == 0 and plan.queues > 1
        queues.append(
            Queue(
                id=110_301 + order * 37,
                account_id=3_610_301 + order * 53,
                name=name,
                phone=names.service_number(order),
                strategy=strategies[order % len(strategies)],
                talk_ms=18_000 if reception else chance.randrange(45_000, 90_000),
                weight=0.0 if reception else 1.0 / (1 + 0.35 * order),
                transfer_share=0.7 if reception else 0.07,
                overflow_after_ms=chance.randrange(50, 100) * 1000,
                calls_back=order % 3 == 1,
            )
        )
    for order, queue in enumerate(queues):
        if order and order % 2 and len(queues) > 2:  # every other queue overflows into its neighbour, the rest into voicemail
            queue.overflow_to = queues[order + 1] if order + 1 < len(queues) else queues[1]
            if queue.overflow_to is queue:
                queue.overflow_to = queues[0]
    if plan.queues == 1:
        queues[0].weight = 1.0
    return tuple(queues)


def make_agents(plan: FloorPlan, queues: tuple[Queue, ...], chance: random.Random, now: int) -> tuple[Agent, ...]:
    """Each agent sits in one to three queues; the first agents also keep the reception."""
    open_queues = [queue for queue in queues if queue.weight > 0]
    weights = [queue.weight for queue in open_queues]
    agents = []
    for order in range(plan.agents):
        home = open_queues[order] if order < len(open_queues) else chance.choices(open_queues, weights)[0]
        sits = {home.id: home}
        for _ in range(chance.choice((0, 1, 1, 2))):
            other = chance.choice(open_queues)
            sits.setdefault(other.id, other)
        if len(queues) > 1 and (order % 7 == 0):
            sits.setdefault(queues[0].id, queues[0])
        name = names.person(order)
        agents.append(
            Agent(
                id=924_101 + order * 11,
                account_id=3_467_101 + order * 17,
                name=name,
                phone=names.extension(order),
                email=names.mailbox(name),
                admin=order % 12 == 0,
                licence=names.LICENCES[order % len(names.LICENCES)],
                order=order,
                queues=tuple(sits.values()),
                profile=GONE,
                profile_since=now,
                profile_entered={profile.id: now - (place + 1) * 3_600_000 for place, profile in enumerate(PROFILES)},
                logged_out={queue.id: now for queue in sits.values()},
                mobile=order % 4 == 0,
            )
        )
    return tuple(agents)
