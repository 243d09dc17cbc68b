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


def slices(span: Span, along: Along, apart: Iterable[int] = (), days_from: int | None = 0, *, by_quarter: bool = False) -> list[Slice]:
    """The stretches of a span in order, without the quarters `apart`. Days that begin before `days_from` (None: all) are read by quarters.

    Where every quarter is an interval of its own ("15m", and times are kept apart), and where whoever reads puts quarters into their
    intervals (`by_quarter`), `cell` is the day's first instant alone.
    """
    first, end = span.bounds
    left_out = sorted({at for at in apart if first <= at < end})
    by_day: dict[str, set[int]] = {}
    for at in left_out:
        by_day.setdefault(business_day(at, span.timezone), set()).add(at)
    found: list[Slice] = []
    for day in days(span.first, span.last):
        bounds = day_bounds(day, span.timezone)
        as_day = span.hours is None and day not in by_day and days_from is not None and bounds[0] >= days_from
        for each in _of_day(span, along, bounds, by_day.get(day, set()), as_day=as_day, by_quarter=by_quarter):
            last = found[-1] if found else None
            if last is not None and (last.grain, last.end, last.cell) == (each.grain, each.first, each.cell):
                found[-1] = Slice(last.grain, last.first, each.end, last.cell)
            else:
                found.append(each)
    return found


def _of_day(span: Span, along: Along, bounds: tuple[int, int], apart: set[int], *, as_day: bool, by_quarter: bool) -> Iterator[Slice]:
    if as_day and (along == "key" or span.interval in ("day", "week", "month")):
        yield Slice(DAY, *bounds, cell_of(span, along, bounds[0]))
        return
    each_its_own = along != "key" and span.interval in ("30m", "1h") and not by_quarter
    cell = bounds[0] if along != "key" and (span.interval == "15m" or by_quarter) else cell_of(span, along, bounds[0])
    for at in range(*bounds, QUARTER_MS):
        if at not in apart and (span.hours is None or span.hours.hold(at, span.timezone)):
            if each_its_own:
                cell = cell_of(span, along, at)
            yield Slice(QUARTER, at, at + QUARTER_MS, cell)


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
