"""Writes the history as Parquet, a file a table and month, with a manifest that says what each file holds.

Rules that hold here: rows pass through in batches, so memory does not grow; a file has its name when it is whole, and the manifest names it
after that; a month that is over and stands in the manifest is not written again.
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.db import connection

from stats.domain.metrics import DEFINITIONS
from stats.history.open_columns import Column
from stats.history.open_tables import OPEN_TABLES, OpenTable, joined, raw
from stats.history.partitions import bounds, month_at

if TYPE_CHECKING:
    import pyarrow

SCHEMA_VERSION = 1
BATCH = 20_000
MANIFEST = "manifest.json"
# What ends late may still come into a month for so long.
SETTLED_MS = 3 * 86_400_000
_READ = 1 << 20
Say = Callable[[str, int], None]


class NoParquet(Exception):
    """The library that writes Parquet is not installed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is written: tables by name, of [first, end) (epoch ms), under `folder`."""

    organisation: str
    timezone: str
    first: int
    end: int
    tables: Sequence[str]
    folder: Path
    now_ms: int
    again: bool = False


def tables_named(names: Sequence[str]) -> list[OpenTable]:
    """The tables, all where none is named. Raises KeyError with the first name that is none."""
    by_name = {each.name: each for each in OPEN_TABLES}
    return [by_name[name] for name in names] if names else list(OPEN_TABLES)


def write(wanted: Wanted, say: Say = lambda _name, _rows: None) -> dict[str, Any]:
    """Write the files. Returns the manifest. Raises NoParquet, django.db.Error, OSError; what is whole by then stays, and is not redone."""
    try:
        import pyarrow.parquet as parquet
    except ImportError:
        raise NoParquet from None
    wanted.folder.mkdir(parents=True, exist_ok=True)
    manifest = _manifest(wanted)
    for table in tables_named(wanted.tables):
        for first, end, month in _months(wanted):
            name = f"{table.name}-{month}.parquet"
            window = [max(first, wanted.first), min(end, wanted.end)]
            held = manifest["files"].get(name)
            if held is not None and held["window_ms"] == window and held["settled"] and not wanted.again:
                continue
            whole = wanted.folder / name
            part = whole.with_suffix(".part")
            schema = _schema(table)
            number = 0
            with parquet.ParquetWriter(part, schema, compression="zstd") as writer:
                for rows in _rows(table, wanted.organisation, *window):
                    writer.write_table(_table(table, rows, schema))
                    number += len(rows)
            part.replace(whole)
            manifest["files"][name] = {
                "table": table.name,
                "rows": number,
                "window_ms": window,
                "settled": end + SETTLED_MS < wanted.now_ms,
                "sha256": _digest(whole),
            }
            _save(wanted.folder, manifest)
            say(name, number)
    return manifest


def _manifest(wanted: Wanted) -> dict[str, Any]:
    head = {
        "schema": SCHEMA_VERSION,
        "definitions": DEFINITIONS,
        "organisation": wanted.organisation,
        "timezone": wanted.timezone,
        "columns": {table.name: {column.name: column.words for column in table.columns} for table in OPEN_TABLES},
    }
    try:
        held = json.loads((wanted.folder / MANIFEST).read_text(encoding="utf-8"))
    except FileNotFoundError:
        held = {}
    same = all(held.get(name) == value for name, value in head.items())
    return {**head, "files": held["files"] if same else {}}


def _save(folder: Path, manifest: dict[str, Any]) -> None:
    part = folder / f"{MANIFEST}.part"
    part.write_text(json.dumps(manifest, indent=1, ensure_ascii=False), encoding="utf-8")
    part.replace(folder / MANIFEST)


def _months(wanted: Wanted) -> Iterator[tuple[int, int, str]]:
    month = month_at(wanted.first)
    while (span := bounds(month))[0] < wanted.end:
        yield *span, f"{month[0]:04d}-{month[1]:02d}"
        month = month_at(span[1])


def _rows(table: OpenTable, organisation: str, first: int, end: int) -> Iterator[list[Sequence[Any]]]:
    columns = ", ".join(raw(column) for column in table.columns)
    words = [f"r.{table.at} >= %s", f"r.{table.at} < %s", "r.organisation = %s"]
    if table.grain is not None:
        words.append(f"r.grain = {table.grain}")
    with connection.chunked_cursor() as cursor:
        cursor.execute(f"SELECT {columns} FROM {joined(table)} WHERE {' AND '.join(words)}", [first, end, organisation])  # noqa: S608
        while rows := cursor.fetchmany(BATCH):
            yield rows


def _schema(table: OpenTable) -> "pyarrow.Schema":
    import pyarrow

    types = {
        "text": pyarrow.string(),
        "number": pyarrow.int64(),
        "seconds": pyarrow.float64(),
        "instant": pyarrow.timestamp("ms", tz="UTC"),
        "yes or no": pyarrow.bool_(),
        "share": pyarrow.float64(),
    }
    return pyarrow.schema([pyarrow.field(each.name, types[each.type], metadata={"meaning": each.words}) for each in table.columns])


def _table(table: OpenTable, rows: list[Sequence[Any]], schema: "pyarrow.Schema") -> "pyarrow.Table":
    import pyarrow

    arrays = [_array(column, [row[place] for row in rows], schema.field(place).type) for place, column in enumerate(table.columns)]
    return pyarrow.Table.from_arrays(arrays, schema=schema)


def _array(column: Column, values: list[Any], of: Any) -> Any:
    import pyarrow

    if column.type == "seconds":
        values = [None if value is None else value / 1000 for value in values]
    elif column.type == "share":
        values = [None if value is None else float(value) for value in values]
    elif column.type == "yes or no":
        values = [None if value is None else bool(value) for value in values]
    return pyarrow.array(values, of)


def _digest(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(_READ):
            digest.update(piece)
    return digest.hexdigest()
