"""Archived calls by their caller's number or by the beginning of their id, newest first: each question goes by an index.

Rules that hold here: a number is asked for whole, because no index knows the ends of numbers; whoever asks decides who may see what
was found, and gets the record to decide by.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import QuerySet

from stats.domain.errors import Malformed
from stats.domain.records import Call
from stats.history.tables import ArchivedCall
from stats.history.writing import read_call

# Sorts after whatever an id goes on with.
_LAST = "\U0010ffff"


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One archived call. `at_ms` is its start (epoch ms; 0 where nothing told one)."""

    source: str
    id_call: str
    at_ms: int
    direction: str
    number: str
    outcome: str
    call: Call


def calls_with_number(organisation: str, number: str, limit: int) -> list[Found]:
    """Calls from or to a number (E.164, as kept). Raises django.db.Error."""
    return _found(ArchivedCall.objects.filter(organisation=organisation, number=number).order_by("-at_ms"), limit)


def calls_beginning(organisation: str, sources: Iterable[str], prefix: str, limit: int) -> list[Found]:
    """Calls whose id begins with `prefix`. Raises django.db.Error."""
    rows = ArchivedCall.objects.filter(
        organisation=organisation,
        source__in=list(sources),
        id_call__gte=prefix,
        id_call__lt=prefix + _LAST,
        # Collations order in their own ways; what begins so is asked for again.
        id_call__startswith=prefix,
    )
    return _found(rows.order_by("-at_ms"), limit)


def _found(rows: QuerySet[ArchivedCall], limit: int) -> list[Found]:
    found = []
    for row in rows[:limit]:
        try:
            call = read_call(row.record)
        except Malformed:
            continue
        found.append(
            Found(
                source=row.source,
                id_call=row.id_call,
                at_ms=row.at_ms,
                direction=row.direction,
                number=row.number,
                outcome=row.outcome,
                call=call,
            )
        )
    return found
