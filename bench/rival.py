"""The same sums by DuckDB, over the same visits in Parquet: what a program made for nothing but adding up takes.

The visits leave the archive by COPY and become a file a month. What is added up is what the report's queue lines say of each queue and
day: how many, how they ended, within which wait, and the histogram of waits.
"""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_COLUMNS = ("at_ms", "queue", "outcome", "direction", "internal", "wait_ms", "talk_ms", "hold_ms", "transferred", "wait_bucket")
_KINDS = ("int64", "string", "string", "string", "bool_", "int64", "int64", "int64", "bool_", "int16")
TARGET_MS, SHORT_MS = 20_000, 5_000
_SUMS = f"""
    SELECT queue, at_ms // 86400000 AS day, count(*) AS offered,
        count(*) FILTER (outcome = 'answered') AS answered,
        count(*) FILTER (outcome = 'answered' AND wait_ms <= {TARGET_MS}) AS answered_in_target,
        count(*) FILTER (outcome = 'abandoned') AS abandoned,
        count(*) FILTER (outcome = 'abandoned' AND wait_ms < {SHORT_MS}) AS short_abandoned,
        count(*) FILTER (outcome = 'overflowed') AS overflowed,
        count(*) FILTER (outcome = 'voicemail') AS voicemail,
        count(*) FILTER (outcome = 'callback') AS callbacks,
        count(*) FILTER (transferred) AS transferred,
        sum(wait_ms) FILTER (outcome = 'answered') AS wait_sum, sum(wait_ms) FILTER (outcome = 'abandoned') AS abandon_wait_sum,
        sum(talk_ms) AS talk_sum, sum(hold_ms) AS hold_sum, max(wait_ms) AS wait_max
    FROM visits WHERE at_ms >= ? AND at_ms < ? AND direction <> 'out' AND NOT internal GROUP BY ALL"""
_WAITS = """
    SELECT queue, at_ms // 86400000 AS day, histogram(wait_bucket)
    FROM visits WHERE at_ms >= ? AND at_ms < ? AND direction <> 'out' AND NOT internal AND outcome = 'answered' GROUP BY ALL"""


class Rival:
    """DuckDB over files of visits in `folder`; with as many threads as it likes."""

    def __init__(self, folder: Path) -> None:
        import duckdb

        self._folder = folder
        self._own: Any = duckdb.connect()

    def take(self, first: int, end: int) -> int:
        """Write the visits of [first, end) from the archive into files. Returns how many bytes these have."""
        from django.db import connection

        from stats.history.partitions import bounds, month_at

        connection.ensure_connection()
        # What is asked here takes longer than an answer usually may.
        setattr(connection.connection, "answer_within_s", None)  # noqa: B010
        at = first
        while at < end:
            until = min(end, bounds(month_at(at))[1])
            with connection.cursor() as cursor:
                question = f"SELECT {', '.join(_COLUMNS)} FROM stats_archivedvisit WHERE dated AND queue <> ''"
                with cursor.copy(f"COPY ({question} AND at_ms >= {at} AND at_ms < {until}) TO STDOUT (FORMAT csv)") as copy:
                    _write(self._folder / f"{at}.parquet", copy)
            at = until
        self._own.execute(f"CREATE VIEW visits AS SELECT * FROM read_parquet('{self._folder}/*.parquet')")
        return sum(path.stat().st_size for path in self._folder.glob("*.parquet"))

    def ask(self, first: int, end: int) -> tuple[float, dict[tuple[str, int], int]]:
        """Milliseconds for the sums of [first, end) by queue and day, and how many visits were offered to each."""
        began = time.perf_counter()
        rows = self._own.execute(_SUMS, [first, end]).fetchall()
        self._own.execute(_WAITS, [first, end]).fetchall()
        taken = (time.perf_counter() - began) * 1000
        return taken, {(row[0], row[1]): row[2] for row in rows}


def _write(path: Path, copy: Any) -> None:
    import pyarrow
    from pyarrow import csv, parquet

    kinds = {name: getattr(pyarrow, kind)() for name, kind in zip(_COLUMNS, _KINDS, strict=True)}
    options = csv.ConvertOptions(column_types=kinds, true_values=["t"], false_values=["f"])
    with parquet.ParquetWriter(path, pyarrow.schema(list(kinds.items())), compression="zstd") as file:
        for chunk in _chunks(copy):
            file.write_table(
                csv.read_csv(pyarrow.BufferReader(chunk), csv.ReadOptions(column_names=list(_COLUMNS)), convert_options=options)
            )


def _chunks(copy: Any, size: int = 32 << 20) -> Iterator[bytes]:
    """Whole lines, some megabytes at a time."""
    held = bytearray()
    for block in copy:
        held += block
        if len(held) >= size:
            yield bytes(held)
            held.clear()
    if held:
        yield bytes(held)
