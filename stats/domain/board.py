"""Sums, living calls, presence and now become the values that boards, pages and the API show.

Rules that hold here:
- One function per scope; the site is its queues added up, agents counted once; ratios are of summed parts.
- What is not known is None, never 0: a source whose day has not been read shows no numbers at all.
- Instants are sent, never ages: whoever looks counts by the server's clock.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from stats.domain.agent_states import LOGGED_IN_STATES, AgentState, KnownPresence, credits, state_of
from stats.domain.facts import Facts, PartyFacts, call_reference
from stats.domain.freshness import LATE_AFTER_MS, counted_values, doubted_since, feed_values, source_values
from stats.domain.metrics import DEFAULT_TARGETS, Amounts, Caller
from stats.domain.periods import MINUTE_MS, WINDOWS, business_day, day_bounds, minute_of, window_minutes
from stats.domain.sums import SITE_COUNTED, agent_numbers, queue_numbers, seconds, sl_budget

Values = dict[str, dict[str, object]]
__all__ = ["LATE_AFTER_MS", "Now", "Values", "lost_callers", "survey", "values"]

AGENT_COUNTS = ("agents_logged_in", *(f"agents_{state}" for state in LOGGED_IN_STATES))


@dataclass(slots=True)
class Now:
    """What the living calls and the presence show, by queue."""

    waiting: dict[str, list[int]] = field(default_factory=dict)
    talking: dict[str, set[tuple[str, str]]] = field(default_factory=dict)
    agents: dict[str, dict[str, int]] = field(default_factory=dict)

    def talking_in(self, queues: Iterable[str]) -> int:
        """How many talk: each call and agent once, however many visits of the call they answered."""
        pairs: set[tuple[str, str]] = set()
        return len(pairs.union(*(self.talking.get(queue, ()) for queue in queues)))


def survey(facts: Facts) -> Now:
    """Read the living calls and the presence once: instants of waiting visits, (call, agent) pairs in talk, agents by state, by queue."""
    now = Now(agents=_agents_by_queue(facts))
    by_call: dict[str, list[tuple[str, str | None]]] = {}
    for agent, presence in facts.presence.items():
        call = presence.document.active_call
        if call is not None and call.answered:
            queue = facts.queue_key(presence.document.source, call.queue) if call.queue is not None else None
            by_call.setdefault(call_reference(presence.document.source, call.id_call), []).append((agent, queue))
    for reference, living in facts.living.items():
        for queue, entered_at in living.waiting:
            # Whoever looks counts by our clock, so the wait begins by our clock too.
            now.waiting.setdefault(queue, []).append(entered_at - _ahead(facts, facts.queues.get(queue)))
        for talk in living.talks:
            agents = set(talk.agents)
            agents.update(a for a, queue in by_call.get(reference, ()) if queue == talk.queue or (queue is None and talk.last))
            if agents:
                now.talking.setdefault(talk.queue, set()).update((reference, agent) for agent in agents)
    return now


def _ahead(facts: Facts, queue: PartyFacts | None) -> int:
    source = facts.sources.get(queue.source) if queue is not None else None
    return source.vendor_ahead_ms if source is not None else 0


def _add(into: Amounts, amounts: Mapping[str, int]) -> None:
    for name, amount in amounts.items():
        into[name] = into.get(name, 0) + amount


def _window_sums(facts: Facts, scopes: Iterable[str], window: str, as_of: int, ahead: int = 0) -> Amounts:
    sums: Amounts = {}
    wanted = tuple(scopes)
    if window == "today":
        day = facts.days.get(business_day(as_of, facts.timezone), {})
        for scope in wanted:
            _add(sums, day.get(scope, {}))
        return sums
    for minute in window_minutes(window, as_of + ahead):
        cells = facts.minutes.get(minute)
        if cells:
            for scope in wanted:
                if scope in cells:
                    _add(sums, cells[scope])
    return sums


def _longest(facts: Facts, queues: Iterable[str], window: str, as_of: int, now: Now, ahead: int = 0) -> float | None:
    """The longest wait of the window's visits, waiting ones included, in seconds."""
    wanted = set(queues)
    longest: list[int] = []
    if window == "today":
        day = business_day(as_of, facts.timezone)
        peaks = facts.peaks.get(day, {})
        longest += [peaks[q] for q in wanted if q in peaks]
        first = day_bounds(day, facts.timezone)[0]
    else:
        first = window_minutes(window, as_of + ahead)[0] * MINUTE_MS
        for minute in window_minutes(window, as_of + ahead):
            longest += [ms for queue, ms in facts.minute_peaks.get(minute, {}).items() if queue in wanted]
    for queue in wanted:
        # A visit is in the window by the clock that dates it, and waits by ours.
        own = _ahead(facts, facts.queues.get(queue))
        longest += [max(0, as_of - at) for at in now.waiting.get(queue, ()) if at + own >= first]
    return seconds(max(longest)) if longest else None


def _agents_by_state(held: Iterable[KnownPresence]) -> dict[str, int]:
    counts = dict.fromkeys(AGENT_COUNTS, 0)
    for presence in held:
        if presence.document.logged_in:
            counts["agents_logged_in"] += 1
            state = presence.state if presence.state in LOGGED_IN_STATES else AgentState.UNKNOWN
            counts[f"agents_{state}"] += 1
    return counts


def _agents_by_queue(facts: Facts) -> dict[str, dict[str, int]]:
    """The same by queue. Every agent is looked at once, however many queues there are."""
    there: dict[str, list[KnownPresence]] = {}
    for presence in facts.presence.values():
        document = presence.document
        for queue in {facts.queue_key(document.source, login.queue) for login in document.logged_in}:
            if queue is not None:
                there.setdefault(queue, []).append(presence)
    return {queue: _agents_by_state(held) for queue, held in there.items()}


def _now_values(facts: Facts, queues: Iterable[str], now: Now, queue: str | None) -> dict[str, object]:
    waiting = [at for q in queues for at in now.waiting.get(q, ())]
    return {
        "waiting": len(waiting),
        "longest_wait_since": min(waiting) if waiting else None,
        "talking": now.talking_in(queues),
        **(_agents_by_state(facts.presence.values()) if queue is None else now.agents.get(queue) or dict.fromkeys(AGENT_COUNTS, 0)),
    }


def _unknown(names: Iterable[str]) -> dict[str, object]:
    return dict.fromkeys(names)


def _prefixed(window: str, numbers: Mapping[str, object]) -> dict[str, object]:
    return dict(numbers) if window == "today" else {f"{window}.{name}": value for name, value in numbers.items()}


def _known(facts: Facts, source: str) -> bool:
    known = facts.sources.get(source)
    return known is not None and known.known


def _presence_heard(facts: Facts, sources: Iterable[str]) -> bool:
    heard = {p.document.source for p in facts.presence.values()}
    return any(s in heard for s in sources)


def queue_values(facts: Facts, queue: PartyFacts, as_of: int, now: Now) -> dict[str, object]:
    """Everything shown of one queue: identity, now, today and rolling windows."""
    targets = facts.rules.of(queue.key)
    known, ahead = _known(facts, queue.source), _ahead(facts, queue)
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
    if not _presence_heard(facts, (queue.source,)):
        current.update(_unknown(AGENT_COUNTS))
    current["not_answer_risk"] = queue.risk
    if not known:
        current.update(_unknown(("waiting", "longest_wait_since", "talking", "not_answer_risk")))
    values.update(current)
    for window in ("today", *WINDOWS):
        sums = _window_sums(facts, (f"q:{queue.key}",), window, as_of, ahead)
        numbers: dict[str, object] = {
            **queue_numbers(sums, targets.variant),
            "longest_wait_window": _longest(facts, (queue.key,), window, as_of, now, ahead),
        }
        if window == "today":
            numbers["sl_budget"] = sl_budget([(sums, targets.share)])
        values.update(_prefixed(window, numbers if known else _unknown(numbers)))
    return values


def lost_callers(callers: Mapping[str, Caller]) -> int:
    """Distinct numbers that gave up and have no answered call, either way, that started later."""
    lost: dict[str, int] = {}
    reached: dict[str, int] = {}
    for caller in callers.values():
        if caller.lost:
            lost[caller.number] = max(caller.started_at, lost.get(caller.number, caller.started_at))
        if caller.answered:
            reached[caller.number] = max(caller.started_at, reached.get(caller.number, caller.started_at))
    return sum(1 for number, at in lost.items() if reached.get(number, at) <= at)


def site_values(facts: Facts, as_of: int, now: Now) -> dict[str, object]:
    """Everything shown of the whole organisation."""
    queues = tuple(facts.queues)
    known = any(s.known for s in facts.sources.values())
    ahead = max((s.vendor_ahead_ms for s in facts.sources.values()), default=0)
    values: dict[str, object] = {"known": known}
    current = _now_values(facts, queues, now, None)
    if not facts.presence:
        current.update(_unknown(AGENT_COUNTS))
    if not known:
        current.update(_unknown(("waiting", "longest_wait_since", "talking")))
    values.update(current)
    for window in ("today", *WINDOWS):
        sums = _window_sums(facts, [f"q:{q}" for q in queues], window, as_of, ahead)
        own = _window_sums(facts, ("s",), window, as_of, ahead)
        numbers: dict[str, object] = {
            **{name: own.get(name, 0) for name in SITE_COUNTED},
            **queue_numbers(sums, DEFAULT_TARGETS.variant),
            "longest_wait_window": _longest(facts, queues, window, as_of, now, ahead),
        }
        if window == "today":
            parts = ((_window_sums(facts, (f"q:{q}",), window, as_of), facts.rules.of(q).share) for q in queues)
            numbers["sl_budget"] = sl_budget(parts)
            numbers["lost_callers"] = lost_callers(facts.callers.get(business_day(as_of, facts.timezone), {}))
        values.update(_prefixed(window, numbers if known else _unknown(numbers)))
    newest = minute_of(as_of + ahead)
    spark = [facts.minutes.get(m, {}).get("s", {}).get("calls_in", 0) for m in range(newest - 59, newest + 1)]
    values["calls_in.spark"] = spark if known else None
    return values


def agent_values(facts: Facts, agent: PartyFacts, as_of: int) -> dict[str, object]:
    """Everything shown of one agent: identity, state, and today."""
    presence = facts.presence.get(agent.key)
    source = facts.sources.get(agent.source)
    unverified_since = doubted_since(presence, source) if presence is not None else None
    values: dict[str, object] = {
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
        "queues_in": _queues_in(facts, agent.key),
    }
    day = business_day(as_of, facts.timezone)
    sums = dict(facts.days.get(day, {}).get(f"a:{agent.key}", {}))
    if presence is not None:
        workers_now = as_of + (source.clock_ahead_ms if source is not None else 0)
        for credit in credits(presence, presence.credited_to, workers_now, facts.timezone):
            if credit.day == day:
                sums[credit.metric] = sums.get(credit.metric, 0) + credit.ms
    numbers: dict[str, object] = dict(agent_numbers(sums))
    if presence is None:
        numbers.update({name: None for name in numbers if name.startswith("time_") or name == "occupancy"})
    if not _known(facts, agent.source):
        numbers.update({name: None for name in numbers if not name.startswith("time_") and name != "occupancy"})
    values.update(numbers)
    return values


def _queues_in(facts: Facts, agent: str) -> list[object]:
    """The queues an agent is logged in to: statistics ids, keys where no id is known."""
    presence = facts.presence.get(agent)
    if presence is None:
        return []
    keys = [facts.queue_key(presence.document.source, login.queue) for login in presence.document.logged_in]
    return [int(k) if k.isdigit() else k for k in keys if k is not None]


def values(facts: Facts, as_of: int) -> Values:
    """Everything, by scope."""
    now = survey(facts)
    shown: Values = {"site": site_values(facts, as_of, now)}
    for queue in facts.queues.values():
        shown[f"queue:{queue.key}"] = queue_values(facts, queue, as_of, now)
    for agent in facts.agents.values():
        shown[f"agent:{agent.key}"] = agent_values(facts, agent, as_of)
    for source in facts.sources.values():
        shown[f"source:{source.name}"] = source_values(source)
        shown[f"feed:{source.name}:calls"] = feed_values(source, presence=False, as_of=as_of)
        presence = feed_values(source, presence=True, as_of=as_of)
        shown[f"feed:{source.name}:presence"] = presence
        # What counts agents is believed less than the feed while the state of one of them may have changed unseen.
        held = (p for p in facts.presence.values() if p.document.source == source.name)
        shown[f"feed:{source.name}:agents"] = counted_values(presence, source, held, as_of)
    return shown
