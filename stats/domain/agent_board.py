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
from stats.domain.records import Party
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Growing:
    """Time that passes: today's sums as of `at` (epoch ms), of which `sums` grow by a millisecond every millisecond."""

    at: int
    sums: tuple[tuple[str, int], ...]
    names: tuple[str, ...]  # of all values that may change by it
    busy: int
    ready: int
    busy_grows: int  # 1 or 0
    ready_grows: int

    def after(self, shown: Shown, as_of: int) -> Shown:
        """The agent's values with the time since."""
        passed = as_of - self.at
        grown = shown.copy()
        for name, ms in self.sums:
            grown[name] = seconds(ms + passed)
        grown["occupancy"] = occupancy(self.busy + passed * self.busy_grows, self.ready + passed * self.ready_grows)
        return grown


@dataclass(slots=True, kw_only=True)
class _Held:
    """An agent's values, and every object they were made of."""

    scope: str
    party: Party
    source: str
    presence: KnownPresence | None
    sums: Amounts | None
    told: tuple[object, ...]
    as_of: int
    shown: Shown
    growing: Growing | None  # None of whom no time is counted
    lasts: bool  # else it is true of `as_of` alone


@dataclass(frozen=True, slots=True)
class _Source:
    """What of a source its agents are made of; `goes_on` says that by its worker's clock it is today too, so that time just adds."""

    told: tuple[object, ...]
    workers_now: int
    goes_on: bool


class Agents:
    """Every agent's values from one computation to the next.

    `grown`: those in which nothing but time has passed since the computation before, and the values that may differ by that.
    """

    def __init__(self) -> None:
        self.grown: dict[str, tuple[str, ...]] = {}
        self._held: dict[str, _Held] = {}
        self._made_under: tuple[str, str, Named] = ("", "", ())
        self._told: dict[str, tuple[object, ...]] = {}

    def values(self, facts: Facts, as_of: int) -> dict[str, Shown]:
        """By scope, as `agent_values` of each. Nobody may change what is returned."""
        day = business_day(as_of, facts.timezone)
        made_under = (day, facts.timezone, named_in(facts))
        before = self._held if made_under == self._made_under else {}
        self._held, self._made_under, self.grown = {}, made_under, {}
        sources = {name: self._source(facts, name, as_of, day) for name in {agent.source for agent in facts.agents.values()}}
        presence, sums = facts.presence, facts.days.get(day, {})
        shown: dict[str, Shown] = {}
        for agent in facts.agents.values():
            key, source = agent.key, sources[agent.source]
            held = before.get(key)
            if (
                held is None
                or held.party is not agent.party
                or held.source != agent.source
                or held.presence is not presence.get(key)
                or held.sums is not sums.get(f"a:{key}")
                or held.told is not source.told
                or not held.lasts
                or (held.growing is not None and not (source.goes_on and as_of >= held.growing.at))
            ):
                held = _begin(facts, agent, as_of, sums.get(f"a:{key}"), source)
            elif held.growing is not None and held.as_of != as_of:
                held.shown, held.as_of = held.growing.after(held.shown, as_of), as_of
                self.grown[held.scope] = held.growing.names
            self._held[key] = held
            shown[held.scope] = held.shown
        return shown

    def _source(self, facts: Facts, name: str, as_of: int, day: str) -> _Source:
        source = facts.sources.get(name)
        now = _workers_now(facts, name, as_of)
        told = (source.known, source.presence_open_at, source.presence_lost_at, source.clock_ahead_ms) if source is not None else ()
        if self._told.get(name) != told:
            self._told[name] = told
        # The same object for the same words, so that agents need not compare them.
        return _Source(self._told[name], now, business_day(now, facts.timezone) == day and now <= day_bounds(day, facts.timezone)[1])


def _begin(facts: Facts, agent: PartyFacts, as_of: int, kept: Amounts | None, source: _Source) -> _Held:
    """An agent computed anew, and what will grow of it."""
    shown, sums = _made(facts, agent, as_of)
    presence = facts.presence.get(agent.key)
    names = credited_metrics(presence) if presence is not None else []
    growing, lasts = None, True
    if presence is not None and names:
        # Else part of the time to come belongs to another day, or was counted already: no plain addition.
        lasts = source.goes_on and source.workers_now >= presence.credited_to
        growing = Growing(
            at=as_of,
            sums=tuple((name, sums.get(name, 0)) for name in names),
            names=(*names, "occupancy"),
            busy=sum(sums.get(name, 0) for name in BUSY_METRICS),
            ready=sums.get(READY_METRIC, 0),
            busy_grows=int(any(name in BUSY_METRICS for name in names)),
            ready_grows=int(READY_METRIC in names),
        )
    return _Held(
        scope=f"agent:{agent.key}",
        party=agent.party,
        source=agent.source,
        presence=presence,
        sums=kept,
        told=source.told,
        as_of=as_of,
        shown=shown,
        growing=growing,
        lasts=lasts,
    )
