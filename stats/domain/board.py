"""Sums, living calls, presence and now become the values that boards, pages and the API show.

Rules that hold here:
- One function per scope; the site is its queues added up, agents counted once; ratios are of summed parts.
- What is not known is None, never 0: a source whose day has not been read shows no numbers at all.
- Instants are sent, never ages: whoever looks counts by the server's clock.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from stats.domain.agent_board import Agents, agent_values
from stats.domain.facts import Facts, PartyFacts
from stats.domain.freshness import LATE_AFTER_MS, counted_values, feed_values, is_being_read, source_values
from stats.domain.kept import Kept, total
from stats.domain.lacking import (
    DERIVED,
    heard_from,
    lacks_of,
    site_lacks,
    site_unheard,
    site_without,
    starts,
    take_out,
    tell_without,
    unheard_of,
)
from stats.domain.lost import LostCallers, lost_callers
from stats.domain.metrics import DEFAULT_TARGETS
from stats.domain.periods import MINUTE_MS, WINDOWS, business_day, day_bounds, minute_of, window_minutes
from stats.domain.sums import SITE_COUNTED, queue_numbers, seconds, sl_budget
from stats.domain.survey import AGENT_COUNTS, Now, Places, ahead_of, survey

Values = dict[str, dict[str, object]]
__all__ = ["AGENT_COUNTS", "LATE_AFTER_MS", "Grown", "Memory", "Now", "Values", "agent_values", "lost_callers", "survey", "values"]


@dataclass(frozen=True, slots=True)
class Grown:
    """In which scopes nothing but time has passed between two computations, and which of their values may differ by that."""

    since: Values
    until: Values
    names: Mapping[str, tuple[str, ...]]


@dataclass(slots=True)
class Memory:
    """What one who computes again and again need not compute again. An empty one is always right, and so must any other be."""

    kept: Kept = field(default_factory=Kept)
    places: Places = field(default_factory=Places)
    agents: Agents = field(default_factory=Agents)
    lost: LostCallers = field(default_factory=LostCallers)
    grown: Grown | None = None
    shown: Values = field(default_factory=dict)  # as computed last


def _window_sums(facts: Facts, scopes: Sequence[str], window: str, as_of: int, memory: Memory, ahead: int = 0) -> Mapping[str, int]:
    """The sums of a window, of some scopes together. Nobody may change what is returned."""
    if window == "today":
        day = facts.days.get(business_day(as_of, facts.timezone), {})
        each: list[Mapping[str, int] | None] = [day.get(scope) for scope in scopes]
    else:
        minutes = window_minutes(window, as_of + ahead)
        cells = [facts.minutes.get(minute, {}) for minute in minutes]
        each = [memory.kept.of((scope, minutes), total, [cell.get(scope) for cell in cells]) for scope in scopes]
    return memory.kept.of((tuple(scopes), window), total, each) if len(each) != 1 else each[0] or {}


def _longest(facts: Facts, queues: Iterable[str], window: str, as_of: int, now: Now, ahead: int = 0) -> float | None:
    """The longest wait of the window's visits, waiting ones included, in seconds."""
    if window == "today":
        day = business_day(as_of, facts.timezone)
        peaks = [facts.peaks.get(day, {})]
        first = day_bounds(day, facts.timezone)[0]
    else:
        minutes = window_minutes(window, as_of + ahead)
        peaks = [facts.minute_peaks[minute] for minute in minutes if minute in facts.minute_peaks]
        first = minutes[0] * MINUTE_MS
    longest = [ms for queue in queues for cell in peaks if (ms := cell.get(queue)) is not None]
    for queue in queues:
        # A visit is in the window by the clock that dates it, and waits by ours.
        own = ahead_of(facts, facts.queues.get(queue))
        longest += [max(0, as_of - at) for at in now.waiting.get(queue, ()) if at + own >= first]
    return seconds(max(longest)) if longest else None


def _now_values(facts: Facts, queues: Iterable[str], now: Now, queue: str | None) -> dict[str, object]:
    waiting = [at for q in queues for at in now.waiting.get(q, ())]
    return {
        "waiting": len(waiting),
        "longest_wait_since": min(waiting) if waiting else None,
        "talking": now.talking_in(queues),
        **(now.agents_of(facts.presence) if queue is None else now.agents_in(queue)),
    }


def _unknown(names: Iterable[str]) -> dict[str, object]:
    return dict.fromkeys(names)


def _prefixed(window: str, numbers: Mapping[str, object]) -> dict[str, object]:
    return dict(numbers) if window == "today" else {f"{window}.{name}": value for name, value in numbers.items()}


def _known(facts: Facts, source: str) -> bool:
    known = facts.sources.get(source)
    return known is not None and known.known


def queue_values(facts: Facts, queue: PartyFacts, as_of: int, now: Now, memory: Memory) -> dict[str, object]:
    """Everything shown of one queue: identity, now, today and rolling windows."""
    targets = facts.rules.of(queue.key)
    known, ahead = _known(facts, queue.source), ahead_of(facts, queue)
    values: dict[str, object] = {
        "id": queue.party.id,
        "account_id": queue.party.account_id,
        "name": queue.party.name,
        "source": queue.source,
        "target_s": seconds(targets.target_ms),
        "short_s": seconds(targets.short_ms),
        "share": float(targets.share),
        "variant": targets.variant,
    }
    current = _now_values(facts, (queue.key,), now, queue.key)
    if queue.source not in now.heard:
        current.update(_unknown(AGENT_COUNTS))
    current["not_answer_risk"] = queue.risk
    current["estimated_wait"] = seconds(queue.estimate_ms) if queue.estimate_ms is not None else None
    if not known:
        current.update(_unknown(("waiting", "longest_wait_since", "talking", "not_answer_risk", "estimated_wait")))
    values.update(current)
    for window in ("today", *WINDOWS):
        sums = _window_sums(facts, (f"q:{queue.key}",), window, as_of, memory, ahead)
        numbers: dict[str, object] = {
            **memory.kept.of((queue.key, window, "numbers"), queue_numbers, sums, targets.variant),
            "longest_wait_window": _longest(facts, (queue.key,), window, as_of, now, ahead),
        }
        if window == "today":
            numbers["sl_budget"] = sl_budget([(sums, targets.share)])
        values.update(_prefixed(window, numbers if known else _unknown(numbers)))
    source = facts.sources.get(queue.source)
    if source is not None and source.named_queues:
        values[DERIVED] = True
    take_out(values, lacks_of(source, "queue"), unheard_of(source, "queue", starts(facts, as_of)), heard_from(source))
    return values


def site_values(facts: Facts, as_of: int, now: Now, memory: Memory) -> dict[str, object]:
    """Everything shown of the whole organisation."""
    queues = tuple(facts.queues)
    # A part of a day that is just being read is no day.
    known = any(s.known for s in facts.sources.values()) and not any(is_being_read(s) for s in facts.sources.values())
    ahead = max((s.vendor_ahead_ms for s in facts.sources.values()), default=0)
    values: dict[str, object] = {"known": known}
    current = _now_values(facts, queues, now, None)
    if not facts.presence:
        current.update(_unknown(AGENT_COUNTS))
    if not known:
        current.update(_unknown(("waiting", "longest_wait_since", "talking")))
    values.update(current)
    for window in ("today", *WINDOWS):
        sums = _window_sums(facts, [f"q:{q}" for q in queues], window, as_of, memory, ahead)
        own = _window_sums(facts, ("s",), window, as_of, memory, ahead)
        numbers: dict[str, object] = {
            **{name: own.get(name, 0) for name in SITE_COUNTED},
            **memory.kept.of((window, "numbers"), queue_numbers, sums, DEFAULT_TARGETS.variant),
            "longest_wait_window": _longest(facts, queues, window, as_of, now, ahead),
        }
        if window == "today":
            parts = [(_window_sums(facts, (f"q:{q}",), window, as_of, memory), facts.rules.of(q).share) for q in queues]
            numbers["sl_budget"] = memory.kept.of("sl_budget", sl_budget, parts)
            numbers["lost_callers"] = memory.lost.of(facts.callers.get(business_day(as_of, facts.timezone), {}))
        values.update(_prefixed(window, numbers if known else _unknown(numbers)))
    newest = minute_of(as_of + ahead)
    spark = [facts.minutes.get(m, {}).get("s", {}).get("calls_in", 0) for m in range(newest - 59, newest + 1)]
    values["calls_in.spark"] = spark if known else None
    begun = starts(facts, as_of)
    take_out(values, site_lacks(facts), *site_unheard(facts, begun))
    tell_without(values, site_without(facts, begun))
    return values


def values(facts: Facts, as_of: int, memory: Memory | None = None) -> Values:
    """Everything, by scope. With the memory of earlier times, what has not changed since is not computed again.

    The values of agents may then be those given before, so nobody may change them.
    """
    memory = memory or Memory()
    memory.kept.turn()
    now = survey(facts, memory.places)
    shown: Values = {"site": site_values(facts, as_of, now, memory)}
    for queue in facts.queues.values():
        shown[f"queue:{queue.key}"] = queue_values(facts, queue, as_of, now, memory)
    shown.update(memory.agents.values(facts, as_of))
    for source in facts.sources.values():
        shown[f"source:{source.name}"] = source_values(source)
        shown[f"feed:{source.name}:calls"] = feed_values(source, presence=False, as_of=as_of)
        presence = feed_values(source, presence=True, as_of=as_of)
        shown[f"feed:{source.name}:presence"] = presence
        # What counts agents is believed less than the feed while the state of one of them may have changed unseen.
        held = (p for p in facts.presence.values() if p.document.source == source.name)
        shown[f"feed:{source.name}:agents"] = counted_values(presence, source, held, as_of)
    memory.grown, memory.shown = Grown(memory.shown, shown, memory.agents.grown), shown
    return shown
