"""A report queue by queue: the same days and columns, a row for each queue, sorted, each leading to the report of it alone."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from wallboard.boards import figures
from wallboard.pages.addresses import receipt_address
from wallboard.pages.frame import Visit
from wallboard.reports import reading, table, words
from wallboard.reports.asked import Asked
from wallboard.reports.bar import Address, names_of
from wallboard.reports.beside import Beside, pairs
from wallboard.reports.reading import Report


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueRow:
    """One queue: its row, what it promised in words, and whether the report is of it."""

    row: table.Row
    promise: str
    chosen: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Breakdown:
    """Rows by queue under sortable headings; `name` is the heading of the names."""

    rows: Sequence[QueueRow]
    columns: Sequence[table.Column]
    name: table.Column


async def breakdown_of(visit: Visit, asked: Asked, metrics: Sequence[str], order: str, address: Address) -> Breakdown:
    """The queues of the days asked for, those alone that are chosen where any are. Raises as reading does."""
    organisation = visit.viewer.organisation
    # Compared are intervals that are over, so that they are needed one by one then; else each queue is one sum.
    span = asked.span(organisation, visit.timezone, visit.viewer)
    other = asked.with_compared()
    if other is None:
        report, beside = await reading.read(organisation, span, "queue", visit.viewer, along="key"), None
    else:
        before_span = other.span(organisation, visit.timezone, visit.viewer)
        report, before = await asyncio.gather(
            reading.read(organisation, span, "queue", visit.viewer), reading.read(organisation, before_span, "queue", visit.viewer)
        )
        beside = Beside(report, before, pairs(span, before_span, report.complete_to))
    return Breakdown(
        rows=_rows(visit, asked, report, beside, metrics, order, address),
        columns=table.columns_of(metrics, "queue", order=order, address=address, usual="-offered"),
        name=table.columns_of(["name"], "queue", order=order, address=address, usual="-offered")[0],
    )


def _rows(
    visit: Visit, asked: Asked, report: Report, beside: Beside | None, metrics: Sequence[str], order: str, address: Address
) -> list[QueueRow]:
    language = str(getattr(visit.request, "LANGUAGE_CODE", "en"))
    lines, known = report.by_key(), names_of(visit, "queue")
    numbers = {key: report.numbers(line) for key, line in lines.items()}
    names = {key: known.get(key) or (report.names[key].name if key in report.names else "") or f"#{key}" for key in lines}
    steps = {metric: dict(zip(numbers, table.steps_of(metric, numbers.values()), strict=True)) for metric in metrics}
    sides = beside.by_key() if beside is not None else {}
    found = []
    for key in sorted_keys(numbers, names, order):
        now, then = (report.numbers(side) for side in sides[key]) if key in sides else (None, None)
        cells = [
            table.cell_of(
                metric,
                numbers[key].get(metric),
                language,
                address=receipt_address(f"queue:{key}", metric, first=asked.first, last=asked.last, hours=asked.hours)
                if visit.may("calls")
                else "",
                step=steps[metric][key],
                now=None if now is None else now.get(metric),
                was=None if then is None else then.get(metric),
                compared=then is not None,
            )
            for metric in metrics
        ]
        chosen = key in asked.queues
        to = address.to(queues=() if asked.queues == (key,) else (key,))
        found.append(
            QueueRow(
                row=table.Row(key=key, label=names[key], kind="key", cells=cells, address=to),
                promise="; ".join(words.promises_words([each for each in report.lines if each.key == key], visit.timezone)),
                chosen=chosen,
            )
        )
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
