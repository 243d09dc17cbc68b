"""What SQL may ask about a call, made from its record: one row for the call, one per visit, one per offer, and the quarters it counts in.

Rules that hold here: nothing is in a row that is not in the record; text and numbers that a database would refuse are made fit for a
column here (the record keeps them as they are); the same record always gives the same rows.
"""

from collections.abc import Iterable
from typing import Any

from stats.domain.histogram import bucket
from stats.domain.outcomes import SettledCall, VisitOutcome, settle
from stats.domain.periods import quarter_of
from stats.domain.records import Call, Direction

CALL = (
    *("organisation", "source", "id_call", "at_ms", "ended_ms", "direction", "internal", "number", "outcome", "total_ms"),
    *("ivr", "gave_up", "last_queue", "last_wait_ms"),
    *("record", "lineage", "version", "kept_ms"),
)
VISIT = (
    *("organisation", "source", "id_call", "at_ms", "number", "queue", "outcome", "answered_ms", "left_ms"),
    *("wait_ms", "talk_ms", "hold_ms", "dated", "direction", "internal", "transferred", "wait_bucket"),
)
OFFER = (
    *("organisation", "source", "id_call", "at_ms", "number", "agent", "queue", "direction", "outcome", "answered_ms", "ended_ms"),
    *("ring_ms", "talk_ms", "hold_ms", "dated"),
)
LONGEST_KEY = 200
LONGEST_ID = 500
# A part that claims to lie further from its call is filed with it.
FARTHEST_MS = 30 * 86_400_000
_LARGEST = (1 << 63) - 1
Row = tuple[Any, ...]


def number(value: int | None) -> int | None:
    """A number that fits its column; else it is not told."""
    return value if value is None or -_LARGEST <= value <= _LARGEST else None


def small(value: int | None) -> int | None:
    """The same for a column of 32 bits."""
    return value if value is None or -(1 << 31) <= value < 1 << 31 else None


def word(value: str | None, longest: int = LONGEST_KEY) -> str:
    """Text that fits its column: PostgreSQL takes no NUL, and no index takes a novel."""
    return "" if value is None else value[:longest].replace("\0", "\ufffd")


def filed_at(*instants: int | None) -> int:
    """The first instant that is told and fits; 0 without one."""
    return next((fit for at in instants if (fit := number(at)) is not None), 0)


def part_at(start: int, *instants: int | None) -> int:
    """The same for a part of a call that started at `start`."""
    at = filed_at(*instants, start)
    return at if abs(at - start) <= FARTHEST_MS else start


def outcome_of(call: SettledCall) -> str:
    """What became of the whole call, in a word."""
    if call.answered:
        return "answered"
    if call.call.expired:
        return "expired"
    return str(call.visits[-1].outcome) if call.visits else "unanswered"


def id_of(call: Call) -> str:
    """The call's id as it is kept. Raises ValueError for one no index would take."""
    if len(call.id_call) > LONGEST_ID:
        raise ValueError("id_call")
    return word(call.id_call, LONGEST_ID)


def rows_of(organisation: str, call: Call) -> tuple[Row, list[Row], list[Row], set[int]]:
    """The call's row without its last four columns, its visits' and offers' rows, and the quarters that its numbers lie in."""
    settled = settle(call)
    key = (organisation, call.source, id_of(call))
    start = filed_at(settled.started_at)
    told = call.journey.total_ms if call.journey is not None else None
    last = settled.visits[-1] if settled.visits else None
    row = (
        *key,
        start,
        number(settled.ended_at),
        settled.direction or "",
        settled.internal,
        word(settled.number),
        outcome_of(settled),
        number(told),
        settled.ivr_seen,
        last is not None and last.outcome is VisitOutcome.ABANDONED,
        word(last.visit.queue.key) if last is not None else "",
        number(last.wait) if last is not None else None,
    )
    visits = [
        (
            *key,
            part_at(start, v.entered_at, v.visit.started_at),
            n,
            word(v.visit.queue.key),
            v.outcome,
            number(v.answered_at),
            number(v.left_at),
            # What a queue's numbers leave out is left out here too.
            number(v.wait) if v.outcome is not VisitOutcome.EXPIRED else None,
            number(v.talk),
            number(v.hold),
            v.entered_at is not None and part_at(start, v.entered_at) == v.entered_at,
            settled.direction or "",
            settled.internal,
            v.transferred,
            bucket(v.wait) if v.wait is not None and number(v.wait) is not None else None,
        )
        for n, v in enumerate(settled.visits)
    ]
    offers = [
        (
            *key,
            part_at(start, o.began_at),
            n,
            word(o.agent.key),
            word(o.queue.key if o.queue is not None else None),
            o.direction or settled.direction or Direction.IN,
            outcome,
            number(o.answered_at),
            number(o.ended_at),
            number(o.ring_ms),
            number(o.talk_ms),
            number(o.hold_ms),
            o.began_at is not None and part_at(start, o.began_at) == o.began_at,
        )
        for n, (o, outcome) in enumerate(zip(settled.call.offers, settled.offers, strict=True))
    ]
    return row, visits, offers, set(quarters_of(settled))


def quarters_of(call: SettledCall) -> Iterable[int]:
    """Every quarter hour in which a contribution of this call can lie."""
    instants = [call.started_at, *(v.entered_at for v in call.visits), *(o.began_at for o in call.call.offers)]
    for at in instants:
        if number(at) is not None and at is not None:
            yield quarter_of(at)
