"""A year of calls in the archive, and of their sums in the tables of reports: one day made up, kept and rolled for true, then told again.

The days before are the same day, moved by whole days inside the database: instants, ids and records with them. The zone is UTC, where
every day has 24 hours. The server is one that is being filled (`database.FILLING`), on which a month's table is made, filled and indexed
in one transaction.
    python -m bench.year --calls 1000000 --days 365        (DATABASE_URL says where to; a PostgreSQL)
Says `filled` (calls, visits, offers, bytes, seconds, parts: seconds of each step).
"""

import argparse
import re
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from bench.processes import tell

DAY_MS = 86_400_000
AGENTS, QUEUES = 300, 40
ORGANISATION, SOURCE = "default", "telavox"
ZONE = "Etc/UTC"
# Two processors.
HANDS = 2
_INSTANT = re.compile(r"(?<=:)1\d{12}(?=[,}])")
_HELD = re.compile(r'^\{"source":"[^"]*","id_call":"')


def last_day() -> int:
    """The first instant of yesterday, epoch ms: the newest day of the year."""
    return int(time.time()) // 86_400 * DAY_MS - DAY_MS


def main() -> None:
    """Fills, and says how long it took."""
    import django

    parser = argparse.ArgumentParser()
    parser.add_argument("--calls", type=int, required=True)
    parser.add_argument("--days", type=int, required=True)
    asked = parser.parse_args()
    django.setup()
    filling = Filling(last_day(), asked.days)
    began = time.monotonic()
    filling.fill(max(1, round(asked.calls / asked.days)))
    tell("filled", **filling.told, seconds=time.monotonic() - began, parts=filling.parts)


class Filling:
    """`base`: the first instant of the newest day. `told`: how many rows there are; `parts`: seconds of each step."""

    def __init__(self, base: int, days: int) -> None:
        self.days, self.base, self.first = days, base, base - (days - 1) * DAY_MS
        self.told: dict[str, int] = {}
        self.parts: dict[str, float] = {}

    def fill(self, a_day: int) -> None:
        """Everything."""
        from django.core.management import call_command

        from wallboard.accounts.bootstrap import bootstrap

        call_command("migrate", verbosity=0)
        bootstrap()
        with self._timed("a day made up"):
            from bench.material import play_calls

            calls = play_calls(a_day, self.base, self.base + DAY_MS, agents=AGENTS, queues=QUEUES)
        with self._timed("a day rolled"):
            self._roll(calls)
        with self._timed("a year of calls"):
            self._copies(calls)
        with self._timed("a year of sums"):
            self._sums()
        with self._timed("vacuum"):
            self._vacuum()

    @contextmanager
    def _timed(self, what: str) -> Any:
        began = time.monotonic()
        yield
        self.parts[what] = round(time.monotonic() - began, 1)

    # --- the archive ------------------------------------------------------------------------------------------------

    def _copies(self, calls: Sequence[Any]) -> None:
        from stats.history import rows
        from stats.history.tables import ArchivedCall, ArchivedOffer, ArchivedVisit
        from stats.history.writing import write_call

        made = [rows.rows_of(ORGANISATION, call) for call in calls]
        told = [
            (*row, *_divided(write_call(call)), "bench", 1, self.base + DAY_MS) for call, (row, *_others) in zip(calls, made, strict=True)
        ]
        kinds: list[tuple[type, tuple[str, ...], list[Any]]] = [
            (ArchivedCall, rows.CALL, told),
            (ArchivedVisit, rows.VISIT, [each for row in made for each in row[1]]),
            (ArchivedOffer, rows.OFFER, [each for row in made for each in row[2]]),
        ]
        work: list[Callable[[], None]] = []
        for model, columns, values in kinds:
            table: str = model._meta.db_table  # type: ignore[attr-defined]
            self.told[table] = len(values) * self.days
            _base(table, columns, values)
            work += [lambda table=table, columns=columns, month=month: self._month(table, columns, month) for month in self._months()]
        _by_hands(work)
        for model, _columns, _values in kinds:
            self._attach(model._meta.db_table)  # type: ignore[attr-defined]

    def _months(self) -> list[tuple[int, int]]:
        from stats.history.partitions import month_at

        return sorted({month_at(self.first + day * DAY_MS) for day in range(self.days + 1)})

    def _month(self, table: str, columns: Sequence[str], month: tuple[int, int]) -> None:
        """One month's table, filled and indexed in one transaction."""
        from django.db import transaction

        from stats.history.partitions import bounds, name_of

        since, until = bounds(month)
        name = name_of(table, month)
        days = range(max(0, (since - self.first) // DAY_MS - 1), min(self.days, (until - self.first) // DAY_MS + 1))
        with transaction.atomic(), _cursor() as cursor:
            cursor.execute(f'CREATE TABLE "{name}" (LIKE "{table}" INCLUDING DEFAULTS, CHECK (at_ms >= {since} AND at_ms < {until}))')
            for day in days:
                shift = self.first + day * DAY_MS - self.base
                cursor.execute(
                    f'INSERT INTO "{name}" ({", ".join(columns)}) SELECT {", ".join(_moved(c, day, shift) for c in columns)}'
                    f" FROM base_{table} WHERE at_ms + {shift} >= {since} AND at_ms + {shift} < {until}"
                )
            cursor.execute("SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = %s::regclass AND contype = 'p'", [table])
            cursor.execute(f'ALTER TABLE "{name}" ADD {cursor.fetchone()[0]}')
            cursor.execute("SELECT pg_get_indexdef(indexrelid) FROM pg_index WHERE indrelid = %s::regclass AND NOT indisprimary", [table])
            for (definition,) in cursor.fetchall():
                cursor.execute(re.sub(r"INDEX \S+ ON (ONLY )?\S+", f'INDEX ON "{name}"', definition, count=1))

    def _attach(self, table: str) -> None:
        from stats.history.partitions import bounds, name_of

        with _cursor() as cursor:
            for month in self._months():
                since, until = bounds(month)
                cursor.execute(f'ALTER TABLE "{table}" ATTACH PARTITION "{name_of(table, month)}" FOR VALUES FROM ({since}) TO ({until})')
            cursor.execute(f"DROP TABLE base_{table}")

    def _roll(self, calls: Sequence[Any]) -> None:
        """Keep the day as the archive keeps calls, add it up as the roller does, and take it out again."""
        from stats.history import archive, rolling
        from stats.history.tables import ArchivedCall, ArchivedOffer, ArchivedVisit, DirtyQuarter
        from stats.history.telling import Telling
        from stats.models import Organisation

        now = int(time.time() * 1000)
        for at in range(0, len(calls), 400):
            archive.keep(ORGANISATION, SOURCE, [Telling(call, "bench", 1) for call in calls[at : at + 400]], now)
        assert rolling.work(Organisation.objects.get(slug=ORGANISATION), now, lambda: True)
        assert not DirtyQuarter.objects.exists()
        _execute(f"TRUNCATE {', '.join(model._meta.db_table for model in (ArchivedCall, ArchivedVisit, ArchivedOffer))}")

    def _sums(self) -> None:
        """The rows of the day, told again for each day before."""
        from stats.history.rollup_tables import AgentRollup, QueueRollup, RolledQuarter, SiteRollup

        later: list[str] = []
        work: list[Callable[[], None]] = []
        for model, at in ((AgentRollup, "start_ms"), (QueueRollup, "start_ms"), (SiteRollup, "start_ms"), (RolledQuarter, "quarter_ms")):
            table = model._meta.db_table
            columns = [field.column for field in model._meta.concrete_fields if field.column]
            with _cursor() as cursor:
                cursor.execute(
                    "SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index"
                    " WHERE indrelid = %s::regclass AND NOT indisprimary",
                    [table],
                )
                for name, definition in cursor.fetchall():
                    cursor.execute(f"DROP INDEX {name}")
                    later.append(definition)
                cursor.execute(
                    f"CREATE TABLE base_{table} AS SELECT * FROM {table} WHERE {at} >= {self.base} AND {at} < {self.base + DAY_MS}"
                )
                cursor.execute(f"SELECT COUNT(*) FROM base_{table}")
                self.told[table] = cursor.fetchone()[0] * self.days
            for day in range(self.days - 1):
                shift = self.first + day * DAY_MS - self.base
                moved = ", ".join(_moved(column, day, shift) for column in columns)
                words = f"INSERT INTO {table} ({', '.join(columns)}) SELECT {moved} FROM base_{table}"
                work.append(lambda words=words: _execute(words))
        _by_hands(work)
        _by_hands([lambda words=words: _execute(words) for words in later])
        for model in (AgentRollup, QueueRollup, SiteRollup, RolledQuarter):
            _execute(f"DROP TABLE base_{model._meta.db_table}")

    # --- after it -------------------------------------------------------------------------------------------------

    def _vacuum(self) -> None:
        """As a server that has run for a year would have done by itself."""
        from django.apps import apps

        with _cursor() as cursor:
            cursor.execute(
                "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace ORDER BY relpages DESC"
            )
            names = [name for (name,) in cursor.fetchall()]
        _by_hands([lambda name=name: _execute(f'VACUUM (ANALYZE) "{name}"') for name in names])
        for model in apps.get_app_config("stats").get_models():
            _execute(f'ANALYZE "{model._meta.db_table}"')
        with _cursor() as cursor:
            cursor.execute("SELECT pg_database_size(current_database())")
            self.told["bytes"] = cursor.fetchone()[0]


def _divided(record: str) -> tuple[str, list[int]]:
    """What follows the id in a record, as a format for its instants, and these."""
    rest = record[_HELD.match(record).end() :]  # type: ignore[union-attr]
    rest = rest[rest.index('"') :]
    return _INSTANT.sub("%s", rest.replace("%", "%%")), [int(each) for each in _INSTANT.findall(rest)]


def _base(table: str, columns: Sequence[str], values: Iterable[Sequence[Any]]) -> None:
    """The day's rows in a table of their own; a record in its two parts."""
    with _cursor() as cursor:
        cursor.execute(f'CREATE TABLE base_{table} (LIKE "{table}" INCLUDING DEFAULTS)')
        names = list(columns)
        if "record" in names:
            cursor.execute(
                f"ALTER TABLE base_{table} ADD instants bigint[], ALTER record SET STORAGE external, SET (toast_tuple_target = 8160)"
            )
            names.insert(names.index("record") + 1, "instants")
        with cursor.copy(f"COPY base_{table} ({', '.join(names)}) FROM STDIN") as copy:
            for row in values:
                copy.write_row(row)


def _moved(column: str, day: int, shift: int) -> str:
    """A column of a day's copy, in SQL."""
    # The first eight figures of an id are others every day, as far apart as those of one day.
    mixed = "lpad(to_hex((('x' || left(id_call, 8))::bit(32)::bigint + " + str(day * 2_654_435_761 % (1 << 32)) + ") & 4294967295), 8, '0')"
    an_id = f"{mixed} || substr(id_call, 9)"
    if column == "id_call":
        return an_id
    if column == "record":
        head = f'{{"source":"{SOURCE}","id_call":"'
        return f"'{head}' || {an_id} || format(record, VARIADIC (SELECT array_agg(i + {shift}) FROM unnest(instants) i))"
    return (
        f"{column} + {shift}" if column in ("at_ms", "ended_ms", "answered_ms", "left_ms", "kept_ms", "start_ms", "quarter_ms") else column
    )


def _by_hands(work: Iterable[Callable[[], None]]) -> None:
    with ThreadPoolExecutor(HANDS) as hands:
        for done in [hands.submit(each) for each in work]:
            done.result()


@contextmanager
def _cursor() -> Any:
    from django.db import connection

    connection.ensure_connection()
    # What is asked here takes longer than an answer usually may.
    setattr(connection.connection, "answer_within_s", None)  # noqa: B010
    with connection.cursor() as cursor:
        yield cursor


def _execute(words: str) -> None:
    with _cursor() as cursor:
        cursor.execute(words)


def day_of(at_ms: int) -> str:
    """An instant's day in UTC, ISO."""
    return datetime.fromtimestamp(at_ms / 1000, UTC).date().isoformat()


if __name__ == "__main__":
    main()
