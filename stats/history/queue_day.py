"""What the archive says of one queue's day: its visits by quarter, where callers came from and went to, and since when it knows anything.

Rules that hold here: calls that the live store answers for are taken out, by name; limits are those that are asked with, so that a day in
the past is told by the promise of today.
"""

from collections.abc import Collection, Mapping, Sequence

from django.db import connection
from django.db.models import Min

from stats.domain.queue_day import NO_QUEUE, QueueDay
from stats.history.partitions import EARLIEST_MS
from stats.history.receipts import Question, visit_quarters, visits_of_calls
from stats.history.tables import ArchivedCall, ArchivedVisit

# By source: ids of calls that are taken out.
Without = Mapping[str, Sequence[str]]
# Parts of a call are filed at most this far apart (see `rows.FARTHEST_MS`, from the call either way).
_APART_MS = 62 * 86_400_000
_VISIT = ArchivedVisit._meta.db_table
_SAME_CALL = (
    "w.organisation = v.organisation AND w.source = v.source AND w.id_call = v.id_call"
    f" AND w.at_ms >= v.at_ms - {_APART_MS} AND w.at_ms <= v.at_ms + {_APART_MS}"
)


def queue_day(question: Question, without: Without) -> QueueDay:
    """The archived visits of the question's queue and time. Raises django.db.Error."""
    day = QueueDay(quarters=visit_quarters(question))
    day.put(visits_of_calls(question, without), -1)
    for queue, unanswered, step, number in _beside(question, without):
        (day.came_from if step < 0 else day.went_to)[(question.key(queue) or NO_QUEUE, unanswered)] += number
    overflowed = sum(amounts["overflowed"] for _quarter, amounts in day.amounts())
    if elsewhere := overflowed - sum(number for (_queue, unanswered), number in day.went_to.items() if unanswered):
        day.went_to[(NO_QUEUE, True)] += elsewhere
    return day


def known_from(organisation: str, first: int, end: int) -> int | None:
    """From which instant on the archive may know of [first, end): `first`, or its oldest call; None when it has no call of then."""
    calls = ArchivedCall.objects.filter(organisation=organisation)
    if not calls.filter(at_ms__gte=first, at_ms__lt=end).exists():
        return None
    oldest = calls.filter(at_ms__gte=EARLIEST_MS).aggregate(at=Min("at_ms"))["at"]
    return max(first, oldest if oldest is not None else first)


def _beside(question: Question, without: Without) -> list[tuple[str, bool, int, int]]:
    """The queues of the visits just before (-1) and just after (1) the queue's own, whether the first was left unanswered, and how many."""
    keys = list(question.keys or {})
    words = ["v.organisation = %s", f"v.queue IN ({_places(keys)})", "v.at_ms >= %s", "v.at_ms < %s", "v.dated", "v.direction <> 'out'"]
    values: list[str | int] = [question.organisation, *keys, question.first, question.end]
    if not question.rules.include_internal:
        words.append("NOT v.internal")
    for source, ids in without.items():
        if ids:
            words.append(f"NOT (v.source = %s AND v.id_call IN ({_places(ids)}))")
            values += [source, *ids]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT w.queue, CASE WHEN w.number < v.number THEN w.outcome ELSE v.outcome END, w.number - v.number, COUNT(*)"  # noqa: S608
            f" FROM {_VISIT} v JOIN {_VISIT} w ON {_SAME_CALL} AND w.number <> v.number AND w.number BETWEEN v.number - 1 AND v.number + 1"
            f" WHERE {' AND '.join(words)} GROUP BY 1, 2, 3",
            values,
        )
        return [(str(queue), outcome == "overflowed", int(step), int(number)) for queue, outcome, step, number in cursor.fetchall()]


def _places(values: Collection[object]) -> str:
    return ", ".join(["%s"] * len(values))
