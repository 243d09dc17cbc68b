"""Reads reports from the stored sums: only SUM, group and filter; no arithmetic with a meaning of its own.

Rules that hold here: rows are asked for by organisation, grain and time, along their key; the database adds up whatever it can, histograms
(JSON) are merged here and only where they are asked for; keys are as stored, whoever asks says which of them are one. Asked of any thread.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from functools import cache, lru_cache
from typing import Any

import msgspec
from django.db import connection, transaction

from stats.domain.metrics import VARIANTS, QueueTargets, Variant
from stats.domain.periods import QUARTER_MS
from stats.domain.report import WITHIN_A_DAY, Kind, Line, Span
from stats.domain.report_lines import Lines, put_bins, put_pairs, put_wait, put_waits
from stats.domain.slices import QUARTER, Slice, cell_of, slices
from stats.domain.sums import SITE_COUNTED, TIME_METRICS
from stats.history.rollup_tables import AgentRollup, QueueRollup, SiteRollup

QUEUE_SUMS = (
    *("offered", "answered", "answered_in_target", "abandoned", "short_abandoned", "abandoned_in_target", "short_in_target"),
    *("overflowed", "voicemail", "callbacks", "transferred", "wait_n", "wait_sum", "abandon_wait_n", "abandon_wait_sum"),
    *("talk_n", "talk_sum", "hold_sum"),
)
AGENT_SUMS = ("offers", "answered", "missed", "withdrawn", "outgoing", "ring_sum", "talk_n", "talk_sum", "hold_sum", *TIME_METRICS)
_OF_QUEUES, _OF_AGENTS, _OF_SITE = QueueRollup._meta.db_table, AgentRollup._meta.db_table, SiteRollup._meta.db_table
# An address of SQL may be so long; a question about more stretches of time is asked in parts.
_SLICES_AT_ONCE = 4_000
# Two days are longer, however the clocks are changed.
LONGEST_DAY_MS = 26 * 3_600_000
Place = tuple[str, int]  # key, first instant of the interval
_counts = msgspec.json.Decoder(dict[int, int]).decode


@dataclass(frozen=True, slots=True, kw_only=True)
class Sums:
    """Which stored sums are read. `queues`, `agents`: stored keys, None for all; `key_of`: source and stored key -> key of today.

    `apart`: quarters that are left out; `days_from`: since when stored days are those of the span's zone (None: never).
    `waits`, `bins`: whether histograms are read.
    """

    span: Span
    apart: Collection[int] = ()
    days_from: int | None = 0
    queues: Collection[str] | None = None
    agents: Collection[str] | None = None
    key_of: Callable[[str, str], str] = lambda _source, key: key
    waits: bool = True
    bins: bool = True


@contextmanager
def one_look() -> Iterator[None]:
    """Everything asked inside is answered as of one instant; nobody is kept from writing meanwhile. Raises django.db.Error."""
    if connection.in_atomic_block:
        yield
    elif connection.vendor == "postgresql":
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            yield
    else:
        # Django's own transactions are IMMEDIATE here, which would wait for every writer, and make each of them wait.
        with connection.cursor() as cursor:
            cursor.execute("BEGIN DEFERRED")
        try:
            yield
        finally:
            with connection.cursor() as cursor:
                cursor.execute("ROLLBACK")


def add_stored(kind: Kind, sums: Sums, lines: Lines) -> None:
    """Add the stored sums to lines. Raises django.db.Error."""
    by_quarter = _by_quarter(lines, whose=kind != "site" and lines.along != "time")
    for part in _parts(slices(sums.span, lines.along, sums.apart, sums.days_from, by_quarter=by_quarter)):
        if kind == "agent":
            _add_agents(lines, sums, part)
        elif kind == "queue":
            _add_queues(lines, sums, part, of_queues=True)
        else:
            _add_site(lines, sums, part)
            _add_queues(lines, sums, part, of_queues=False)


def _by_quarter(lines: Lines, *, whose: bool) -> bool:
    """Whether rows are read quarter by quarter: where a quarter is an interval, and where there is one row a quarter and not one for each
    of somebody (`whose`): long stretches, put into intervals here, cost less than a question for each interval."""
    return lines.along != "key" and (lines.span.interval == "15m" or (not whose and lines.span.interval in WITHIN_A_DAY))


def _parts(told: Sequence[Slice]) -> Iterator[Sequence[Slice]]:
    for at in range(0, len(told), _SLICES_AT_ONCE):
        yield told[at : at + _SLICES_AT_ONCE]


def _asked(
    lines: Lines, part: Sequence[Slice], table: str, columns: Sequence[str], group: Sequence[str], keys: tuple[str, Collection[str] | None]
) -> list[Sequence[Any]]:
    """Rows of (cell, group columns, other columns), by stretch; several stretches may be of one cell."""
    column, wanted = keys
    if not part or (wanted is not None and not wanted):
        return []
    words, values = ["r.organisation = %s", "r.grain = p.g", "r.start_ms >= p.s", "r.start_ms < p.e"], [lines.span.organisation]
    if wanted is not None:
        words.append(f"r.{column} IN ({', '.join(['%s'] * len(wanted))})")
        values += sorted(wanted)
    # The stretches are longer than intervals then.
    by_quarter = _by_quarter(lines, whose="source" in group)
    by = [*(["r.start_ms"] if by_quarter else []), *(f"r.{name}" for name in group)]
    added_up = any("(" in each for each in columns)
    places = ",".join(f"({each.grain},{each.first},{each.end},{each.cell})" for each in part)
    told = ", ".join(f"{each} AS c{number}" for number, each in enumerate([*by, *columns]))
    where, grouping = " AND ".join(words), f" GROUP BY {', '.join(by)}" if by and added_up else ""
    # OFFSET keeps PostgreSQL from taking the inner question apart, after which it would read the whole table for every stretch.
    ending = " HAVING COUNT(*) > 0" if added_up else " OFFSET 0" if connection.vendor == "postgresql" else ""
    cell = "" if by_quarter else "p.c, "
    # The stretches first, and for each of them a place in the table's key: no engine may begin at the other end.
    if connection.vendor == "postgresql":
        asked = f"SELECT {cell}x.* FROM p CROSS JOIN LATERAL (SELECT {told} FROM {table} r WHERE {where}{grouping}{ending}) x"  # noqa: S608
    else:
        grouping = f" GROUP BY {', '.join(['p.s', *by])}" if added_up else ""
        asked = f"SELECT {cell}{told} FROM p CROSS JOIN {table} r WHERE {where}{grouping}{ending}"  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(f"WITH p(g, s, e, c) AS (VALUES {places}) {asked}", values)
        rows = list(cursor.fetchall())
    if not by_quarter or lines.span.interval == "15m":
        return rows
    cells = {start: cell_of(lines.span, lines.along, start) for start in {row[0] for row in rows}}
    return [(cells[row[0]], *row[1:]) for row in rows]


def _summed(names: Sequence[str]) -> list[str]:
    # A sum of BIGINT is a NUMERIC on PostgreSQL, which would become a Decimal.
    return [f"CAST(SUM(r.{name}) AS BIGINT)" for name in names]


def _is_row(lines: Lines, part: Sequence[Slice]) -> bool:
    """Whether what is read of a key and interval is one row, of which there is nothing to add up."""
    if lines.along != "both":
        return False
    if lines.span.interval == "15m":
        return all(each.grain == QUARTER for each in part)
    return all(each.end - each.first <= (QUARTER_MS if each.grain == QUARTER else LONGEST_DAY_MS) for each in part)


def _add_site(lines: Lines, sums: Sums, part: Sequence[Slice]) -> None:
    for cell, *amounts in _asked(lines, part, _OF_SITE, _summed(SITE_COUNTED), (), ("source", None)):
        put_pairs(lines.at("", cell), zip(SITE_COUNTED, amounts, strict=True))


# What a row of an agent's sums holds after its interval: whose it is, and the sums.
_NAMES, _NAMES_OF_ALL = ("", "", "", *AGENT_SUMS), ("", *AGENT_SUMS)


def _add_agents(lines: Lines, sums: Sums, part: Sequence[Slice]) -> None:
    group = ("source", "agent") if lines.along != "time" else ()
    columns = [f"r.{name}" for name in AGENT_SUMS] if _is_row(lines, part) else _summed(AGENT_SUMS)
    rows, key_of = _asked(lines, part, _OF_AGENTS, columns, group, ("agent", sums.agents)), cache(sums.key_of)
    if group:
        for row in rows:
            lines.put_row(key_of(row[1], row[2]), row[0], _NAMES, row)
    else:
        for row in rows:
            lines.put_row("", row[0], _NAMES_OF_ALL, row)


_SETTINGS = ("target_ms", "short_ms", "share", "variant")


def _add_queues(lines: Lines, sums: Sums, part: Sequence[Slice], *, of_queues: bool) -> None:
    whose = ("source", "queue") if of_queues and lines.along != "time" else ()
    group = (*whose, *_SETTINGS) if of_queues else ()
    histograms = [*(["waits"] if sums.waits else []), *(["answered_bins", "abandoned_bins"] if sums.bins else [])]
    is_row, key_of = of_queues and _is_row(lines, part), cache(sums.key_of)
    if is_row:
        columns = [f"r.{name}" for name in ("wait_max", "start_ms", *QUEUE_SUMS, *histograms)]
    else:
        columns = ["MAX(r.wait_max)", "MAX(r.start_ms)", *_summed(QUEUE_SUMS)]
    end = len(group) + 2 + len(QUEUE_SUMS)
    for cell, *told in _asked(lines, part, _OF_QUEUES, columns, group, ("queue", sums.queues)):
        line = lines.at(key_of(told[0], told[1]) if whose else "", cell)
        longest, last, *amounts = told[len(group) : end]
        put_pairs(line, zip(QUEUE_SUMS, amounts, strict=True))
        put_wait(line, longest)
        if of_queues:
            lines.counted_by(line, _targets(*told[len(whose) : len(group)]), last)
        if is_row:
            for name, written in zip(histograms, told[end:], strict=True):
                _put_histogram(line, name, _counts(written))
    if histograms and not is_row:
        _add_histograms(lines, sums, part, whose, histograms)


# Of thousands of rows nearly all were counted by the same few settings.
@lru_cache(maxsize=1_000)
def _targets(target: int, short: int, share: Any, variant: str) -> QueueTargets:
    known: Variant = variant if variant in VARIANTS else VARIANTS[0]
    return QueueTargets(target_ms=target, short_ms=short, share=Decimal(str(share)), variant=known)


def _add_histograms(lines: Lines, sums: Sums, part: Sequence[Slice], whose: Sequence[str], columns: Sequence[str]) -> None:
    """Histograms merged line by line."""
    merged: list[dict[Place, dict[int, int]]] = [{} for _ in columns]
    key_of = cache(sums.key_of)
    for cell, *told in _asked(lines, part, _OF_QUEUES, [f"r.{name}" for name in columns], whose, ("queue", sums.queues)):
        place = (key_of(told[0], told[1]) if whose else "", cell)
        for written, into in zip(told[len(whose) :], merged, strict=True):
            if written == "{}":
                continue
            counts, held = _counts(written), into.get(place)
            if held is None:
                into[place] = counts
                continue
            for bucket, count in counts.items():
                held[bucket] = held.get(bucket, 0) + count
    for name, into in zip(columns, merged, strict=True):
        for place, counts in into.items():
            _put_histogram(lines.at(*place), name, counts)


def _put_histogram(line: Line, name: str, counts: Mapping[int, int]) -> None:
    if name == "waits":
        put_waits(line, counts)
    elif counts:
        put_bins(line.answered_bins if name == "answered_bins" else line.abandoned_bins, counts)
