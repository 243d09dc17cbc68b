"""The archive's months on PostgreSQL: made ahead of time, and made for whatever has come for a month that had none.

Rules that hold here: a row whose month has no partition lies in the default one, so that nothing can be refused; it is moved when its
month gets a partition, in one transaction; instants nobody can have meant stay in the default partition; SQLite has one plain table.
"""

from datetime import UTC, datetime

import structlog
from django.db import connection, transaction

from stats.history.tables import BY_MONTH

log = structlog.get_logger(__name__)

EARLIEST_MS = 1_262_304_000_000  # 2010-01-01, before any vendor's history
AHEAD = 3
LOCK_WITHIN = "5s"


def month_at(at_ms: int, ahead: int = 0) -> tuple[int, int]:
    """Year and month of an instant in UTC, or so many months later."""
    moment = datetime.fromtimestamp(at_ms / 1000, UTC)
    number = moment.year * 12 + moment.month - 1 + ahead
    return number // 12, number % 12 + 1


def bounds(month: tuple[int, int]) -> tuple[int, int]:
    """First instant of a month and of the next, epoch ms."""
    first, following = ((number // 12, number % 12 + 1) for number in (month[0] * 12 + month[1] - 1, month[0] * 12 + month[1]))
    return _first_ms(first), _first_ms(following)


def _first_ms(month: tuple[int, int]) -> int:
    return round(datetime(*month, 1, tzinfo=UTC).timestamp() * 1000)


def tend(now_ms: int) -> int:
    """Make the months of now to three months ahead, and those the default partition has rows of. Returns how many tables were made.

    Raises django.db.Error; what was made stays.
    """
    if connection.vendor != "postgresql":
        return 0
    made = 0
    for model in BY_MONTH:
        table = model._meta.db_table
        with connection.cursor() as cursor:
            cursor.execute("SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = %s::regclass", [table])
            there = {name.strip('"') for (name,) in cursor.fetchall()}
            cursor.execute(
                f"SELECT DISTINCT to_char(to_timestamp(at_ms / 1000) AT TIME ZONE 'UTC', 'YYYY-MM') FROM \"{table}_default\""  # noqa: S608
                " WHERE at_ms >= %s AND at_ms < %s",
                [EARLIEST_MS, bounds(month_at(now_ms, AHEAD))[1]],
            )
            waiting = {(int(text[:4]), int(text[5:])) for (text,) in cursor.fetchall()}
        for month in sorted(waiting | {month_at(now_ms, ahead) for ahead in range(-1, AHEAD + 1)}):
            if name_of(table, month) not in there:
                _make(table, month)
                made += 1
    if made:
        log.info("archive.months_made", tables=made)
    return made


def provide(first_ms: int, end_ms: int) -> int:
    """Make the months of [first, end), for whoever is about to bring rows of long ago. Returns how many tables were made.

    Raises django.db.Error; what was made stays, and rows of a month that was not are found in the default partition.
    """
    if connection.vendor != "postgresql":
        return 0
    made, month, last = 0, month_at(max(first_ms, EARLIEST_MS)), month_at(end_ms - 1)
    with connection.cursor() as cursor:
        cursor.execute("SELECT relname FROM pg_class WHERE relispartition AND relkind = 'r'")
        there = {name for (name,) in cursor.fetchall()}
    while month <= last:
        for model in BY_MONTH:
            table = model._meta.db_table
            if name_of(table, month) not in there:
                _make(table, month)
                made += 1
        month = month_at(bounds(month)[1])
    return made


def name_of(table: str, month: tuple[int, int]) -> str:
    """What a month's partition is called."""
    return f"{table}_{month[0]:04d}_{month[1]:02d}"


def _make(table: str, month: tuple[int, int]) -> None:
    since, until = bounds(month)
    name = name_of(table, month)
    with transaction.atomic(), connection.cursor() as cursor:
        # Moving a month's rows may take longer than an answer usually may (`wallboard.postgresql`).
        setattr(connection.connection, "answer_within_s", None)  # noqa: B010
        # Whoever writes or reads waits for us a moment; we wait for them a moment, and else come again.
        cursor.execute(f"SET LOCAL lock_timeout = '{LOCK_WITHIN}'")
        cursor.execute(f'LOCK TABLE "{table}_default" IN ACCESS EXCLUSIVE MODE')
        cursor.execute(f'CREATE TABLE "{name}" (LIKE "{table}" INCLUDING DEFAULTS INCLUDING CONSTRAINTS)')
        cursor.execute(
            f'WITH moved AS (DELETE FROM "{table}_default" WHERE at_ms >= %s AND at_ms < %s RETURNING *)'  # noqa: S608
            f' INSERT INTO "{name}" SELECT * FROM moved',
            [since, until],
        )
        cursor.execute(f'ALTER TABLE "{table}" ATTACH PARTITION "{name}" FOR VALUES FROM ({since}) TO ({until})')
