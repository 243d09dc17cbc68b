"""The slow, obvious way to today's numbers: every call, every visit, one list at a time, no sums kept anywhere.

It shares with the fast way what an outcome is, and nothing of how amounts are added, dated, stored or taken back.
"""

import math
from collections.abc import Callable, Iterable, Sequence

from stats.domain.board import Values, lost_callers, survey
from stats.domain.facts import Facts
from stats.domain.metrics import DEFAULT_TARGETS, Caller, CountingRules, QueueTargets, counts_in_queues, is_short
from stats.domain.outcomes import OfferOutcome, SettledCall, SettledVisit, VisitOutcome
from stats.domain.periods import MINUTE_MS, WINDOWS, business_day, minute_of
from stats.domain.records import Direction, Offer, Party

Pair = tuple[SettledVisit, QueueTargets]


def within(at: int | None, window: str, as_of: int, timezone: str) -> bool:
    """Whether an instant lies in a window."""
    if at is None:
        return False
    if window == "today":
        return business_day(at, timezone) == business_day(as_of, timezone)
    first = (minute_of(as_of) - WINDOWS[window] + 1) * MINUTE_MS
    return first <= at < (minute_of(as_of) + 1) * MINUTE_MS


def _mean(values: Sequence[int]) -> float | None:
    return sum(values) / len(values) / 1000 if values else None


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _rank(waits: Sequence[int], share: float) -> float | None:
    ordered = sorted(waits)
    return ordered[max(1, math.ceil(round(share * len(ordered), 9))) - 1] / 1000 if ordered else None


def _of(visits: Iterable[Pair], outcome: VisitOutcome) -> list[Pair]:
    return [(v, t) for v, t in visits if v.outcome is outcome]


def queue_window(visits: Sequence[Pair], variant: str, as_of: int) -> dict[str, object]:
    """The queue metrics of visits that all lie in one window."""
    answered = _of(visits, VisitOutcome.ANSWERED)
    gave_up = _of(visits, VisitOutcome.ABANDONED)
    short = [(v, t) for v, t in gave_up if is_short(v, t)]
    abandoned = [(v, t) for v, t in gave_up if not is_short(v, t)]
    in_target = [1 for v, t in answered if v.wait is not None and v.wait <= t.target_ms]
    lost_in_target = [1 for v, t in abandoned if v.wait is not None and v.wait <= t.target_ms]
    short_in_target = [1 for v, t in short if v.wait is not None and v.wait <= t.target_ms]
    counts = {o: len(_of(visits, o)) for o in (VisitOutcome.OVERFLOWED, VisitOutcome.VOICEMAIL, VisitOutcome.CALLBACK)}
    a, at, s, b = len(answered), len(in_target), len(short), len(gave_up)
    bt = len(lost_in_target) + len(short_in_target)
    levels = {
        "short_excluded": _share(at, a + b - s),
        "all_abandons_miss": _share(at, a + b),
        "early_abandons_met": _share(at + bt, a + b),
        "early_abandons_excluded": _share(at, a + b - bt),
        "answered_only": _share(at, a),
        "short_met": _share(at + s, a + b),
    }
    waits = [v.wait for v, _ in answered if v.wait is not None]
    talks = [(v.talk, v.hold) for v, _ in answered if v.talk is not None]
    longest = [v.wait for v, _ in visits if v.wait is not None and v.outcome is not VisitOutcome.EXPIRED]
    longest += [max(0, as_of - v.entered_at) for v, _ in _of(visits, VisitOutcome.WAITING) if v.entered_at is not None]
    return {
        "offered": len(visits),
        "answered": a,
        "answered_in_target": at,
        "abandoned": len(abandoned),
        "short_abandoned": s,
        "abandoned_in_target": len(lost_in_target),
        "overflowed": counts[VisitOutcome.OVERFLOWED],
        "voicemail": counts[VisitOutcome.VOICEMAIL],
        "callbacks": counts[VisitOutcome.CALLBACK],
        "service_levels": levels,
        "service_level": levels.get(variant),
        "abandon_rate": _share(len(abandoned), a + len(abandoned)),
        "answer_rate": _share(a, a + b + sum(counts.values())),
        "asa": _mean(waits),
        "avg_abandon_wait": _mean([v.wait for v, _ in abandoned if v.wait is not None]),
        "longest_wait_window": max(longest) / 1000 if longest else None,
        "wait_p50": _rank(waits, 0.5),
        "wait_p90": _rank(waits, 0.9),
        "att": _mean([talk for talk, _ in talks]),
        "avg_hold": _mean([hold for _, hold in talks]),
        "aht": _mean([talk + hold for talk, hold in talks]),
        "transfer_rate": _share(len([1 for v, _ in answered if v.transferred]), a),
    }


def lost_of(call: SettledCall, rules: CountingRules, queue_key: Callable[[Party], str | None]) -> bool:
    """Whether an incoming call's last visit was given up, and not at once."""
    if not call.incoming or not call.visits or call.visits[-1].outcome is not VisitOutcome.ABANDONED:
        return False
    key = queue_key(call.visits[-1].visit.queue)
    return not is_short(call.visits[-1], rules.of(key) if key is not None else DEFAULT_TARGETS)


def site_numbers(calls: Sequence[SettledCall], rules: CountingRules, queue_key: Callable[[Party], str | None]) -> dict[str, object]:
    """The site metrics of calls of one source that all lie in one window, but for the callers."""
    left_menu = [c for c in calls if c.incoming and c.ended and not c.answered and not c.visits and c.ivr_seen and not c.call.expired]
    return {
        "calls_in": len([c for c in calls if c.incoming]),
        "calls_out": len([c for c in calls if c.outgoing]),
        "calls_internal": len([c for c in calls if c.internal]),
        "calls_answered": len([c for c in calls if c.incoming and c.answered]),
        "ivr_abandoned": len(left_menu),
        "true_abandoned": len([c for c in calls if lost_of(c, rules, queue_key)]),
    }


def _site_window(calls: Sequence[SettledCall], rules: CountingRules, facts: Facts) -> dict[str, object]:
    def key_in(source: str) -> Callable[[Party], str | None]:
        return lambda party: facts.queue_key(source, party)

    sums: dict[str, object] = dict(site_numbers([], rules, key_in("")))
    for call in calls:
        one = site_numbers([call], rules, key_in(call.call.source))
        sums = {name: int(str(sums[name])) + int(str(one[name])) for name in sums}
    callers = {
        str(i): Caller(c.number, c.started_at, lost_of(c, rules, key_in(c.call.source)), c.answered and not c.internal)
        for i, c in enumerate(calls)
        if c.number and c.number.startswith("+") and c.started_at is not None
    }
    return {**sums, "lost_callers": lost_callers(callers)}


def _agent_today(calls: Sequence[SettledCall], agent: str, facts: Facts, as_of: int) -> dict[str, object]:
    mine = [
        (offer, outcome, call)
        for call in calls
        for offer, outcome in zip(call.call.offers, call.offers, strict=True)
        if _agent_key(facts, call, offer.agent.id, offer.agent.account_id, offer.agent.key) == agent
        and within(offer.began_at, "today", as_of, facts.timezone)
    ]
    offers = [(o, how) for o, how, call in mine if (o.direction or call.direction) is not Direction.OUT]
    out = {call.call.id_call for o, _, call in mine if (o.direction or call.direction) is Direction.OUT}
    return {**offer_numbers(offers), "outgoing": len(out)}


def offer_numbers(offers: Sequence[tuple[Offer, OfferOutcome]]) -> dict[str, object]:
    """The agent metrics of offers that all lie in one window, outgoing ones left out."""
    over = [(o, how) for o, how in offers if how not in (OfferOutcome.RINGING, OfferOutcome.TALKING)]
    talked = [o for o, how in over if how is OfferOutcome.ANSWERED and o.talk_ms is not None]
    answered = [1 for _, how in offers if how in (OfferOutcome.ANSWERED, OfferOutcome.TALKING)]
    missed = [1 for _, how in offers if how is OfferOutcome.MISSED]
    return {
        "offers": len(offers),
        "answered": len(answered),
        "missed": len(missed),
        "withdrawn": len([1 for _, how in offers if how is OfferOutcome.WITHDRAWN]),
        "answer_rate": _share(len(answered), len(answered) + len(missed)),
        "talk_time": sum(o.talk_ms or 0 for o, _ in over) / 1000,
        "hold_time": sum(o.hold_ms or 0 for o, _ in over) / 1000,
        "ring_time": sum(o.ring_ms or 0 for o, _ in over) / 1000,
        "aht": sum((o.talk_ms or 0) + (o.hold_ms or 0) for o, _ in over) / len(talked) / 1000 if talked else None,
    }


def _agent_key(facts: Facts, call: SettledCall, number: int | None, account: int | None, key: str | None) -> str | None:
    if number is not None or account is None:
        return key
    for known in facts.agents.values():
        if known.source == call.call.source and known.party.account_id == account:
            return known.key
    return key


def recount(calls: Sequence[SettledCall], facts: Facts, as_of: int) -> Values:
    """Today's and the rolling windows' numbers of every scope, from the calls alone, plus what waits now."""
    rules = facts.rules
    pairs: dict[str, list[Pair]] = {queue: [] for queue in facts.queues}
    for call in calls:
        if counts_in_queues(call, rules):
            for visit in call.visits:
                key = facts.queue_key(call.call.source, visit.visit.queue)
                if key is not None:
                    pairs.setdefault(key, []).append((visit, rules.of(key)))
    now = survey(facts)
    shown: Values = {"site": {}}
    for scope, visits, variant in [
        ("site", [p for of_queue in pairs.values() for p in of_queue], DEFAULT_TARGETS.variant),
        *((f"queue:{q}", of_queue, rules.of(q).variant) for q, of_queue in pairs.items()),
    ]:
        values = shown.setdefault(scope, {})
        values["waiting"] = len(_of(visits, VisitOutcome.WAITING))
        values["talking"] = now.talking_in(now.talking if scope == "site" else (scope[6:],))
        for window in ("today", *WINDOWS):
            inside = [(v, t) for v, t in visits if within(v.entered_at, window, as_of, facts.timezone)]
            numbers = queue_window(inside, variant, as_of)
            if scope == "site":
                numbers.update(_site_window([c for c in calls if within(c.started_at, window, as_of, facts.timezone)], rules, facts))
                if window != "today":
                    del numbers["lost_callers"]
            values.update(numbers if window == "today" else {f"{window}.{name}": value for name, value in numbers.items()})
    for agent in facts.agents:
        shown[f"agent:{agent}"] = _agent_today(calls, agent, facts, as_of)
    return shown
