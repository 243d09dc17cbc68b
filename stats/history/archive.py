"""Keeps ended calls for good: a batch in one transaction, the rows of a changed call replaced, its quarters marked.

Rules that hold here:
- Keeping is idempotent: a call told again as it was changes nothing, so whoever does not know whether a batch was kept sends it again.
- Nothing is overwritten by less. A later version of the same telling (same lineage, not long ago) replaces; anything else is merged with
  what is there, for the live store may have lost what the archive still has.
- One writer of a source at a time, by a lock of the transaction: two workers that overlap keep every call once.
- A call that moves to another start leaves its old rows; rows are looked for within a month of it, and where no month is meant.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.db import connection, models, transaction
from django.db.models import Q

from stats.domain.errors import Malformed
from stats.domain.merge import FRAME, merge_call
from stats.domain.records import Call
from stats.history import rows
from stats.history.marks import forgetting
from stats.history.partitions import EARLIEST_MS
from stats.history.tables import ArchivedCall, ArchivedOffer, ArchivedVisit, DirtyQuarter
from stats.history.telling import Telling
from stats.history.writing import read_call, write_call

MONTH_MS = 31 * 86_400_000
MARKS_AT_ONCE = 400
# A record of the live store lives 50 hours after its last change; well before, versions still count from the same beginning.
SAME_LIFE_MS = 40 * 3_600_000


@dataclass(slots=True)
class _Held:
    at_ms: int
    call: Call | None
    lineage: str
    version: int
    kept_ms: int


def keep(organisation: str, source: str, tellings: Sequence[Telling], now_ms: int) -> int:
    """Keep calls of one source. Returns how many were new or changed.

    Raises django.db.Error: nothing of the batch was kept, or all of it; ValueError and the like when a call can never be kept as it is.
    """
    with transaction.atomic():
        lock(f"{organisation}/{source}")
        # Whoever was erased since the worker read these: asked under the lock, so that no erasing comes in between.
        forget = forgetting(organisation)
        if forget.erased:
            tellings = [replace(t, call=forget.call(t.call)) for t in tellings]
        told = {rows.id_of(t.call): (t, rows.rows_of(organisation, t.call)) for t in tellings}
        held = _held(organisation, source, list(told), [made[0][3] for _, made in told.values()])
        calls: list[rows.Row] = []
        visits: list[rows.Row] = []
        offers: list[rows.Row] = []
        quarters: set[int] = set()
        gone: list[tuple[str, int]] = []
        for id_call, (telling, made) in told.items():
            before = held.get(id_call, [])
            call, lineage, version = _settle(telling, before, now_ms)
            # What lay there may not have been cleaned yet.
            call = forget.call(call)
            # Equal but for the instants at which things were heard is equal.
            if len(before) == 1 and before[0].call == call:
                continue
            written = write_call(call)
            for each in before:
                gone.append((id_call, each.at_ms))
                if each.call is not None:
                    quarters |= rows.rows_of(organisation, each.call)[3]
            row, its_visits, its_offers, touched = made if call is telling.call else rows.rows_of(organisation, call)
            calls.append((*row, written, lineage, version, now_ms))
            visits += its_visits
            offers += its_offers
            quarters |= touched
        if gone:
            remove(organisation, source, gone)
        _insert(ArchivedCall, rows.CALL, calls)
        _insert(ArchivedVisit, rows.VISIT, visits)
        _insert(ArchivedOffer, rows.OFFER, offers)
        mark(organisation, quarters)
    return len(calls)


def archived(organisation: str, source: str, id_call: str) -> Call | None:
    """A kept call; None when there is none. Raises django.db.Error, or Malformed for a record nobody can read."""
    written = (
        ArchivedCall.objects.filter(organisation=organisation, source=source, id_call=id_call).values_list("record", flat=True).first()
    )
    return read_call(written) if written is not None else None


def archived_sources(organisation: str) -> list[str]:
    """Every source that has left a call here, those that were taken away too. Raises django.db.Error."""
    found: list[str] = []
    # Each next one by the primary key: as many short looks as there are sources, however many calls.
    mine = ArchivedCall.objects.filter(organisation=organisation).order_by("source").values_list("source", flat=True)
    while (name := mine.filter(source__gt=found[-1] if found else "").first()) is not None:
        found.append(name)
    return found


def mark(organisation: str, quarters: Iterable[int]) -> None:
    """Say that quarters must be added up again. In order, so that two writers never wait for each other."""
    table, named = DirtyQuarter._meta.db_table, sorted(quarters)
    with connection.cursor() as cursor:
        for at in range(0, len(named), MARKS_AT_ONCE):
            part = named[at : at + MARKS_AT_ONCE]
            cursor.execute(
                f"INSERT INTO {table} (organisation, quarter_ms, marks) VALUES {', '.join(['(%s, %s, 1)'] * len(part))}"  # noqa: S608
                f" ON CONFLICT (organisation, quarter_ms) DO UPDATE SET marks = {table}.marks + 1",
                [each for quarter in part for each in (organisation, quarter)],
            )


def lock(name: str) -> None:
    """Be the only one who writes this source's calls until the transaction ends. `name`: "organisation/source"."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            # A worker that is stopped in the middle must not keep the lock from its successor.
            cursor.execute("SET LOCAL idle_in_transaction_session_timeout = '15s'")
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 42))", [name])
    # On SQLite every transaction of ours is IMMEDIATE: the only writer from its first statement.


def _around(instants: Sequence[int]) -> tuple[int, int]:
    """[first, end] of where rows of calls with these starts can lie, beside those of no month; nowhere: (1, 0)."""
    dated = [at for at in instants if at >= EARLIEST_MS]
    return (min(dated) - MONTH_MS, max(dated) + MONTH_MS) if dated else (1, 0)


def _near(instants: Sequence[int]) -> Q:
    """The same as a condition, so that PostgreSQL looks into few partitions."""
    first, end = _around(instants)
    nowhere = Q(at_ms__lt=EARLIEST_MS)
    return nowhere | Q(at_ms__gte=first, at_ms__lte=end) if first <= end else nowhere


def _held(organisation: str, source: str, ids: Sequence[str], starts: Sequence[int]) -> dict[str, list[_Held]]:
    held: dict[str, list[_Held]] = {}
    for id_call, at_ms, record, lineage, version, kept_ms in _rows_held(organisation, source, ids, starts):
        try:
            call = read_call(record)
        except Malformed:
            call = None
        held.setdefault(id_call, []).append(_Held(at_ms, call, lineage, version, kept_ms))
    return held


def _rows_held(organisation: str, source: str, ids: Sequence[str], starts: Sequence[int]) -> Iterable[Sequence[Any]]:
    columns = ("id_call", "at_ms", "record", "lineage", "version", "kept_ms")
    if connection.vendor != "postgresql":
        found = ArchivedCall.objects.filter(_near(starts), organisation=organisation, source=source, id_call__in=ids)
        return list(found.values_list(*columns))
    # Asked for many ids at once, a planner that knows nothing yet of a new month expects half of its calls, and reads them all: the
    # more a month holds, the slower. One by one each is a place in the key. OFFSET keeps the two questions from becoming one.
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT x.* FROM unnest(%s::text[]) t(id) CROSS JOIN LATERAL (SELECT {', '.join(columns)} FROM {ArchivedCall._meta.db_table}"  # noqa: S608
            " WHERE organisation = %s AND source = %s AND id_call = t.id AND (at_ms < %s OR at_ms BETWEEN %s AND %s) OFFSET 0) x",
            [list(ids), organisation, source, EARLIEST_MS, *_around(starts)],
        )
        return list(cursor.fetchall())


def _settle(telling: Telling, before: Sequence[_Held], now_ms: int) -> tuple[Call, str, int]:
    """What the archive will say of a call, and which telling that is."""
    if not before:
        return telling.call, telling.lineage, telling.version
    last = before[-1]
    if last.call == telling.call:
        return telling.call, telling.lineage, telling.version
    same_life = len(before) == 1 and telling.lineage != "" and telling.lineage == last.lineage and now_ms - last.kept_ms < SAME_LIFE_MS
    if same_life and telling.version > last.version:
        return telling.call, telling.lineage, telling.version
    merged: Call | None = None
    for each in before:
        if each.call is not None:
            merged = merge_call(merged, each.call, FRAME)
    call = merge_call(merged, telling.call, FRAME)
    if call == telling.call:
        return telling.call, telling.lineage, telling.version
    return call, "", 0


def remove(organisation: str, source: str, gone: Sequence[tuple[str, int]]) -> None:
    """Take calls out by (id_call, at_ms), with their visits and offers; under the lock of their source."""
    where = Q(_near([at for _, at in gone]), organisation=organisation, source=source, id_call__in=[id_call for id_call, _ in gone])
    for model in (ArchivedCall, ArchivedVisit, ArchivedOffer):
        model._default_manager.filter(where).delete()


def _insert(model: type[models.Model], columns: Sequence[str], values: Sequence[rows.Row]) -> None:
    """Many rows, the fastest way the engine has; none of them is there, by the lock and the removal before."""
    if not values:
        return
    table, names = model._meta.db_table, ", ".join(columns)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with connection.wrap_database_errors, cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
                for row in values:
                    copy.write_row(row)
        else:
            places = ", ".join(["%s"] * len(columns))
            cursor.executemany(f"INSERT INTO {table} ({names}) VALUES ({places})", values)  # noqa: S608
