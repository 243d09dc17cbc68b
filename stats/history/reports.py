"""Reads reports from the stored sums: only SUM, group and filter; no arithmetic with a meaning of its own.

Rules that hold here: rows are asked for by organisation, grain and time, along their key; the database adds up whatever it can, histograms
(JSON) are merged here and only where they are asked for; keys are as stored, whoever asks says which of them are one. Asked of any thread.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, cast

import msgspec
from django.db import connection, transaction

from stats.domain.metrics import VARIANTS, QueueTargets, Variant
from stats.domain.report import Kind, Line, Span
from stats.domain.slices import Along, Slice, end_of, slices
from stats.domain.sums import SITE_COUNTED, TIME_METRICS
from stats.history.rollup_tables import AgentRollup, QueueRollup, RolledQuarter, SiteRollup

QUEUE_SUMS = (
    *("offered", "answered", "answered_in_target", "abandoned", "short_abandoned", "abandoned_in_target", "short_in_target"),
    *("overflowed", "voicemail", "callbacks", "transferred", "wait_n", "wait_sum", "abandon_wait_n", "abandon_wait_sum"),
    *("talk_n", "talk_sum", "hold_sum"),
)
AGENT_SUMS = ("offers", "answered", "missed", "withdrawn", "outgoing", "ring_sum", "talk_n", "talk_sum", "hold_sum", *TIME_METRICS)
_OF_QUEUES, _OF_AGENTS, _OF_SITE = QueueRollup._meta.db_table, AgentRollup._meta.db_table, SiteRollup._meta.db_table
# An address of SQL may be so long; a question about more stretches of time is asked in parts.
_SLICES_AT_ONCE = 4_000
_counts = msgspec.json.Decoder(dict[str, int]).decode
Lines = dict[tuple[str, int], Line]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sums:
    """Which sums are read. `queues`, `agents`: stored keys, None for all; `key_of`: source and stored key -> key of today.

    `apart`: quarters that are left out, and `until`: from when on everything is. `waits`, `bins`: whether histograms are read.
    """

    span: Span
    along: Along = "both"
    apart: Collection[int] = ()
    until: int | None = None
    queues: Collection[str] | None = None
    agents: Collection[str] | None = None
    key_of: Callable[[str, str], str] = lambda _source, key: key
    waits: bool = True
    bins: bool = True

    @property
    def by_key(self) -> bool:
        """Whether keys are kept apart."""
        return self.along != "time"

    @property
    def cell(self) -> str:
        """The interval of a row, in SQL."""
        return "r.start_ms" if self.span.interval == "15m" and self.along != "key" else "p.c"


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


def stored_lines(kind: Kind, sums: Sums) -> Lines:
    """The lines of the stored sums by key ("" where keys are added up) and start. Raises django.db.Error."""
    lines: Lines = {}
    for part in _parts(slices(sums.span, sums.along, sums.apart, sums.until)):
        if kind == "agent":
            _add_agents(lines, sums, part)
        elif kind == "queue":
            _add_queues(lines, sums, part, by_settings=True)
        else:
            _add_site(lines, sums, part)
            _add_queues(lines, sums, part, by_settings=False)
    return lines


def rolled_to(organisation: str) -> int | None:
    """The end of the newest quarter that was added up, epoch ms; None for none. Raises django.db.Error."""
    newest = RolledQuarter.objects.filter(organisation=organisation, state="done").order_by("-quarter_ms")
    at = newest.values_list("quarter_ms", flat=True).first()
    return None if at is None else at + 900_000


def _parts(told: Sequence[Slice]) -> Iterator[Sequence[Slice]]:
    for at in range(0, len(told), _SLICES_AT_ONCE):
        yield told[at : at + _SLICES_AT_ONCE]


def line_of(lines: Lines, sums: Sums, key: str, cell: int) -> Line:
    """The line of a key and interval, made where there is none."""
    line = lines.get((key, cell))
    if line is None:
        line = lines[(key, cell)] = Line(key, cell, end_of(sums.span, sums.along, cell))
    return line


def _asked(
    sums: Sums, part: Sequence[Slice], table: str, columns: Sequence[str], group: Sequence[str], keys: tuple[str, Collection[str] | None]
) -> list[Sequence[Any]]:
    """Rows of (cell, group columns, other columns)."""
    places = ",".join(f"({each.grain},{each.first},{each.end},{each.cell})" for each in part)
    words, values = ["r.organisation = %s", "r.grain = p.g", "r.start_ms >= p.s", "r.start_ms < p.e"], [sums.span.organisation]
    column, wanted = keys
    if wanted is not None:
        if not wanted:
            return []
        words.append(f"r.{column} IN ({', '.join(['%s'] * len(wanted))})")
        values += sorted(wanted)
    named = [sums.cell, *(f"r.{name}" for name in group)]
    grouping = f" GROUP BY {', '.join(named)}" if any("(" in column for column in columns) else ""
    with connection.cursor() as cursor:
        # The stretches first, and for each of them a place in the table's key: no engine may begin at the other end.
        cursor.execute(
            f"WITH p(g, s, e, c) AS (VALUES {places}) SELECT {', '.join([*named, *columns])}"  # noqa: S608
            f" FROM p CROSS JOIN {table} r WHERE {' AND '.join(words)}{grouping}",
            values,
        )
        return list(cursor.fetchall())


def _summed(names: Sequence[str]) -> list[str]:
    # A sum of BIGINT is a NUMERIC on PostgreSQL, which would become a Decimal.
    return [f"CAST(SUM(r.{name}) AS BIGINT)" for name in names]


def _put(line: Line, names: Sequence[str], amounts: Sequence[int]) -> None:
    held = line.amounts
    for name, amount in zip(names, amounts, strict=True):
        if amount:
            held[name] = held.get(name, 0) + amount


def _add_site(lines: Lines, sums: Sums, part: Sequence[Slice]) -> None:
    for cell, *amounts in _asked(sums, part, _OF_SITE, _summed(SITE_COUNTED), (), ("source", None)):
        _put(line_of(lines, sums, "", cell), SITE_COUNTED, amounts)


def _add_agents(lines: Lines, sums: Sums, part: Sequence[Slice]) -> None:
    group = ("source", "agent") if sums.by_key else ()
    for cell, *told in _asked(sums, part, _OF_AGENTS, _summed(AGENT_SUMS), group, ("agent", sums.agents)):
        key = sums.key_of(told[0], told[1]) if group else ""
        _put(line_of(lines, sums, key, cell), AGENT_SUMS, told[len(group) :])


_SETTINGS = ("target_ms", "short_ms", "share", "variant")


def _add_queues(lines: Lines, sums: Sums, part: Sequence[Slice], *, by_settings: bool) -> None:
    by_key = by_settings and sums.by_key
    whose = ("source", "queue") if by_key else ()
    group = (*whose, *_SETTINGS) if by_settings else ()
    newest: dict[tuple[str, int], list[tuple[int, QueueTargets]]] = {}
    for cell, *told in _asked(
        sums, part, _OF_QUEUES, ["MAX(r.wait_max)", "MAX(r.start_ms)", *_summed(QUEUE_SUMS)], group, ("queue", sums.queues)
    ):
        key = sums.key_of(told[0], told[1]) if whose else ""
        line = line_of(lines, sums, key, cell)
        longest, last, *amounts = told[len(group) :]
        _put(line, QUEUE_SUMS, amounts)
        if longest is not None:
            line.wait_max = max(longest, line.wait_max or 0)
        if group:
            newest.setdefault((key, cell), []).append((last, _targets(told[len(whose) : len(group)])))
    for place, targets in newest.items():
        if targets:
            targets.sort(key=lambda each: each[0])
            held = lines[place].settings
            lines[place].settings = tuple(dict.fromkeys([*held, *(each for _last, each in targets)]))
    if sums.waits or sums.bins:
        _add_histograms(lines, sums, part, whose)


def _targets(told: Sequence[Any]) -> QueueTargets:
    target, short, share, variant = told
    known = cast(Variant, variant) if variant in VARIANTS else VARIANTS[0]
    return QueueTargets(target_ms=target, short_ms=short, share=Decimal(str(share)), variant=known)


def _add_histograms(lines: Lines, sums: Sums, part: Sequence[Slice], whose: Sequence[str]) -> None:
    """Histograms merged line by line."""
    columns = [*(["waits"] if sums.waits else []), *(["answered_bins", "abandoned_bins"] if sums.bins else [])]
    merged: list[dict[tuple[str, int], dict[str, int]]] = [{} for _ in columns]
    for cell, *told in _asked(sums, part, _OF_QUEUES, [f"r.{name}" for name in columns], whose, ("queue", sums.queues)):
        place = (sums.key_of(told[0], told[1]) if whose else "", cell)
        for written, into in zip(told[len(whose) :], merged, strict=True):
            if written == "{}":
                continue
            held = into.get(place)
            if held is None:
                into[place] = _counts(written)
                continue
            for name, count in _counts(written).items():
                held[name] = held.get(name, 0) + count
    for name, into in zip(columns, merged, strict=True):
        for place, counts in into.items():
            _put_counts(line_of(lines, sums, *place), name, counts)


def _put_counts(line: Line, name: str, counts: Mapping[str, int]) -> None:
    if name == "waits":
        held = line.amounts
        for bucket, count in counts.items():
            held[f"h{bucket}"] = held.get(f"h{bucket}", 0) + count
        return
    bins = line.answered_bins if name == "answered_bins" else line.abandoned_bins
    for place, count in counts.items():
        bins[int(place)] = bins.get(int(place), 0) + count
