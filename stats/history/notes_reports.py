"""Counts what vendors told beside the calls: details of calls, messages, sentiment; and lists the calls behind a count.

Rules that hold here:
- Days are given as instants [first, end), epoch ms; of queues (None: all) a call counts that visited one of them.
- What was not told is counted nowhere by that word; sentiment that was not told is no zero.
- A call whose caller was erased has no details any more. The number that one of ours dialled is a customer's and heads no line.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db import connection
from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from stats.history.note_tables import KeptDetail, KeptMessage, KeptTranscript
from stats.history.tables import ArchivedCall, ArchivedOffer, ArchivedVisit

DAY_MS = 86_400_000
QUARTER_MS = 900_000
# What calls are counted by, and the column of each.
BY: Mapping[str, str] = {
    "called": "called_number",
    "direction": "direction",
    "status": "status",
    "side": "hangup_side",
    "error": "error_code",
}
MOST_LINES = 200
A_PAGE = 100
Queues = Collection[str] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One call of a list. Instants epoch ms."""

    source: str
    id_call: str
    at: int
    values: Mapping[str, str]
    error: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Mean:
    """The mean sentiment of a queue, an agent (by key) or a quarter hour (epoch ms), and of how many transcripts."""

    key: str
    number: int
    sum: float


def kept_details(organisation: str, first: int, end: int, queues: Queues, only: Mapping[str, str]) -> QuerySet[KeptDetail]:
    """Details of calls that began in [first, end); `only`: names of BY and what they have to be."""
    found = KeptDetail._default_manager.filter(organisation=organisation, at_ms__gte=first, at_ms__lt=end, erased=False)
    for name, value in only.items():
        found = found.filter(**{BY[name]: value})
        if name == "called":
            found = found.exclude(direction="out")
    if queues is not None:
        visits = ArchivedVisit.objects.filter(
            organisation=organisation,
            source=OuterRef("source"),
            id_call=OuterRef("id_call"),
            queue__in=list(queues),
            at_ms__gte=first - DAY_MS,
            at_ms__lt=end + DAY_MS,
        )
        found = found.filter(Exists(visits))
    return found


def counted_by(details: QuerySet[KeptDetail], name: str) -> list[tuple[str, int]]:
    """How many calls of each value, the most first. Raises django.db.Error."""
    column = BY[name]
    told = details.exclude(**{column: ""})
    if name == "called":
        told = told.exclude(direction="out")
    rows = told.values(column).annotate(n=Count("*")).order_by("-n", column)
    return [(row[column], row["n"]) for row in rows[:MOST_LINES]]


def counted_together(details: QuerySet[KeptDetail]) -> list[tuple[dict[str, str], int]]:
    """How many calls of each combination of values, the most first; a number that was dialled by one of ours is left out of it."""
    rows = details.exclude(direction="out").values(*BY.values()).annotate(n=Count("*"))
    without = [name for name in BY if name != "called"]
    out = details.filter(direction="out").values(*(BY[name] for name in without)).annotate(n=Count("*"))
    found = [({name: row.get(column, "") for name, column in BY.items()}, row["n"]) for row in [*rows[:5_000], *out[:5_000]]]
    return sorted(found, key=lambda each: (-each[1], list(each[0].values())))[:MOST_LINES]


def calls_of(details: QuerySet[KeptDetail], before: tuple[int, str] | None = None) -> list[Told]:
    """A page of calls and one more, the newest first, from before a place (instant, id). Raises django.db.Error."""
    if before is not None:
        details = details.filter(Q(at_ms__lt=before[0]) | Q(at_ms=before[0], id_call__lt=before[1]))
    return [
        Told(
            source=row.source,
            id_call=row.id_call,
            at=row.at_ms,
            values={name: getattr(row, column) for name, column in BY.items()},
            error=row.error,
        )
        for row in details.order_by("-at_ms", "-id_call")[: A_PAGE + 1]
    ]


def messages(organisation: str, first: int, end: int) -> list[tuple[dict[str, str], int]]:
    """How many messages of each channel, direction and status, of those sent in [first, end). Raises django.db.Error."""
    found = KeptMessage._default_manager.filter(organisation=organisation, at_ms__gte=first, at_ms__lt=end)
    names = ("channel", "direction", "status")
    rows = found.values(*names).annotate(n=Count("*")).order_by("channel", "direction", "-n", "status")
    return [({name: row[name] for name in names}, row["n"]) for row in rows[:MOST_LINES]]


def sentiment(organisation: str, first: int, end: int, queues: Queues, by: str) -> list[Mean]:
    """Mean sentiment of answered calls by "queue", "agent" or "time" (of the call's quarter hour). Raises django.db.Error."""
    if queues is not None and not queues:
        return []
    table, key, where = {
        "queue": (ArchivedVisit, "p.queue", "p.outcome = 'answered'"),
        "agent": (ArchivedOffer, "p.agent", "p.answered_ms IS NOT NULL"),
        # Of some queues a call counts when it came to them; of all of them when it began.
        "time": (ArchivedCall if queues is None else ArchivedVisit, f"p.at_ms - p.at_ms %% {QUARTER_MS}", "p.outcome = 'answered'"),
    }[by]
    parts: list[str] = [where]
    values: list[str | int] = [organisation, first, end]
    if queues is not None:
        parts.append(f"p.queue IN ({', '.join(['%s'] * len(queues))})")
        values += sorted(queues)
    asked = (
        f"SELECT {key}, COUNT(*), SUM(t.sentiment) FROM {table._meta.db_table} p"  # noqa: S608
        f" JOIN {KeptTranscript._meta.db_table} t ON t.organisation = p.organisation AND t.source = p.source AND t.id_call = p.id_call"
        f" WHERE p.organisation = %s AND p.at_ms >= %s AND p.at_ms < %s AND t.sentiment IS NOT NULL AND {' AND '.join(parts)}"
        f" GROUP BY {key}"
    )
    with connection.cursor() as cursor:
        cursor.execute(asked, values)
        rows: Iterable[Sequence[object]] = cursor.fetchall()
    return [Mean(key=str(row[0]), number=int(str(row[1])), sum=float(str(row[2]))) for row in rows]
