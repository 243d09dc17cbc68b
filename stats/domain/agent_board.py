"""What is shown of one agent: who it is, the state, and today; and the same of everybody, second after second, at little cost.

Rules that hold here:
- `agent_values` is what an agent's values mean. `Agents` tells the same, to the last digit.
- An agent is computed anew when anything it is made of was replaced: party, presence, sums, what its source says of itself, the day,
  the names of queues.
- Otherwise only time has passed, and of an agent's values only the time in its state, the time logged in and the occupancy grow by it.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from stats.domain.agent_states import KnownPresence, credited_metrics, credits, state_of
from stats.domain.facts import Facts, PartyFacts
from stats.domain.freshness import doubted_since
from stats.domain.lacking import DERIVED, heard_from, lacks_of, starts, take_out, unheard_of
from stats.domain.metrics import Amounts
from stats.domain.periods import business_day, day_bounds
from stats.domain.sums import BUSY_METRICS, READY_METRIC, agent_numbers, occupancy, seconds
from stats.domain.survey import named_in

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
    if source is not None and source.derived:
        values[DERIVED] = True
    take_out(values, lacks_of(source, "agent"), unheard_of(source, "agent", starts(facts, as_of, ("today",))), heard_from(source))
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
        if "occupancy" in self.names:
            grown["occupancy"] = occupancy(self.busy + passed * self.busy_grows, self.ready + passed * self.ready_grows)
        return grown


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
        self._as_of = 0
        # What everybody's values are made of, and what each one's.
        self._made_under: tuple[object, ...] = ()
        self._agents: list[PartyFacts] = []
        self._presence: dict[str, KnownPresence] = {}
        self._sums: dict[str, Amounts] = {}
        # The values, by scope; what grows of them; and who has to be computed every time.
        self._shown: dict[str, Shown] = {}
        self._growing: dict[str, Growing] = {}
        self._again: set[str] = set()

    def values(self, facts: Facts, as_of: int) -> dict[str, Shown]:
        """By scope, as `agent_values` of each. Nobody may change what is returned."""
        day = business_day(as_of, facts.timezone)
        sums, agents = facts.days.get(day, {}), list(facts.agents.values())
        sources = {name: _source(facts, name, as_of, day) for name in sorted({agent.source for agent in agents})}
        made_under = (day, facts.timezone, named_in(facts), *((name, source.told) for name, source in sources.items()))
        goes_on = as_of >= self._as_of and all(source.goes_on for source in sources.values())
        if goes_on and made_under == self._made_under and agents == self._agents:
            anew = self._again | _replaced(self._presence, facts.presence)
            anew |= {scope[2:] for scope in _replaced(self._sums, sums) if scope.startswith("a:")}
        else:
            anew = {agent.key for agent in agents}
            self._shown, self._growing = {f"agent:{agent.key}": {} for agent in agents}, {}
        self._as_of, self._made_under, self._agents = as_of, made_under, agents
        self._presence, self._sums, self._again = facts.presence.copy(), sums.copy(), set()
        for key in anew:
            self._growing.pop(f"agent:{key}", None)
        # Earlier values stay as they were: somebody may be showing them.
        self._shown = shown = self._shown.copy()
        self.grown = {}
        for scope, growing in self._growing.items():
            shown[scope] = growing.after(shown[scope], as_of)
            self.grown[scope] = growing.names
        for agent in (agent for agent in agents if agent.key in anew) if anew else ():
            self._begin(facts, agent, as_of, sources[agent.source])
        return shown

    def _begin(self, facts: Facts, agent: PartyFacts, as_of: int, source: _Source) -> None:
        """Computes an agent anew, and what will grow of it."""
        scope = f"agent:{agent.key}"
        self._shown[scope], sums = _made(facts, agent, as_of)
        presence = facts.presence.get(agent.key)
        names = credited_metrics(presence) if presence is not None else []
        lacks = lacks_of(facts.sources.get(agent.source), "agent")
        shown = [name for name in names if name not in lacks]
        if presence is None or not shown:
            return
        if not source.goes_on or source.workers_now < presence.credited_to:
            # Part of the time to come belongs to another day, or was counted already: no plain addition.
            self._again.add(agent.key)
            return
        self._growing[scope] = Growing(
            at=as_of,
            sums=tuple((name, sums.get(name, 0)) for name in shown),
            names=tuple(name for name in (*shown, "occupancy") if name not in lacks),
            busy=sum(sums.get(name, 0) for name in BUSY_METRICS),
            ready=sums.get(READY_METRIC, 0),
            busy_grows=int(any(name in BUSY_METRICS for name in names)),
            ready_grows=int(READY_METRIC in names),
        )


def _source(facts: Facts, name: str, as_of: int, day: str) -> _Source:
    source = facts.sources.get(name)
    now = _workers_now(facts, name, as_of)
    told: tuple[object, ...] = ()
    if source is not None:
        unheard = (unheard_of(source, "agent", starts(facts, as_of, ("today",))), heard_from(source))
        cannot = (source.derived, lacks_of(source, "agent"), *unheard)
        told = (source.known, source.presence_open_at, source.presence_lost_at, source.clock_ahead_ms, *cannot)
    return _Source(told, now, business_day(now, facts.timezone) == day and now <= day_bounds(day, facts.timezone)[1])


def _replaced(before: Mapping[str, object], now: Mapping[str, object]) -> set[str]:
    """The keys under which there is another object than there was."""
    return {key for key, each in now.items() if before.get(key) is not each} | (before.keys() - now.keys())
