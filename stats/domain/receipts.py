"""The records behind a number, each in exactly one class, and what they give when they are counted again.

Rules that hold here:
- A visit, offer or call is in one class; a number lists some classes and counts some of these (`definitions`).
- Totals of classes make the amounts that `metrics.contribution` puts into cells: a list counted again gives the number, or a fault shows.
- A class is made from what the archive's columns tell, so that a database can name it too.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from stats.domain.histogram import bucket
from stats.domain.metrics import DEFAULT_TARGETS, Amounts, CountingRules, KeyOf, QueueTargets
from stats.domain.outcomes import OfferOutcome, SettledCall, VisitOutcome
from stats.domain.records import Direction

MET, LATE = "met", "late"
ABANDONED_MET, ABANDONED_LATE = "abandoned_met", "abandoned_late"
SHORT_MET, SHORT_LATE = "short_met", "short_late"
INTERNAL, OUTGOING = "internal", "outgoing"

ANSWERED = frozenset({MET, LATE})
ABANDONED = frozenset({ABANDONED_MET, ABANDONED_LATE})
SHORT = frozenset({SHORT_MET, SHORT_LATE})
OVERFLOWED, VOICEMAIL, CALLBACKS = frozenset({"overflowed"}), frozenset({"voicemail"}), frozenset({"callback"})
WAITING, LEAVING, EXPIRED = frozenset({"waiting"}), frozenset({"leaving"}), frozenset({"expired"})
ENDED = ANSWERED | ABANDONED | SHORT | OVERFLOWED | VOICEMAIL | CALLBACKS
OFFERED = ENDED | WAITING | LEAVING | EXPIRED
NOT_COUNTED = frozenset({INTERNAL, OUTGOING})

RANG = frozenset({"answered", "talking", "missed", "withdrawn", "ringing"})
OVER = frozenset({"answered", "missed", "withdrawn"})
CALLED_OUT = frozenset({OUTGOING})

CALL_REACHED = frozenset({"reached", "reached_lost"})
CALL_LOST = frozenset({"reached_lost", "lost"})
CALL_MENU = frozenset({"menu"})
CALL_IN = CALL_REACHED | CALL_LOST | CALL_MENU | {"in"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One record behind a number. Instants epoch ms, durations ms; `key` the queue's or agent's, "" of a call; `number` its place in it."""

    source: str
    id_call: str
    number: int
    at: int
    key: str
    outcome: str
    klass: str
    ended_at: int | None = None
    wait: int | None = None
    talk: int | None = None
    hold: int | None = None
    ring: int | None = None
    transferred: bool = False
    caller: str = ""
    queue: str = ""  # of an offer: the queue it was made for

    @property
    def place(self) -> tuple[int, str, int, str]:
        """Where it stands in a list that is read newest first."""
        return (self.at, self.id_call, self.number, self.source)


@dataclass(slots=True)
class Totals:
    """What the rows of one class add up to: how many, and sums and counts of what is known of them, ms."""

    n: int = 0
    wait_n: int = 0
    wait_sum: int = 0
    wait_max: int | None = None
    talk_n: int = 0
    talk_sum: int = 0
    hold_sum: int = 0
    hold_of_talk: int = 0  # hold of those whose talk is known
    ring_sum: int = 0
    transferred: int = 0
    buckets: dict[int, int] = field(default_factory=dict)

    def add(self, row: Row, sign: int = 1) -> None:
        """Put a row in, or (`sign` -1) take it out; the maximum is never taken back."""
        self.n += sign
        if row.wait is not None:
            self.wait_n += sign
            self.wait_sum += sign * row.wait
            if sign > 0:
                self.wait_max = max(row.wait, self.wait_max or 0)
            of = bucket(row.wait)
            self.buckets[of] = self.buckets.get(of, 0) + sign
        if row.talk is not None:
            self.talk_n += sign
            self.talk_sum += sign * row.talk
            self.hold_of_talk += sign * (row.hold or 0)
        self.hold_sum += sign * (row.hold or 0)
        self.ring_sum += sign * (row.ring or 0)
        self.transferred += sign * row.transferred


Groups = dict[tuple[str, str], Totals]  # (key, class) -> totals


def class_of_visit(direction: str, internal: bool, outcome: str, wait: int | None, targets: QueueTargets, rules: CountingRules) -> str:
    """The one class of a visit. The same words in SQL: `stats.history.receipts`."""
    if direction == Direction.OUT:
        return OUTGOING
    if internal and not rules.include_internal:
        return INTERNAL
    in_target = wait is not None and wait <= targets.target_ms
    if outcome == VisitOutcome.ANSWERED:
        return MET if in_target else LATE
    if outcome == VisitOutcome.ABANDONED:
        if wait is not None and wait < targets.short_ms:
            return SHORT_MET if in_target else SHORT_LATE
        return ABANDONED_MET if in_target else ABANDONED_LATE
    return outcome


def class_of_call(call: SettledCall, rules: CountingRules, queue_key: KeyOf) -> str:
    """The one class of a call, for the numbers of the site."""
    if call.internal:
        return INTERNAL
    if call.direction is Direction.OUT:
        return OUTGOING
    if call.direction is not Direction.IN:
        return "none"
    last = call.visits[-1] if call.visits else None
    key = queue_key(last.visit.queue) if last is not None else None
    targets = rules.of(key) if key is not None else DEFAULT_TARGETS
    lost = last is not None and last.outcome is VisitOutcome.ABANDONED and not (last.wait is not None and last.wait < targets.short_ms)
    if lost:
        return "reached_lost" if call.answered else "lost"
    if call.answered:
        return "reached"
    in_menu = call.ended and not call.visits and call.ivr_seen and not call.call.expired
    return "menu" if in_menu else "in"


def visits_of(call: SettledCall, rules: CountingRules, queue_key: KeyOf) -> Iterator[Row]:
    """The visits of a call that belong to a queue and a time."""
    for number, each in enumerate(call.visits):
        key = queue_key(each.visit.queue)
        if key is None or each.entered_at is None:
            continue
        expired = each.outcome is VisitOutcome.EXPIRED
        yield Row(
            source=call.call.source,
            id_call=call.call.id_call,
            number=number,
            at=each.entered_at,
            key=key,
            outcome=str(each.outcome),
            klass=class_of_visit(str(call.direction or ""), call.internal, str(each.outcome), each.wait, rules.of(key), rules),
            ended_at=each.left_at,
            wait=None if expired else each.wait,
            talk=each.talk,
            hold=each.hold,
            transferred=each.transferred,
        )


def offers_of(call: SettledCall, agent_key: KeyOf, queue_key: KeyOf) -> Iterator[Row]:
    """The offers of a call that belong to an agent and a time; outgoing ones are one row an agent, the first."""
    out: dict[str, Row] = {}
    for number, (each, outcome) in enumerate(zip(call.call.offers, call.offers, strict=True)):
        key = agent_key(each.agent)
        if key is None or each.began_at is None:
            continue
        outgoing = (each.direction or call.direction) is Direction.OUT
        over = outcome not in (OfferOutcome.RINGING, OfferOutcome.TALKING)
        row = Row(
            source=call.call.source,
            id_call=call.call.id_call,
            number=number,
            at=each.began_at,
            key=key,
            outcome=str(outcome),
            klass=OUTGOING if outgoing else str(outcome),
            ended_at=each.ended_at,
            talk=each.talk_ms if over else None,
            hold=each.hold_ms if over else None,
            ring=each.ring_ms if over else None,
            queue=(queue_key(each.queue) if each.queue is not None else None) or "",
        )
        if not outgoing:
            yield row
        elif key not in out or row.at < out[key].at:
            out[key] = row
    yield from out.values()


def call_of(call: SettledCall, rules: CountingRules, queue_key: KeyOf) -> Row | None:
    """A call as the site counts it; None without an instant."""
    if call.started_at is None:
        return None
    return Row(
        source=call.call.source,
        id_call=call.call.id_call,
        number=0,
        at=call.started_at,
        key="",
        outcome="answered" if call.answered else "expired" if call.call.expired else _last_word(call),
        klass=class_of_call(call, rules, queue_key),
        ended_at=call.ended_at,
        caller=call.number or "",
    )


def _last_word(call: SettledCall) -> str:
    return str(call.visits[-1].outcome) if call.visits else "unanswered"


def grouped(rows: Iterable[Row], into: Groups | None = None, sign: int = 1) -> Groups:
    """Rows added up by key and class."""
    groups: Groups = {} if into is None else into
    for row in rows:
        groups.setdefault((row.key, row.klass), Totals()).add(row, sign)
    return groups


def total(groups: Groups, classes: frozenset[str], keys: frozenset[str] | None = None) -> Totals:
    """Totals over some classes and keys."""
    whole = Totals()
    for (key, klass), each in groups.items():
        if klass in classes and (keys is None or key in keys):
            _merge(whole, each)
    return whole


def merged(groups: Groups, more: Groups) -> None:
    """Put other totals to these."""
    for group, each in more.items():
        _merge(groups.setdefault(group, Totals()), each)


def _merge(whole: Totals, each: Totals) -> None:
    for name in ("n", "wait_n", "wait_sum", "talk_n", "talk_sum", "hold_sum", "hold_of_talk", "ring_sum", "transferred"):
        setattr(whole, name, getattr(whole, name) + getattr(each, name))
    if each.wait_max is not None:
        whole.wait_max = max(each.wait_max, whole.wait_max or 0)
    for number, count in each.buckets.items():
        whole.buckets[number] = whole.buckets.get(number, 0) + count


def visit_amounts(groups: Groups, keys: frozenset[str] | None = None) -> Amounts:
    """The amounts a queue's cells hold, from its visits."""
    answered, abandoned = total(groups, ANSWERED, keys), total(groups, ABANDONED, keys)
    count: Callable[[frozenset[str]], int] = lambda classes: total(groups, classes, keys).n  # noqa: E731
    return {
        "offered": count(OFFERED),
        "answered": answered.n,
        "answered_in_target": count(frozenset({MET})),
        "abandoned": abandoned.n,
        "abandoned_in_target": count(frozenset({ABANDONED_MET})),
        "short_abandoned": count(SHORT),
        "short_in_target": count(frozenset({SHORT_MET})),
        "overflowed": count(OVERFLOWED),
        "voicemail": count(VOICEMAIL),
        "callbacks": count(CALLBACKS),
        "wait_n": answered.wait_n,
        "wait_sum": answered.wait_sum,
        "abandon_wait_n": abandoned.wait_n,
        "abandon_wait_sum": abandoned.wait_sum,
        "talk_n": answered.talk_n,
        "talk_sum": answered.talk_sum,
        "hold_sum": answered.hold_of_talk,
        "transferred": answered.transferred,
        **{f"h{number}": count for number, count in answered.buckets.items() if count},
    }


def offer_amounts(groups: Groups) -> Amounts:
    """The amounts an agent's cell holds, from the agent's offers."""
    over, answered = total(groups, OVER), total(groups, frozenset({"answered"}))
    count: Callable[[str], int] = lambda klass: total(groups, frozenset({klass})).n  # noqa: E731
    return {
        "offers": total(groups, RANG).n,
        "answered": answered.n + count("talking"),
        "missed": count("missed"),
        "withdrawn": count("withdrawn"),
        "outgoing": count(OUTGOING),
        "talk_n": answered.talk_n,
        "talk_sum": over.talk_sum,
        "hold_sum": over.hold_sum,
        "ring_sum": over.ring_sum,
    }


CALL_METRICS: Mapping[str, frozenset[str]] = {
    "calls_in": CALL_IN,
    "calls_out": frozenset({OUTGOING}),
    "calls_internal": frozenset({INTERNAL}),
    "calls_answered": CALL_REACHED,
    "ivr_abandoned": CALL_MENU,
    "true_abandoned": CALL_LOST,
}
