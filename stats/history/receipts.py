"""Lists and totals of the archive's visits, offers and calls by class: what SQL knows of the records behind a number.

Rules that hold here: classes are those of `stats.domain.receipts`, word for word; keys are as they were when the call was kept, whoever
asks names all that are one today; an order is by instant, ties whole, so that no engine's order of text matters; asked of any thread.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import Case, CharField, Count, F, Max, Q, SmallIntegerField, Sum, Value, When
from django.db.models.expressions import RawSQL

from stats.domain import receipts as r
from stats.domain.metrics import DEFAULT_TARGETS, CountingRules, QueueTargets
from stats.domain.periods import QUARTER_MS
from stats.domain.receipts import Groups, Row, Totals
from stats.history.tables import ArchivedCall, ArchivedOffer, ArchivedVisit

# An outgoing call may ring its agent's phones one after the other for so long.
OUT_REACH_MS = 6 * 3_600_000
_AT_ONCE = 400
# So many rows more than a page are read for those of its last instant.
_TIES = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Whose records of [first, end) (epoch ms). `keys`: stored key -> key of today; `limits`: by stored key.

    `everything`: of every queue, and `keys` only tells which key is which. `pieces`: of that time these stretches alone (of offers whoever
    asks sees to it). `without`: sources whose records are left out.
    """

    organisation: str
    first: int
    end: int
    rules: CountingRules
    keys: Mapping[str, str] | None = None
    limits: Mapping[str, QueueTargets]
    everything: bool = False
    pieces: tuple[tuple[int, int], ...] = ()
    without: tuple[str, ...] = ()

    def key(self, stored: str) -> str:
        """The key of today."""
        return self.keys.get(stored, stored) if self.keys is not None else stored


# A condition or a class in SQL, and what is filled in. Written out: a query set takes longer to put such a thing together than an
# engine to count a day by it.
Words = tuple[str, list[str]]


def _of_time(question: Question, rows: Any, *, first: int | None = None) -> Any:
    rows = rows.filter(organisation=question.organisation, at_ms__gte=question.first if first is None else first, at_ms__lt=question.end)
    if question.without:
        rows = rows.exclude(source__in=question.without)
    if first is not None or not question.pieces:
        return rows
    return rows.filter(reduce(or_, (Q(at_ms__gte=begin, at_ms__lt=over) for begin, over in question.pieces)))


def _told(words: str, given: list[str], kind: Any = CharField) -> RawSQL:
    return RawSQL(words, given, output_field=kind())  # noqa: S611 (our own words; keys of queues are filled in)


def _limit(question: Question, column: str, read: Callable[[QueueTargets], int]) -> Words:
    """The limit of a row's queue in ms: the default, and the queues that have another."""
    usual = read(DEFAULT_TARGETS)
    others: dict[int, list[str]] = {}
    for key, targets in question.limits.items():
        if read(targets) != usual:
            others.setdefault(read(targets), []).append(key)
    if not others:
        return f"{usual:d}", []
    cases = " ".join(f"WHEN {column} IN ({', '.join(['%s'] * len(keys))}) THEN {ms:d}" for ms, keys in sorted(others.items()))
    return f"CASE {cases} ELSE {usual:d} END", [key for _ms, keys in sorted(others.items()) for key in keys]


def _visits(question: Question, *, of_any: bool = False) -> Any:
    """`of_any`: of any queue, whatever the question is about."""
    rows = _of_time(question, ArchivedVisit.objects.filter(dated=True).exclude(queue=""))
    if question.keys is not None and not question.everything and not of_any:
        rows = rows.filter(queue__in=list(question.keys))
    target, in_target = _limit(question, "queue", lambda targets: targets.target_ms)
    short, in_short = _limit(question, "queue", lambda targets: targets.short_ms)
    internal = "" if question.rules.include_internal else f"WHEN internal THEN '{r.INTERNAL}'"
    words = (
        f"CASE WHEN direction = 'out' THEN '{r.OUTGOING}' {internal} WHEN outcome NOT IN ('answered', 'abandoned') THEN outcome"
        f" WHEN outcome = 'answered' THEN CASE WHEN wait_ms <= {target} THEN '{r.MET}' ELSE '{r.LATE}' END"
        f" WHEN wait_ms < {short} THEN CASE WHEN wait_ms <= {target} THEN '{r.SHORT_MET}' ELSE '{r.SHORT_LATE}' END"
        f" WHEN wait_ms <= {target} THEN '{r.ABANDONED_MET}' ELSE '{r.ABANDONED_LATE}' END"
    )
    return rows.annotate(klass=_told(words, [*in_target, *in_short, *in_target, *in_target]))


_VISIT = ("source", "id_call", "number", "at_ms", "queue", "outcome", "klass", "left_ms", "wait_ms", "talk_ms", "hold_ms", "transferred")


def _visit_row(question: Question, told: Sequence[Any]) -> Row:
    source, id_call, number, at, queue, outcome, klass, left, wait, talk, hold, transferred = told
    return Row(
        source=source,
        id_call=id_call,
        number=number,
        at=at,
        key=question.key(queue),
        outcome=outcome,
        klass=klass,
        ended_at=left,
        wait=wait,
        talk=talk,
        hold=hold,
        transferred=transferred,
    )


# What may be added up of a class besides how many there are, by name.
_SUMS: Mapping[str, Mapping[str, Any]] = {
    "wait": {"wait_n": Count("wait_ms"), "wait_sum": Sum("wait_ms"), "wait_max": Max("wait_ms")},
    "talk": {
        "talk_n": Count("talk_ms"),
        "talk_sum": Sum("talk_ms"),
        "hold_sum": Sum("hold_ms"),
        "hold_of_talk": Sum("hold_ms", filter=Q(talk_ms__isnull=False)),
    },
    "transferred": {"moved_on": Count("outcome", filter=Q(transferred=True))},
}
EVERY_SUM = frozenset({*_SUMS, "buckets"})


def visit_totals(question: Question, sums: frozenset[str] = EVERY_SUM, *, by_key: bool = True) -> Groups:
    """Totals of the visits by class, and by key (else under ""). `sums`: what is added up besides how many. Raises django.db.Error."""
    by = ("queue", "klass") if by_key else ("klass",)
    asked = {name: each for kind in sums & _SUMS.keys() for name, each in _SUMS[kind].items()}
    rows = _visits(question).order_by()
    if "buckets" in sums:
        # In the same pass.
        rows = rows.annotate(bucket=_told("CASE WHEN outcome = 'answered' THEN wait_bucket END", [], SmallIntegerField))
        by = (*by, "bucket")
    groups: Groups = {}
    for told in rows.values(*by).annotate(n=Count("*"), **asked):
        each = groups.setdefault((question.key(told.pop("queue", "")), told.pop("klass")), Totals())
        longest, bucket = told.pop("wait_max", None), told.pop("bucket", None)
        each.wait_max = longest if each.wait_max is None else max(each.wait_max, longest or 0)
        each.transferred += told.pop("moved_on", 0)
        if bucket is not None:
            each.buckets[bucket] = each.buckets.get(bucket, 0) + told["n"]
        for name, amount in told.items():
            setattr(each, name, getattr(each, name) + (amount or 0))
    return groups


def visit_quarters(question: Question) -> dict[int, Groups]:
    """Totals of the visits by the UTC quarter they entered in (its first instant), one question to the database."""
    rows = _visits(question).order_by().annotate(quarter=F("at_ms") - F("at_ms") % QUARTER_MS)
    quarters: dict[int, Groups] = {}
    asked = rows.values_list("quarter", "queue", "klass").annotate(
        n=Count("*"), wait_n=Count("wait_ms"), wait_sum=Sum("wait_ms"), wait_max=Max("wait_ms")
    )
    for quarter, queue, klass, n, wait_n, wait_sum, wait_max in asked:
        each = quarters.setdefault(quarter, {}).setdefault((question.key(queue), klass), Totals())
        each.n += n
        each.wait_n += wait_n
        each.wait_sum += wait_sum or 0
        each.wait_max = wait_max if each.wait_max is None else max(each.wait_max, wait_max or 0)
    return quarters


def visit_rows(question: Question, classes: Iterable[str], before: int | None, limit: int, *, longest: bool = False) -> list[Row]:
    """At least `limit` of the newest visits of these classes (fewer: there are no more), those at `before` and earlier, ties whole.

    `longest`: the longest waits instead, `before` being a wait in ms.
    """
    rows = _visits(question).filter(klass__in=list(classes))
    column = "wait_ms" if longest else "at_ms"
    found = _page(rows.filter(wait_ms__isnull=False) if longest else rows, _VISIT, column, before, limit)
    return [_visit_row(question, told) for told in found]


def visits_of_calls(question: Question, ids: Mapping[str, Sequence[str]]) -> list[Row]:
    """The archive's telling of the visits of these calls (by source), in the question's time."""
    # Which queues they are of is told apart here: an engine that looked for them by queue would read the whole day.
    rows = [_visit_row(question, told) for part in _parts(_visits(question, of_any=True), ids) for told in part.values_list(*_VISIT)]
    if question.keys is None or question.everything:
        return rows
    mine = frozenset(question.keys.values())
    return [row for row in rows if row.key in mine]


def _offers(question: Question) -> Any:
    rows: Any = ArchivedOffer.objects.filter(dated=True, agent__in=list(question.keys or {}))
    return rows.annotate(klass=Case(When(direction="out", then=Value(r.OUTGOING)), default=F("outcome"), output_field=CharField()))


def offer_rows(question: Question) -> list[Row]:
    """Every offer to the question's agents, newest last, outgoing ones one row a call: an agent's day is small."""
    asked = _of_time(question, _offers(question), first=question.first - OUT_REACH_MS).order_by("at_ms")
    out: set[tuple[str, str, str]] = set()
    found: list[Row] = []
    names = ("source", "id_call", "number", "at_ms", "agent", "queue", "outcome", "klass", "ended_ms", "talk_ms", "hold_ms", "ring_ms")
    for source, id_call, number, at, agent, queue, outcome, klass, ended, talk, hold, ring in asked.values_list(*names):
        key = question.key(agent)
        if klass == r.OUTGOING:
            if (key, source, id_call) in out:
                continue
            out.add((key, source, id_call))
        if at < question.first:
            continue
        over = outcome not in ("ringing", "talking")
        found.append(
            Row(
                source=source,
                id_call=id_call,
                number=number,
                at=at,
                key=key,
                outcome=outcome,
                klass=klass,
                ended_at=ended,
                talk=talk if over else None,
                hold=hold if over else None,
                ring=ring if over else None,
                queue=queue,
            )
        )
    return found


def _calls(question: Question) -> Any:
    short, in_short = _limit(question, "last_queue", lambda targets: targets.short_ms)
    lost = f"gave_up AND CASE WHEN last_wait_ms < {short} THEN 1 ELSE 0 END = 0"
    words = (
        f"CASE WHEN internal THEN '{r.INTERNAL}' WHEN direction = 'out' THEN '{r.OUTGOING}' WHEN direction <> 'in' THEN 'none'"
        f" WHEN {lost} THEN CASE WHEN outcome = 'answered' THEN 'reached_lost' ELSE 'lost' END"
        " WHEN outcome = 'answered' THEN 'reached' WHEN outcome = 'unanswered' AND ivr THEN 'menu' ELSE 'in' END"
    )
    return _of_time(question, ArchivedCall.objects.annotate(klass=_told(words, in_short)))


_CALL = ("source", "id_call", "at_ms", "outcome", "klass", "ended_ms", "number")


def _call_row(told: Sequence[Any]) -> Row:
    source, id_call, at, outcome, klass, ended, number = told
    return Row(source=source, id_call=id_call, number=0, at=at, key="", outcome=outcome, klass=klass, ended_at=ended, caller=number)


def call_totals(question: Question) -> Groups:
    """How many calls of each class started. Raises django.db.Error."""
    return {("", klass): Totals(n=n) for klass, n in _calls(question).order_by().values_list("klass").annotate(n=Count("*"))}


def call_rows(question: Question, classes: Iterable[str], before: int | None, limit: int) -> list[Row]:
    """As `visit_rows`, of calls by their start."""
    return [_call_row(told) for told in _page(_calls(question).filter(klass__in=list(classes)), _CALL, "at_ms", before, limit)]


def calls_of_ids(question: Question, ids: Mapping[str, Sequence[str]]) -> list[Row]:
    """The archive's telling of these calls."""
    return [_call_row(told) for part in _parts(_calls(question), ids) for told in part.values_list(*_CALL)]


def _parts(rows: Any, ids: Mapping[str, Sequence[str]]) -> Iterable[Any]:
    for source, each in ids.items():
        for at in range(0, len(each), _AT_ONCE):
            yield rows.filter(source=source, id_call__in=list(each[at : at + _AT_ONCE]))


def _page(rows: Any, columns: Sequence[str], column: str, before: int | None, limit: int) -> list[Sequence[Any]]:
    """The rows down to the instant of the `limit`-th at least, that instant whole; mostly one question."""
    if before is not None:
        rows = rows.filter(**{f"{column}__lte": before})
    ordered, at = rows.order_by(f"-{column}").values_list(*columns), columns.index(column)
    found = list(ordered[: limit + _TIES])
    if len(found) < limit + _TIES:
        return found
    # Of the last instant there may be more.
    last = found[-1][at]
    whole = [told for told in found if told[at] != last]
    return whole if len(whole) >= limit else list(ordered.filter(**{f"{column}__gte": last}))
