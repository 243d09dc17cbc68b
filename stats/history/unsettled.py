"""Which quarters' stored sums are not the truth of this moment: marked anew, not added up yet, or made with a call that has gone on since.

Rules that hold here: what was cleared away by its term is never counted again, so that nothing before it is unsettled; whoever asks for
several of these asks in one look (`stats.history.reports.one_look`).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db.models import Q

from stats.domain.errors import Malformed
from stats.domain.metrics import DEFINITIONS
from stats.domain.outcomes import settle
from stats.history.archive import MONTH_MS
from stats.history.partitions import EARLIEST_MS
from stats.history.rollup_tables import RolledQuarter, RollupState
from stats.history.rows import quarters_of
from stats.history.tables import ArchivedCall, DirtyQuarter
from stats.history.writing import read_call

_AT_ONCE = 400
Call = tuple[str, str]  # source, id_call


@dataclass(frozen=True, slots=True)
class Unsettled:
    """`quarters` (first instants) are to be added up anew. `rolled_to`: of no quarter from there on anybody has taken note that it is over
    (None: of none ever); watched time of before `presence_from` was cleared away. Epoch ms."""

    quarters: frozenset[int]
    rolled_to: int | None
    presence_from: int


def unsettled(organisation: str, first: int, end: int) -> Unsettled:
    """The quarters in [first, end) that wait to be added up. Raises django.db.Error."""
    state = RollupState._default_manager.filter(organisation=organisation).first() or RollupState(organisation=organisation)
    within = {"organisation": organisation, "quarter_ms__gte": max(first, state.calls_from_ms), "quarter_ms__lt": end}
    rolled = RolledQuarter._default_manager.filter(**within)
    waiting = [DirtyQuarter.objects.filter(**within), rolled.exclude(state="done"), rolled.exclude(definitions=DEFINITIONS)]
    quarters = frozenset(at for rows in waiting for at in rows.values_list("quarter_ms", flat=True))
    return Unsettled(quarters, state.rolled_to_ms, state.presence_from_ms)


def archived_quarters(organisation: str, starts: Mapping[Call, int | None]) -> dict[Call, set[int]]:
    """Of calls (with when they started, as far as known): the quarters that the archive's telling of each counts in. Those the archive
    does not know are left out. Raises django.db.Error."""
    by_source: dict[str, list[str]] = {}
    for source, id_call in starts:
        by_source.setdefault(source, []).append(id_call)
    found: dict[Call, set[int]] = {}
    for source, ids in by_source.items():
        for at in range(0, len(ids), _AT_ONCE):
            some = ids[at : at + _AT_ONCE]
            rows = ArchivedCall.objects.filter(
                _near([starts[(source, each)] for each in some]), organisation=organisation, source=source, id_call__in=some
            )
            for id_call, record in rows.values_list("id_call", "record"):
                found.setdefault((source, id_call), set()).update(_quarters(record))
    return found


def _near(instants: Sequence[int | None]) -> Q:
    """Where the rows of calls that began then can lie, so that PostgreSQL looks into few partitions."""
    dated = [at for at in instants if at is not None and at >= EARLIEST_MS]
    nowhere = Q(at_ms__lt=EARLIEST_MS)
    return nowhere | Q(at_ms__gte=min(dated) - MONTH_MS, at_ms__lte=max(dated) + MONTH_MS) if dated else nowhere


def _quarters(record: str) -> Iterable[int]:
    try:
        return quarters_of(settle(read_call(record)))
    except Malformed:
        return ()
