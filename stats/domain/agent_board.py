"""What is shown of one agent: who it is, the state, and today; and the same of everybody, second after second, at little cost.

Rules that hold here:
- `agent_values` is what an agent's values mean. `Agents` tells the same, to the last digit.
- An agent is computed anew when anything it is made of was replaced: party, presence, sums, what its source says of itself, the day,
  the names of queues.
- Otherwise only time has passed, and of an agent's values only the time in its state, the time logged in and the occupancy grow by it.
"""

from dataclasses import dataclass

from stats.domain.agent_states import KnownPresence, credited_metrics, credits, state_of
from stats.domain.facts import Facts, PartyFacts
from stats.domain.freshness import doubted_since
from stats.domain.metrics import Amounts
from stats.domain.periods import business_day, day_bounds
from stats.domain.sums import BUSY_METRICS, READY_METRIC, agent_numbers, occupancy, seconds
from stats.domain.survey import Named, named_in

Shown = dict[str, object]


def agent_values(facts: Facts, agent: PartyFacts, as_of: int) -> Shown:
    """Everything shown of one agent: identity, state, and today."""
    return _made(facts, agent, as_of)[0]


def _made(facts: Facts, agent: PartyFacts, as_of: int) -> tuple[Shown, Amounts]:
    """The values, and the sums of today they show."""
    presence = facts.presence.get(agent.key)
    source = facts.sources.get(agent.source)
    unverified_since = doubted_since(presence, source) if presence is not None else None
    values: Shown = {
        "id": agent.party.id,
        "account_id": agent.party.account_id,
        "name": agent.party.name,
        "source": agent.source,
        "state": str(presence.state if presence is not None else state_of(None)),
        "state_since": presence.since if presence is not None else None,
        "verified": presence is not None and unverified_since is None,
        "unverified_since": unverified_since,
        "profile": presence.document.profile_name if presence is not None else None,
        "until": presence.document.until if presence is not None else None,
        "queues_in": _queues_in(facts, presence),
    }
    day = business_day(as_of, facts.timezone)
    sums = dict(facts.days.get(day, {}).get(f"a:{agent.key}", {}))
    if presence is not None:
        for credit in credits(presence, presence.credited_to, _workers_now(facts, agent.source, as_of), facts.timezone):
            if credit.day == day:
                sums[credit.metric] = sums.get(credit.metric, 0) + credit.ms
    numbers: Shown = dict(agent_numbers(sums))
    if presence is None:
        numbers.update({name: None for name in numbers if name.startswith("time_") or name == "occupancy"})
    if source is None or not source.known:
        numbers.update({name: None for name in numbers if not name.startswith("time_") and name != "occupancy"})
    values.update(numbers)
    return values, sums


def _workers_now(facts: Facts, source: str, as_of: int) -> int:
    told_by = facts.sources.get(source)
    return as_of + (told_by.clock_ahead_ms if told_by is not None else 0)


def _queues_in(facts: Facts, presence: KnownPresence | None) -> list[object]:
    """The queues an agent is logged in to: statistics ids, keys where no id is known."""
    if presence is None:
        return []
    keys = [facts.queue_key(presence.document.source, login.queue) for login in presence.document.logged_in]
    return [int(k) if k.isdigit() else k for k in keys if k is not None]


@dataclass(frozen=True, slots=True)
class _Growing:
    """Time that passes: today's sums as of `at` (epoch ms), of which `names` grow by a millisecond every millisecond."""

    at: int
    names: tuple[tuple[str, int], ...]
    busy: int
    ready: int
    is_busy: bool
    is_ready: bool

    def after(self, shown: Shown, as_of: int) -> Shown:
        """The agent's values with the time since."""
        passed = as_of - self.at
        grown = shown.copy()
        for name, ms in self.names:
            grown[name] = seconds(ms + passed)
        if self.is_busy:
            grown["occupancy"] = occupancy(self.busy + passed, self.ready)
        elif self.is_ready:
            grown["occupancy"] = occupancy(self.busy, self.ready + passed)
        return grown


@dataclass(slots=True)
class _Held:
    made_of: tuple[object, ...]
    shown: Shown
    as_of: int
    growing: _Growing | None  # None of whom no time is counted


@dataclass(frozen=True, slots=True)
class _Source:
    """What of a source its agents are made of; `goes_on` says that by its worker's clock it is today too, so that time just adds."""

    told: tuple[object, ...]
    workers_now: int
    goes_on: bool


NEVER: tuple[object, ...] = ("never",)  # made of what will not be met again


class Agents:
    """Every agent's values from one computation to the next."""

    def __init__(self) -> None:
        self._held: dict[str, _Held] = {}
        self._made_under: tuple[str, str, Named] = ("", "", ())

    def values(self, facts: Facts, as_of: int) -> dict[str, Shown]:
        """By scope, as `agent_values` of each. Nobody may change what is returned."""
        day = business_day(as_of, facts.timezone)
        made_under = (day, facts.timezone, named_in(facts))
        before = self._held if made_under == self._made_under else {}
        self._held, self._made_under = {}, made_under
        sources = {agent_source: _source(facts, agent_source, as_of, day) for agent_source in {a.source for a in facts.agents.values()}}
        sums, shown = facts.days.get(day, {}), {}
        for agent in facts.agents.values():
            key, source = agent.key, sources[agent.source]
            # Tuples are compared by identity first, so that what was not replaced costs next to nothing.
            made_of = (agent.party, agent.source, facts.presence.get(key), sums.get(f"a:{key}"), source.told)
            held = before.get(key)
            if held is None or held.made_of != made_of:
                held = _begin(facts, agent, as_of, made_of, source)
            elif held.growing is not None and held.as_of != as_of:
                if source.goes_on and as_of >= held.growing.at:
                    held.shown, held.as_of = held.growing.after(held.shown, as_of), as_of
                else:
                    held = _begin(facts, agent, as_of, made_of, source)
            self._held[key] = held
            shown[f"agent:{key}"] = held.shown
        return shown


def _source(facts: Facts, name: str, as_of: int, day: str) -> _Source:
    source = facts.sources.get(name)
    now = _workers_now(facts, name, as_of)
    told = (source.known, source.presence_open_at, source.presence_lost_at, source.clock_ahead_ms) if source is not None else ()
    return _Source(told, now, business_day(now, facts.timezone) == day and now <= day_bounds(day, facts.timezone)[1])


def _begin(facts: Facts, agent: PartyFacts, as_of: int, made_of: tuple[object, ...], source: _Source) -> _Held:
    """An agent computed anew, and what will grow of it."""
    shown, sums = _made(facts, agent, as_of)
    presence = facts.presence.get(agent.key)
    names = credited_metrics(presence) if presence is not None else []
    if presence is None or not names:
        return _Held(made_of, shown, as_of, None)
    if not source.goes_on or source.workers_now < presence.credited_to:
        # Part of the time to come belongs to another day, or has been counted: no plain addition.
        return _Held(NEVER, shown, as_of, None)
    growing = _Growing(
        at=as_of,
        names=tuple((name, sums.get(name, 0)) for name in names),
        busy=sum(sums.get(name, 0) for name in BUSY_METRICS),
        ready=sums.get(READY_METRIC, 0),
        is_busy=any(name in BUSY_METRICS for name in names),
        is_ready=READY_METRIC in names,
    )
    return _Held(made_of, shown, as_of, growing)
