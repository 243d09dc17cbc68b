"""What one call adds to every shown sum, told by the slow way alone: a recount of a list of one.

Rules that hold here: definitions are those of `recount`, applied to one visit, offer or call at a time (the mean of one thing is the
thing); nothing is taken from `contribution`, so that a fault there or in the store shows as a difference.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from stats.domain.histogram import bucket
from stats.domain.metrics import DEFAULT_TARGETS, Amounts, Caller, CountingRules, counts_in_queues
from stats.domain.outcomes import OfferOutcome, SettledCall, VisitOutcome
from stats.domain.records import Direction, Party
from stats.domain.recount import Pair, lost_of, offer_numbers, queue_window, site_numbers

KeyOf = Callable[[Party], str | None]
# What a window counts under the name its sum has as well.
_SAME = ("answered", "answered_in_target", "abandoned", "short_abandoned", "abandoned_in_target", "overflowed", "voicemail", "callbacks")
_SITE = ("calls_in", "calls_out", "calls_internal", "calls_answered", "ivr_abandoned", "true_abandoned")


@dataclass(slots=True)
class Tally:
    """`cells`: (scope, instant, amounts); `waits`: (queue, entered, ms); `waiting`: queues; `loose`: some key may yet become another."""

    cells: list[tuple[str, int, Amounts]] = field(default_factory=list)
    waits: list[tuple[str, int, int]] = field(default_factory=list)
    waiting: list[str] = field(default_factory=list)
    caller: Caller | None = None
    loose: bool = False


def tally(call: SettledCall, rules: CountingRules, queue_key: KeyOf, agent_key: KeyOf) -> Tally:
    """Everything one call adds, by cell."""
    found = Tally()
    if counts_in_queues(call, rules):
        for visit in call.visits:
            key = queue_key(visit.visit.queue)
            found.loose |= visit.visit.queue.id is None
            if key is None:
                continue
            if visit.outcome is VisitOutcome.WAITING and visit.entered_at is not None:
                found.waiting.append(key)
            if visit.entered_at is None:
                continue
            found.cells.append((f"q:{key}", visit.entered_at, _of_visit((visit, rules.of(key)))))
            if visit.wait is not None and visit.outcome is not VisitOutcome.EXPIRED:
                found.waits.append((key, visit.entered_at, visit.wait))
    _offers(call, found, agent_key)
    if call.started_at is not None:
        numbers = site_numbers([call], rules, queue_key)
        found.cells.append(("s", call.started_at, {name: int(str(numbers[name])) for name in _SITE if numbers[name]}))
    lost, reached = lost_of(call, rules, queue_key), call.answered and not call.internal
    if call.number and call.number.startswith("+") and call.started_at is not None and (lost or reached):
        found.caller = Caller(call.number, call.started_at, lost, reached)
    return found


def _of_visit(pair: Pair) -> Amounts:
    told = queue_window([pair], DEFAULT_TARGETS.variant, 0)
    amounts: Amounts = {"offered": 1, **{name: int(str(told[name])) for name in _SAME if told[name]}}
    levels = told["service_levels"]
    if told["short_abandoned"] and isinstance(levels, dict) and levels["early_abandons_met"]:
        amounts["short_in_target"] = 1
    if told["asa"] is not None:
        amounts["wait_n"], amounts["wait_sum"] = 1, _ms(told["asa"])
        amounts[f"h{bucket(_ms(told['wait_p50']))}"] = 1
    if told["avg_abandon_wait"] is not None:
        amounts["abandon_wait_n"], amounts["abandon_wait_sum"] = 1, _ms(told["avg_abandon_wait"])
    if told["att"] is not None:
        amounts["talk_n"], amounts["talk_sum"], amounts["hold_sum"] = 1, _ms(told["att"]), _ms(told["avg_hold"])
    if told["transfer_rate"]:
        amounts["transferred"] = 1
    return amounts


def _offers(call: SettledCall, found: Tally, agent_key: KeyOf) -> None:
    out: dict[str, int] = {}
    for offer, outcome in zip(call.call.offers, call.offers, strict=True):
        key = agent_key(offer.agent)
        found.loose |= offer.agent.id is None
        if key is None or offer.began_at is None:
            continue
        if (offer.direction or call.direction) is Direction.OUT:
            out[key] = min(offer.began_at, out.get(key, offer.began_at))
            continue
        told = offer_numbers([(offer, outcome)])
        amounts: Amounts = {name: int(str(told[name])) for name in ("offers", "answered", "missed", "withdrawn") if told[name]}
        if outcome not in (OfferOutcome.RINGING, OfferOutcome.TALKING):
            amounts |= {f"{kind}_sum": _ms(told[f"{kind}_time"]) for kind in ("talk", "hold", "ring")}
            amounts["talk_n"] = int(told["aht"] is not None)
        found.cells.append((f"a:{key}", offer.began_at, amounts))
    found.cells += [(f"a:{key}", at, {"outgoing": 1}) for key, at in out.items()]


def _ms(seconds: object) -> int:
    return round(float(str(seconds)) * 1000)
