"""The calls behind a queue's number: every count of the wallboard can be counted again from this list.

Rules that hold here: the same settlement and the same limits as the count itself; newest first; a visit belongs to the window it
entered in, `waiting` alone to the present.
"""

from collections.abc import Callable
from dataclasses import dataclass

from stats.domain.facts import Facts
from stats.domain.metrics import QueueTargets, counts_in_queues, is_short
from stats.domain.outcomes import SettledVisit, VisitOutcome, settle
from stats.domain.periods import MINUTE_MS, WINDOWS, business_day, day_bounds, window_minutes
from stats.domain.records import Call
from wallboard.api.call_document import WhoIsWho, outcome_of, wait_of

# A visit may begin this long after its call did.
REACH_MS = 6 * 3600 * 1000
WINDOW_NAMES = ("today", *WINDOWS)

Belongs = Callable[[SettledVisit, QueueTargets], bool]


def _is(outcome: VisitOutcome) -> Belongs:
    return lambda visit, _targets: visit.outcome is outcome


def _in_target(visit: SettledVisit, targets: QueueTargets) -> bool:
    return visit.wait is not None and visit.wait <= targets.target_ms


def _abandoned(visit: SettledVisit, targets: QueueTargets) -> bool:
    return visit.outcome is VisitOutcome.ABANDONED and not is_short(visit, targets)


METRICS: dict[str, Belongs] = {
    "offered": lambda _visit, _targets: True,
    "waiting": _is(VisitOutcome.WAITING),
    "answered": _is(VisitOutcome.ANSWERED),
    "answered_in_target": lambda visit, targets: visit.outcome is VisitOutcome.ANSWERED and _in_target(visit, targets),
    "abandoned": _abandoned,
    "abandoned_in_target": lambda visit, targets: _abandoned(visit, targets) and _in_target(visit, targets),
    "short_abandoned": lambda visit, targets: visit.outcome is VisitOutcome.ABANDONED and is_short(visit, targets),
    "overflowed": _is(VisitOutcome.OVERFLOWED),
    "voicemail": _is(VisitOutcome.VOICEMAIL),
    "callbacks": _is(VisitOutcome.CALLBACK),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One visit behind a number. `wait` in seconds."""

    id_call: str
    entered_at: int
    wait: float | None
    outcome: str


def bounds(window: str, as_of: int, timezone: str) -> tuple[int, int]:
    """The instants [first, end) in which a visit of the window entered, epoch ms."""
    if window == "today":
        return day_bounds(business_day(as_of, timezone), timezone)
    minutes = window_minutes(window, as_of)
    return minutes[0] * MINUTE_MS, (minutes[-1] + 1) * MINUTE_MS


def rows(calls: list[Call], facts: Facts, queue_key: str, metric: str, first: int, end: int, as_of: int) -> list[Row]:
    """The visits of these calls that the queue's metric counts, in no order."""
    who, targets, belongs = WhoIsWho(facts), facts.rules.of(queue_key), METRICS[metric]
    found: list[Row] = []
    for call in calls:
        settled = settle(call)
        if not counts_in_queues(settled, facts.rules):
            continue
        for visit in settled.visits:
            if visit.entered_at is None or not first <= visit.entered_at < end or not belongs(visit, targets):
                continue
            if who.queue(call.source, visit.visit.queue)[1] != queue_key:
                continue
            outcome = outcome_of(visit, queue_key, facts)
            found.append(Row(id_call=call.id_call, entered_at=visit.entered_at, wait=wait_of(visit, as_of), outcome=outcome))
    return found
