"""A report queue by queue, or agent by agent: a row for each, sorted, each leading to the report of it alone.

Rules that hold here: each row is one sum over the whole time, made of sums; compared is what of it is over; names are those of today, as
the viewer may see them, and an id where no name was ever told.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from wallboard.boards import figures
from wallboard.pages.addresses import receipt_address
from wallboard.pages.frame import Visit
from wallboard.reports import reading, table, words
from wallboard.reports.asked import Asked
from wallboard.reports.bar import Address, names_of
from wallboard.reports.beside import Beside, pairs
from wallboard.reports.reading import Report


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRow:
    """One queue or agent: its row, what a queue promised in words, and whether the report is of it."""

    row: table.Row
    promise: str
    chosen: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Breakdown:
    """Rows under sortable headings; `name` is the heading of the names; `report` what they were made of."""

    rows: Sequence[KeyRow]
    columns: Sequence[table.Column]
    name: table.Column
    report: Report
    beside: Beside | None


@dataclass(frozen=True, slots=True, kw_only=True)
class By:
    """By what a report is broken down: which numbers, in which order (and which is the usual one), under which address."""

    kind: Literal["queue", "agent"]
    metrics: Sequence[str]
    order: str
    usual: str
    address: Address
    begin: int | None  # of the archive, epoch ms


async def breakdown_of(visit: Visit, asked: Asked, by: By) -> Breakdown:
    """The queues or agents of the days asked for, those alone that are chosen where any are. Raises as reading does."""
    organisation, viewer = visit.viewer.organisation, visit.viewer
    # Compared are intervals that are over, so that they are needed one by one then; else each row is one sum.
    span = asked.span(organisation, visit.timezone, viewer)
    other = asked.with_compared()
    if other is None:
        report, beside = await reading.read(organisation, span, by.kind, viewer, along="key", bins=False), None
    else:
        before_span = other.span(organisation, visit.timezone, viewer)
        report, before = await asyncio.gather(
            reading.read(organisation, span, by.kind, viewer, bins=False),
            reading.read(organisation, before_span, by.kind, viewer, bins=False),
        )
        beside = Beside(report, before, pairs(span, before_span, report.complete_to, by.begin))
    order, place = {"order": by.order, "address": by.address, "usual": by.usual}, by.kind
    return Breakdown(
        rows=_rows(visit, asked, by, report, beside),
        columns=table.columns_of(by.metrics, place, **order),  # type: ignore[arg-type]  # as they are called there
        name=table.columns_of(["name"], place, **order)[0],  # type: ignore[arg-type]
        report=report,
        beside=beside,
    )


def _rows(visit: Visit, asked: Asked, by: By, report: Report, beside: Beside | None) -> list[KeyRow]:
    language = str(getattr(visit.request, "LANGUAGE_CODE", "en"))
    lines, sides = report.by_key(), beside.by_key() if beside is not None else {}
    numbers = {key: report.numbers(line) for key, line in lines.items()}
    names = _names(visit, by.kind, report)
    steps = {metric: dict(zip(numbers, table.steps_of(metric, numbers.values()), strict=True)) for metric in by.metrics}
    chosen = asked.queues if by.kind == "queue" else asked.agents
    found = []
    for key in sorted_keys(numbers, names, by.order):
        now, then = (report.numbers(side) for side in sides[key]) if key in sides else (None, None)
        cells = [
            table.cell_of(
                metric,
                numbers[key].get(metric),
                language,
                address=receipt_address(f"{by.kind}:{key}", metric, first=asked.first, last=asked.last, hours=asked.hours)
                if visit.may("calls")
                else "",
                step=steps[metric][key],
                now=None if now is None else now.get(metric),
                was=None if then is None else then.get(metric),
                compared=then is not None,
            )
            for metric in by.metrics
        ]
        to = by.address.to(**{f"{by.kind}s": () if chosen == (key,) else (key,)})
        promised = [each for each in report.lines if each.key == key] if by.kind == "queue" else []
        found.append(
            KeyRow(
                row=table.Row(key=key, label=names[key], kind="key", cells=cells, address=to),
                promise="; ".join(words.promises_words(promised, visit.timezone)),
                chosen=key in chosen,
            )
        )
    return found


def _names(visit: Visit, kind: str, report: Report) -> dict[str, str]:
    """What each key of a report is called."""
    known, found = names_of(visit, kind), {}
    for key in {line.key for line in report.lines}:
        told = report.names[key].name if key in report.names else None
        if kind == "agent" and key not in known:
            told = visit.agent_name(key, told)
        found[key] = known.get(key) or told or f"#{key}"
    return found


def sorted_keys(numbers: Mapping[str, Mapping[str, object]], names: Mapping[str, str], order: str) -> list[str]:
    """Keys by a number (what is unknown last) or by name; alike ones by name."""
    metric = order.removeprefix("-")
    by_name = sorted(numbers, key=lambda key: (names[key].casefold(), key))
    if metric == "name":
        return by_name[::-1] if order.startswith("-") else by_name
    sign = -1 if order.startswith("-") else 1

    def place(key: str) -> tuple[bool, float]:
        value = figures.number(numbers[key].get(metric))
        return (value is None, sign * (value or 0))

    return sorted(by_name, key=place)
