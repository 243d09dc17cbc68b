"""What each number means: one contribution per call, amounts that add, and ratios derived from sums at reading.

Rules that hold here:
- `contribution(call)` is everything a call puts into every cell, whole, never a difference; the store subtracts what it showed before.
- An amount adds over calls, cells and time. Means are (sum, count); ratios come from sums, never from ratios; an empty denominator is None.
- A cell is a scope ("q:<queue>", "a:<agent>", "s" the site) and an instant; stores map the instant to their minute, day or quarter.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from stats.domain.histogram import bucket
from stats.domain.outcomes import OfferOutcome, SettledCall, SettledVisit, VisitOutcome
from stats.domain.records import Direction, Party

# Bumped whenever a definition changes, so that stored sums know what they mean.
DEFINITIONS = 1

Variant = Literal["short_excluded", "all_abandons_miss", "early_abandons_met", "early_abandons_excluded", "answered_only", "short_met"]
VARIANTS: tuple[Variant, ...] = (
    "short_excluded",
    "all_abandons_miss",
    "early_abandons_met",
    "early_abandons_excluded",
    "answered_only",
    "short_met",
)

Amounts = dict[str, int]
KeyOf = Callable[[Party], str | None]


def plain_key(party: Party) -> str | None:
    """The key a party supports alone, where no directory is at hand."""
    return party.key


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueTargets:
    """A queue's targets: seconds as ms, the share as an exact decimal."""

    target_ms: int = 20_000
    short_ms: int = 5_000
    share: Decimal = Decimal("0.80")
    variant: Variant = "short_excluded"


DEFAULT_TARGETS = QueueTargets()


@dataclass(frozen=True, slots=True, kw_only=True)
class CountingRules:
    """What an organisation has set: targets by queue key, and whether internal calls count in queues."""

    targets: Mapping[str, QueueTargets] = field(default_factory=dict)
    include_internal: bool = False

    def of(self, queue: str) -> QueueTargets:
        """A queue's targets, or the defaults."""
        return self.targets.get(queue, DEFAULT_TARGETS)


@dataclass(frozen=True, slots=True)
class Wait:
    """One ended wait, kept singly because a maximum cannot be subtracted."""

    queue: str
    entered_at: int
    ms: int
    number: int


@dataclass(frozen=True, slots=True)
class Talk:
    """An answered visit that may still be in talk: the agents whose answering offer is active; presence may add others."""

    queue: str
    agents: tuple[str, ...]
    last: bool


@dataclass(frozen=True, slots=True)
class Living:
    """What of a call is happening now. Empty when nothing is."""

    waiting: tuple[tuple[str, int], ...] = ()  # (queue, entered_at)
    talks: tuple[Talk, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.waiting or self.talks)


@dataclass(frozen=True, slots=True)
class Caller:
    """What a call says about its caller being reached: the number, when, and whether lost or answered."""

    number: str
    started_at: int
    lost: bool
    answered: bool


@dataclass(slots=True)
class Contribution:
    """Everything one call shows."""

    cells: list[tuple[str, int, Amounts]] = field(default_factory=list)
    waits: list[Wait] = field(default_factory=list)
    living: Living = field(default_factory=Living)
    caller: Caller | None = None

    def add(self, scope: str, at: int | None, amounts: Amounts) -> None:
        """Put amounts into a cell; a thing without an instant belongs to no time and counts nowhere."""
        if at is not None and amounts:
            self.cells.append((scope, at, amounts))


def counts_in_queues(call: SettledCall, rules: CountingRules) -> bool:
    """Whether a call counts in queue numbers at all."""
    return call.direction is not Direction.OUT and (rules.include_internal or not call.internal)


def contribution(call: SettledCall, rules: CountingRules, queue_key: KeyOf = plain_key, agent_key: KeyOf = plain_key) -> Contribution:
    """Everything a call puts into every cell under these rules. Pure: the same record gives the same answer for ever."""
    shown = Contribution()
    if counts_in_queues(call, rules):
        waiting: list[tuple[str, int]] = []
        talks: list[Talk] = []
        answered = [i for i, v in enumerate(call.visits) if v.outcome is VisitOutcome.ANSWERED]
        for number, visit in enumerate(call.visits):
            key = queue_key(visit.visit.queue)
            if key is None:
                continue
            shown.add(f"q:{key}", visit.entered_at, _visit_amounts(visit, rules.of(key)))
            if visit.wait is not None and visit.entered_at is not None and visit.outcome is not VisitOutcome.EXPIRED:
                shown.waits.append(Wait(key, visit.entered_at, visit.wait, number))
            if visit.outcome is VisitOutcome.WAITING and visit.entered_at is not None:
                waiting.append((key, visit.entered_at))
            elif visit.outcome is VisitOutcome.ANSWERED and _may_talk(call, visit):
                active = (call.call.offers[i] for i in visit.offers if call.offers[i] is OfferOutcome.TALKING)
                agents = tuple(sorted({a for offer in active if (a := agent_key(offer.agent)) is not None}))
                talks.append(Talk(key, agents, number == answered[-1]))
        shown.living = Living(tuple(waiting), tuple(talks))
    _add_offers(call, shown, agent_key)
    _add_site(call, shown, rules, queue_key)
    return shown


def _may_talk(call: SettledCall, visit: SettledVisit) -> bool:
    """Whether an answered visit can still be in talk: the call goes on, or nothing yet says that it ended."""
    if call.call.expired:
        return False
    if call.call.journey is not None:
        return call.call.journey.goes_on
    if any(offer is OfferOutcome.TALKING for offer in call.offers):
        # Whoever talks may have been handed this visit's caller; presence tells.
        return True
    return not visit.visit.ended or not any(call.offers[i] is OfferOutcome.ANSWERED for i in visit.offers)


def is_short(visit: SettledVisit, targets: QueueTargets) -> bool:
    """Whether an abandon came before the queue's short limit; an unknown wait is not short."""
    return visit.wait is not None and visit.wait < targets.short_ms


def _visit_amounts(visit: SettledVisit, targets: QueueTargets) -> Amounts:
    amounts: Amounts = {"offered": 1}
    wait, outcome = visit.wait, visit.outcome
    if outcome is VisitOutcome.ANSWERED:
        amounts["answered"] = 1
        if wait is not None:
            amounts["wait_n"] = 1
            if wait:
                amounts["wait_sum"] = wait
            if wait <= targets.target_ms:
                amounts["answered_in_target"] = 1
            amounts[f"h{bucket(wait)}"] = 1
        if visit.talk is not None:
            amounts["talk_n"] = 1
            amounts["talk_sum"] = visit.talk
            amounts["hold_sum"] = visit.hold
        if visit.transferred:
            amounts["transferred"] = 1
    elif outcome is VisitOutcome.ABANDONED:
        if is_short(visit, targets):
            amounts["short_abandoned"] = 1
            if wait is not None and wait <= targets.target_ms:
                amounts["short_in_target"] = 1
        else:
            amounts["abandoned"] = 1
            if wait is not None:
                amounts["abandon_wait_n"] = 1
                amounts["abandon_wait_sum"] = wait
                if wait <= targets.target_ms:
                    amounts["abandoned_in_target"] = 1
    elif outcome is VisitOutcome.OVERFLOWED:
        amounts["overflowed"] = 1
    elif outcome is VisitOutcome.VOICEMAIL:
        amounts["voicemail"] = 1
    elif outcome is VisitOutcome.CALLBACK:
        amounts["callbacks"] = 1
    return amounts


def _add_offers(call: SettledCall, shown: Contribution, agent_key: KeyOf) -> None:
    out: dict[str, int] = {}
    for offer, outcome in zip(call.call.offers, call.offers, strict=True):
        key = agent_key(offer.agent)
        if key is None:
            continue
        if (offer.direction or call.direction) is Direction.OUT:
            if offer.began_at is not None:
                out[key] = min(offer.began_at, out.get(key, offer.began_at))
            continue
        amounts: Amounts = {"offers": 1}
        if outcome in (OfferOutcome.ANSWERED, OfferOutcome.TALKING):
            amounts["answered"] = 1
        elif outcome is OfferOutcome.MISSED:
            amounts["missed"] = 1
        elif outcome is OfferOutcome.WITHDRAWN:
            amounts["withdrawn"] = 1
        if outcome not in (OfferOutcome.RINGING, OfferOutcome.TALKING):
            if offer.ring_ms:
                amounts["ring_sum"] = offer.ring_ms
            if outcome is OfferOutcome.ANSWERED and offer.talk_ms is not None:
                amounts["talk_n"] = 1
            if offer.talk_ms:
                amounts["talk_sum"] = offer.talk_ms
            if offer.hold_ms:
                amounts["hold_sum"] = offer.hold_ms
        shown.add(f"a:{key}", offer.began_at, amounts)
    for key, at in out.items():
        shown.add(f"a:{key}", at, {"outgoing": 1})


def _add_site(call: SettledCall, shown: Contribution, rules: CountingRules, queue_key: KeyOf) -> None:
    amounts: Amounts = {}
    lost = False
    if call.internal:
        amounts["calls_internal"] = 1
    elif call.direction is Direction.IN:
        amounts["calls_in"] = 1
        if call.answered:
            amounts["calls_answered"] = 1
        if call.ended and not call.answered and not call.visits and call.ivr_seen and not call.call.expired:
            amounts["ivr_abandoned"] = 1
        if call.visits:
            last = call.visits[-1]
            key = queue_key(last.visit.queue)
            targets = rules.of(key) if key is not None else DEFAULT_TARGETS
            lost = last.outcome is VisitOutcome.ABANDONED and not is_short(last, targets)
            if lost:
                amounts["true_abandoned"] = 1
    elif call.direction is Direction.OUT:
        amounts["calls_out"] = 1
    shown.add("s", call.started_at, amounts)
    # Only numbers that can be compared count, and a call between colleagues reaches no caller.
    reached = call.answered and not call.internal
    if call.number and call.number.startswith("+") and call.started_at is not None and (lost or reached):
        shown.caller = Caller(call.number, call.started_at, lost, reached)
