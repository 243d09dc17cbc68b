"""Lays over a report's stored sums what they do not hold yet: quarters added up anew, calls that are not archived, and the time of now.

Rules that hold here:
- A call is counted once: as the live store tells it where that is loose (open, or ended and not archived as it is), else as the archive.
- Calls are counted by the settings in force on their day, agents' time by the stretches of which the wall's times are made.
- Quarters are added up anew the newest first, for as long as there is time; the others stay as they are stored, and are counted.
"""

import time
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field

from stats.domain.agent_day import watch
from stats.domain.agent_states import TIMED_STATES
from stats.domain.facts import Facts
from stats.domain.metrics import counts_in_queues
from stats.domain.outcomes import SettledCall, VisitOutcome, settle
from stats.domain.periods import QUARTER_MS, business_day, day_bounds, quarter_of, split_quarters
from stats.domain.presence_changes import PresenceSeen
from stats.domain.records import Call
from stats.domain.report import Kind, Span
from stats.domain.report_lines import Lines, put, put_bins, put_wait
from stats.domain.rolling import Rolling, RulesOf
from stats.history.rolling_reading import changes_by_agent, read_into, runs
from stats.history.rows import quarters_of, word
from stats.history.unsettled import Unsettled, archived_quarters, unsettled

# So many quarters (two days) may be added up anew for one look, within so much time; so many of them at once.
MOST_QUARTERS, BUDGET_S, AT_ONCE = 200, 4.0, 8
NEVER = 1 << 62
Reference = tuple[str, str]  # source, id_call
KeyOf = Callable[[str, str], str]


@dataclass(slots=True, kw_only=True)
class Live:
    """What the live store told, before the database was asked: as of an instant, the calls that are loose and changes of presence on their
    way. `whole` False: too many calls are loose, and none is told; `away`: it told nothing, and `facts` are what was known last."""

    as_of: int
    facts: Facts
    loose: list[Call] = field(default_factory=list)
    changes: list[PresenceSeen] = field(default_factory=list)
    whole: bool = True
    away: bool = False

    def vendor_now(self, source: str) -> int:
        """Now by the clock that dates a source's calls."""
        told_by = self.facts.sources.get(source)
        return self.as_of + (told_by.vendor_ahead_ms if told_by is not None else 0)

    def workers_now(self, source: str) -> int:
        """Now by the clock of who hears a source's agents."""
        told_by = self.facts.sources.get(source)
        return self.as_of + (told_by.clock_ahead_ms if told_by is not None else 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Whose:
    """Of whom: `key_of` gives the key of today of a source and stored key, `wanted` whether it is asked for."""

    kind: Kind
    rules_of: RulesOf
    key_of: KeyOf
    wanted: Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class Laid:
    """The quarters whose stored sums are not to be read, how many wait to be added up anew, and up to when quarters were added up."""

    apart: frozenset[int]
    recounting: int
    rolled_to: int


def lay(lines: Lines, whose: Whose, told: Live) -> Laid:
    """Put into the lines whatever stored sums do not hold. In one look at the database; raises django.db.Error."""
    span = lines.span
    first, end = span.bounds
    settled = {(call.source, call.id_call): settle(call) for call in told.loose}
    kept = archived_quarters(span.organisation, {reference: call.started_at for reference, call in settled.items()})
    gaps = unsettled(span.organisation, first, end)
    open_to = quarter_of(told.as_of) + QUARTER_MS
    rolled_to = _rolled_to(gaps, span, told.as_of)
    since = min([rolled_to, *(quarter_of(change.told_at) for change in told.changes)]) if whose.kind == "agent" else rolled_to
    special = {*gaps.quarters, *range(max(first, since), min(end, open_to), QUARTER_MS), *(q for each in kept.values() for q in each)}
    special = {quarter for quarter in special if lines.covers(quarter)}
    # What agents did then is known from the stored sums alone.
    possible = {quarter for quarter in special if whose.kind != "agent" or quarter >= gaps.presence_from}
    # Of whom the live store has not told, the archive says what they did.
    now_from = None if told.away else since
    without: dict[str, list[str]] = {}
    for source, id_call in settled:
        without.setdefault(source, []).append(id_call)
    apart = _anew(lines, whose, possible, without, told.as_of, now_from)
    _lay_calls(lines, whose, told, settled, kept, special - apart)
    if whose.kind == "agent" and now_from is not None and end > now_from:
        _lay_times(lines, whose, told, now_from, special - apart)
    return Laid(frozenset(apart), len(special - apart), rolled_to)


def _rolled_to(gaps: Unsettled, span: Span, as_of: int) -> int:
    """The first quarter of which nobody has taken note that it is over; where none ever was, today's first."""
    open_from = quarter_of(as_of)
    if gaps.rolled_to is None:
        return min(open_from, day_bounds(business_day(as_of, span.timezone), span.timezone)[0])
    return min(open_from, gaps.rolled_to)


def _anew(
    lines: Lines, whose: Whose, special: Collection[int], without: Mapping[str, list[str]], as_of: int, now_from: int | None
) -> set[int]:
    """Add these quarters up from the archive, the newest first; returns those for which there was time."""
    done: set[int] = set()
    until = time.monotonic() + BUDGET_S
    for some in _newest_first(special):
        if len(done) + len(some) > MOST_QUARTERS or time.monotonic() > until:
            break
        rolling = Rolling(some, whose.rules_of, word)
        watched_too = whose.kind == "agent" and (now_from is None or some[0] < now_from)
        read_into(rolling, lines.span.organisation, without, as_of, 0 if watched_too else NEVER)
        _put_all(lines, whose, rolling, now_from)
        done.update(some)
    return done


def _newest_first(quarters: Collection[int]) -> Iterator[list[int]]:
    """Neighbours together, a few at a time."""
    for first, end in reversed(list(runs(quarters))):
        for last in range(end, first, -AT_ONCE * QUARTER_MS):
            yield list(range(max(first, last - AT_ONCE * QUARTER_MS), last, QUARTER_MS))


def _put_all(lines: Lines, whose: Whose, rolling: Rolling, now_from: int | None = None) -> None:
    """Put sums of quarters into lines; the times of agents from `now_from` on are told otherwise."""
    for quarter, sums in sorted(rolling.quarters.items()):
        if not lines.covers(quarter):
            continue
        if whose.kind == "agent":
            for (source, agent), amounts in sums.agents.items():
                key = whose.key_of(source, agent)
                if now_from is not None and quarter >= now_from:
                    amounts = {name: amount for name, amount in amounts.items() if not name.startswith("time_")}
                if whose.wanted(key) and any(amounts.values()):
                    put(lines.of_quarter(key, quarter), amounts)
            continue
        for (source, queue), held in sums.queues.items():
            key = whose.key_of(source, queue)
            if not whose.wanted(key):
                continue
            line = lines.of_quarter(key if whose.kind == "queue" else "", quarter)
            put(line, held.amounts)
            put_wait(line, held.wait_max)
            put_bins(line.answered_bins, held.answered_bins)
            put_bins(line.abandoned_bins, held.abandoned_bins)
            if whose.kind == "queue":
                lines.counted_by(line, held.targets, quarter)
        if whose.kind == "site":
            for amounts in sums.site.values():
                put(lines.of_quarter("", quarter), amounts)


def _lay_calls(
    lines: Lines,
    whose: Whose,
    told: Live,
    settled: Mapping[Reference, SettledCall],
    kept: Mapping[Reference, set[int]],
    as_stored: Collection[int],
) -> None:
    """Put the loose calls in. Where a quarter stays as it is stored, one that the archive has counted in it already is left out there."""
    quarters = {quarter for call in settled.values() for quarter in quarters_of(call) if lines.covers(quarter)}
    whole, rest = Rolling(quarters, whose.rules_of, word), Rolling(quarters.difference(as_stored), whose.rules_of, word)
    for reference, call in settled.items():
        (rest if kept.get(reference, set()).intersection(as_stored) else whole).take(call)
        if whose.kind != "agent":
            _lay_waits(lines, whose, told, call)
    _put_all(lines, whose, whole)
    _put_all(lines, whose, rest)


def _lay_waits(lines: Lines, whose: Whose, told: Live, call: SettledCall) -> None:
    """Who waits has waited until now."""
    source = call.call.source
    for visit in call.visits:
        at, queue = visit.entered_at, visit.visit.queue.key
        if visit.outcome is not VisitOutcome.WAITING or at is None or queue is None:
            continue
        key, quarter = whose.key_of(source, queue), quarter_of(at)
        if whose.wanted(key) and lines.covers(quarter) and counts_in_queues(call, whose.rules_of(quarter)):
            put_wait(lines.of_quarter(key if whose.kind == "queue" else "", quarter), max(0, told.vendor_now(source) - at))


def _lay_times(lines: Lines, whose: Whose, told: Live, since: int, as_stored: Collection[int]) -> None:
    """Put in the time of every agent from `since` until now, as the wall counts it: of what is archived, what waits, and what is so now."""
    changes: dict[str, list[PresenceSeen]] = {}
    for source, agent, kept in changes_by_agent(lines.span.organisation, since, told.as_of + QUARTER_MS):
        changes.setdefault(whose.key_of(source, agent), []).extend(kept)
    for change in told.changes:
        changes.setdefault(whose.key_of(change.source, change.agent), []).append(change)
    for key in changes.keys() | told.facts.presence.keys():
        if not whose.wanted(key):
            continue
        seen = changes.get(key, [])
        presence = told.facts.presence.get(key)
        if presence is not None and any(change.told_at > presence.document.told_at for change in seen):
            presence = None  # it was read a moment before the newest change
        source = presence.document.source if presence is not None else seen[-1].source
        until = told.workers_now(source)
        lanes = watch(seen, presence, key, since, quarter_of(until) + QUARTER_MS, until)
        pieces = [(f"time_{each.state}", each.start, each.end) for each in lanes.presence if each.state in TIMED_STATES]
        pieces += [("time_logged_in", each.start, each.end) for each in lanes.logins]
        for name, begin, over in pieces:
            for quarter, ms in split_quarters(begin, over):
                if lines.covers(quarter) and quarter not in as_stored:
                    put(lines.of_quarter(key, quarter), {name: ms})
