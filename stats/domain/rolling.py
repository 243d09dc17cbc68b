"""Adds up calls and watched time by UTC quarter hour: what a row of a report holds, from contributions and stretches alone.

Rules that hold here:
- An amount lies in the quarter of its own instant, under the rules of that quarter; rows are keyed by what a telling's own words support.
- What claims to lie further from its call than `FARTHEST_MS` counts in no quarter, so that a quarter's sums never depend on which other
  quarters are added up beside it.
- A scope to which nothing happened has no sums: zeros are never told.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field

from stats.domain.agent_day import watch
from stats.domain.agent_states import TIMED_STATES
from stats.domain.metrics import Amounts, CountingRules, QueueTargets, contribution, counts_in_queues
from stats.domain.outcomes import SettledCall, VisitOutcome
from stats.domain.periods import quarter_of, split_quarters
from stats.domain.presence_changes import PresenceSeen
from stats.domain.records import Party
from stats.domain.report import bin_of

# A part of a call that claims to lie further from its call's start is not believed.
FARTHEST_MS = 30 * 86_400_000
Scope = tuple[str, str]  # (source, key)
RulesOf = Callable[[int], CountingRules]
Fit = Callable[[str], str]  # makes a key fit where sums are kept


@dataclass(slots=True)
class QueueSums:
    """What the visits to one queue add up to. Waits in ms; bins as `report.bin_of` has them; `targets`: what it was counted by."""

    targets: QueueTargets
    amounts: Amounts = field(default_factory=dict)
    wait_max: int | None = None
    answered_bins: dict[int, int] = field(default_factory=dict)
    abandoned_bins: dict[int, int] = field(default_factory=dict)


@dataclass(slots=True)
class Quarter:
    """One quarter hour: queues and agents by (source, key), the site by source."""

    queues: dict[Scope, QueueSums] = field(default_factory=dict)
    agents: dict[Scope, Amounts] = field(default_factory=dict)
    site: dict[str, Amounts] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A queue or an agent as one call of `told_ms` named it."""

    source: str
    kind: str  # queue, agent
    party: Party
    told_ms: int


class Rolling:
    """The sums of some quarters (their first instants, epoch ms). `rules_of` gives the rules that are in force in a quarter."""

    def __init__(self, quarters: Iterable[int], rules_of: RulesOf, fit: Fit = str) -> None:
        self.quarters = {quarter: Quarter() for quarter in quarters}
        self.names: dict[tuple[str, str, str], Named] = {}  # by source, kind and key: the last telling of a call begun in these quarters
        self._rules_of = rules_of
        self._fit = fit

    def _key(self, party: Party) -> str | None:
        key = party.key
        return None if key is None else self._fit(key)

    def take(self, call: SettledCall) -> None:
        """Add what a whole call puts into these quarters."""
        start = call.started_at
        if start is None:
            return
        mine = {quarter for quarter in _quarters_of(call, start) if quarter in self.quarters}
        by_rules: dict[int, tuple[CountingRules, set[int]]] = {}
        for quarter in mine:
            rules = self._rules_of(quarter)
            by_rules.setdefault(id(rules), (rules, set()))[1].add(quarter)
        for rules, quarters in by_rules.values():
            self._take(call, start, rules, quarters)
        if mine:
            self._name(call, start)

    def _take(self, call: SettledCall, start: int, rules: CountingRules, quarters: Collection[int]) -> None:
        source = call.call.source
        shown = contribution(call, rules, self._key, self._key)
        for scope, at, amounts in shown.cells:
            quarter = quarter_of(at)
            if quarter not in quarters or abs(at - start) > FARTHEST_MS:
                continue
            sums = self.quarters[quarter]
            kind, _, whose = scope.partition(":")
            if kind == "q":
                _add(_queue(sums, source, whose, rules).amounts, amounts)
            elif kind == "a":
                _add(sums.agents.setdefault((source, whose), {}), amounts)
            else:
                _add(sums.site.setdefault(source, {}), amounts)
        for wait in shown.waits:
            quarter = quarter_of(wait.entered_at)
            if quarter in quarters and abs(wait.entered_at - start) <= FARTHEST_MS:
                queue = _queue(self.quarters[quarter], source, wait.queue, rules)
                queue.wait_max = wait.ms if queue.wait_max is None else max(queue.wait_max, wait.ms)
        if not counts_in_queues(call, rules):
            return
        for visit in call.visits:
            key = self._key(visit.visit.queue)
            if visit.entered_at is None or visit.wait is None or key is None:
                continue
            quarter = quarter_of(visit.entered_at)
            if quarter not in quarters or abs(visit.entered_at - start) > FARTHEST_MS:
                continue
            queue = _queue(self.quarters[quarter], source, key, rules)
            if visit.outcome is VisitOutcome.ANSWERED:
                _count(queue.answered_bins, bin_of(visit.wait))
            elif visit.outcome is VisitOutcome.ABANDONED:
                _count(queue.abandoned_bins, bin_of(visit.wait))

    def _name(self, call: SettledCall, start: int) -> None:
        source = call.call.source
        told = [("queue", visit.visit.queue) for visit in call.visits]
        told += [("agent", offer.agent) for offer in call.call.offers]
        told += [("queue", offer.queue) for offer in call.call.offers if offer.queue is not None]
        if (journey := call.call.journey) is not None:
            told += [("queue", party) for party in (journey.first_queue, journey.last_queue) if party is not None]
            told += [("agent", party) for party in (journey.first_agent, journey.last_agent) if party is not None]
        for kind, party in told:
            key = self._key(party)
            if key is None:
                continue
            held = self.names.get((source, kind, key))
            if held is None or _tells_more(party, start, held):
                self.names[(source, kind, key)] = Named(source=source, kind=kind, party=party, told_ms=start)

    def watched(self, source: str, agent: str, changes: Iterable[PresenceSeen], first: int, end: int) -> None:
        """Add an agent's time in [first, end), from the changes told in it and the last one before it; the last change goes on."""
        seen = watch(changes, None, agent, first, end, end)
        pieces = [(f"time_{each.state}", each.start, each.end) for each in seen.presence if each.state in TIMED_STATES]
        pieces += [("time_logged_in", each.start, each.end) for each in seen.logins]
        for name, begin, over in pieces:
            for quarter, ms in split_quarters(begin, over):
                if quarter in self.quarters:
                    _add(self.quarters[quarter].agents.setdefault((source, agent), {}), {name: ms})


def _tells_more(party: Party, told_ms: int, held: Named) -> bool:
    """Whether a telling is to be remembered before another: the later one; of one instant the one that orders last, whoever comes first."""
    return (told_ms, *_order(party)) > (held.told_ms, *_order(held.party))


def _order(party: Party) -> tuple[int, int, str]:
    return (party.id or -1, party.account_id or -1, party.name or "")


def _quarters_of(call: SettledCall, start: int) -> Iterable[int]:
    yield quarter_of(start)
    for visit in call.visits:
        if visit.entered_at is not None:
            yield quarter_of(visit.entered_at)
    for offer in call.call.offers:
        if offer.began_at is not None:
            yield quarter_of(offer.began_at)


def _queue(sums: Quarter, source: str, key: str, rules: CountingRules) -> QueueSums:
    held = sums.queues.get((source, key))
    if held is None:
        held = sums.queues[(source, key)] = QueueSums(rules.of(key))
    return held


def _add(held: Amounts, amounts: Mapping[str, int]) -> None:
    for name, amount in amounts.items():
        held[name] = held.get(name, 0) + amount


def _count(bins: dict[int, int], place: int) -> None:
    bins[place] = bins.get(place, 0) + 1
