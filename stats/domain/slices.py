"""Cuts a report's span into the stretches of stored sums that it is added up from: whole days where it can, quarters where it must.

Rules that hold here: stretches of one report never overlap; a quarter that is to be computed elsewhere is in none of them, and makes its
day one of quarters; instants are epoch ms.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from stats.domain.periods import QUARTER_MS, business_day, day_bounds
from stats.domain.report import Span

# What is kept apart: both, or the times (all keys together), or the keys (all of the time together).
Along = Literal["both", "time", "key"]
QUARTER, DAY = 15, 1440  # lengths of stored rows, minutes


@dataclass(frozen=True, slots=True)
class Slice:
    """Rows of one grain (minutes) that begin in [first, end) and belong to the interval that begins at `cell`."""

    grain: int
    first: int
    end: int
    cell: int


def slices(span: Span, along: Along, apart: Iterable[int] = (), until: int | None = None) -> list[Slice]:
    """The stretches of a span in order, without the quarters `apart` and what begins at `until` or later.

    Where every quarter is an interval of its own ("15m", and times are kept apart), `cell` is the stretch's first instant alone.
    """
    first, end = span.bounds
    left_out = sorted({at for at in apart if first <= at < end})
    by_day: dict[str, set[int]] = {}
    for at in left_out:
        by_day.setdefault(business_day(at, span.timezone), set()).add(at)
    found: list[Slice] = []
    for day in days(span.first, span.last):
        bounds = day_bounds(day, span.timezone)
        if until is not None and bounds[0] >= until:
            break
        for each in _of_day(span, along, bounds, by_day.get(day, set()), until):
            last = found[-1] if found else None
            if last is not None and (last.grain, last.end, last.cell) == (each.grain, each.first, each.cell):
                found[-1] = Slice(last.grain, last.first, each.end, last.cell)
            else:
                found.append(each)
    return found


def _of_day(span: Span, along: Along, bounds: tuple[int, int], apart: set[int], until: int | None) -> Iterator[Slice]:
    whole = span.interval in ("day", "week", "month") and span.hours is None and not apart
    if (along == "key" and span.hours is None and not apart) or whole:
        yield Slice(DAY, *bounds, cell_of(span, along, bounds[0]))
        return
    alike = along == "key" or span.interval not in ("30m", "1h")  # all of a day's quarters are of one cell, or each is its own
    cell = cell_of(span, along, bounds[0]) if along == "key" or span.interval != "15m" else None
    for at in range(bounds[0], bounds[1] if until is None else min(until, bounds[1]), QUARTER_MS):
        if at not in apart and (span.hours is None or span.hours.hold(at, span.timezone)):
            if not alike:
                cell = cell_of(span, along, at)
            yield Slice(QUARTER, at, at + QUARTER_MS, bounds[0] if cell is None else cell)


def cell_of(span: Span, along: Along, at: int) -> int:
    """Where the interval of the quarter that begins at `at` begins; the span's own beginning where times are not kept apart."""
    if along == "key":
        return span.bounds[0]
    return at if span.interval == "15m" else span.cell(at)[0]


def end_of(span: Span, along: Along, cell: int) -> int:
    """Where an interval ends."""
    if along == "key":
        return span.bounds[1]
    return cell + QUARTER_MS if span.interval == "15m" else span.cell(cell)[1]


def days(first: str, last: str) -> Iterator[str]:
    """Every day from one to another, both of them included."""
    day, end = date.fromisoformat(first), date.fromisoformat(last)
    while day <= end:
        yield day.isoformat()
        day += timedelta(days=1)
