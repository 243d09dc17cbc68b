"""What a report is compared with: which interval stands beside which, and sums over those that are over on both sides.

Rules that hold here: intervals of a day are paired by the day's place and the local clock, longer ones by their place; what is not over
yet is compared with nothing, so that half a morning never stands beside a whole day; nor is anything with days before the archive.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from stats.domain.periods import QUARTER_MS, business_day, day_bounds, zone
from stats.domain.report import WITHIN_A_DAY, Line, Span, total
from stats.domain.slices import days
from wallboard.reports.reading import Report

Place = tuple[int, int, int]


def cells(span: Span) -> Iterator[tuple[int, int]]:
    """The intervals [start, end) of a span in order, those alone that hold a quarter within its hours."""
    last = -1
    first, end = span.bounds
    if span.interval not in WITHIN_A_DAY:
        open_days = None if span.hours is None else span.hours.weekdays
        at = first
        while at < end:
            start, after = span.cell(at)
            if open_days is None or any(date.fromisoformat(day).isoweekday() in open_days for day in _days(start, after, span.timezone)):
                yield start, after
            at = after
        return
    for at in range(first, end, QUARTER_MS):
        if span.hours is None or span.hours.hold(at, span.timezone):
            start, after = span.cell(at)
            if start != last:
                yield start, after
                last = start


def _days(start: int, end: int, timezone: str) -> Iterator[str]:
    local = zone(timezone)
    return days(*(datetime.fromtimestamp(at / 1000, local).date().isoformat() for at in (start, end - 1)))


def _placed(span: Span) -> dict[Place, tuple[int, int]]:
    """Intervals by their place: which day and what the clock says there, or which interval."""
    if span.interval not in WITHIN_A_DAY:
        return {(number, 0, 0): cell for number, cell in enumerate(cells(span))}
    local, first = zone(span.timezone), date.fromisoformat(span.first)
    found = {}
    for start, end in cells(span):
        told = datetime.fromtimestamp(start / 1000, local)
        found[((told.date() - first).days, told.hour * 60 + told.minute, told.fold)] = (start, end)
    return found


def pairs(span: Span, other: Span, now: int, begin: int | None = None) -> dict[int, int]:
    """Start of each interval that is over by `now` -> start of the one it is compared with, of those since the archive's `begin`."""
    known = other.bounds[1] if begin is None else day_bounds(business_day(begin, other.timezone), other.timezone)[0]
    others = {place: cell for place, cell in _placed(other).items() if cell[0] >= known}
    return {start: others[place][0] for place, (start, end) in _placed(span).items() if end <= now and place in others}


@dataclass(frozen=True, slots=True)
class Beside:
    """A report and the one before it; `paired` as `pairs` tells."""

    report: Report
    before: Report
    paired: Mapping[int, int]

    def whole(self) -> tuple[Line, Line]:
        """Both sums over what is over."""
        return total(self._now(), "", self.report.span.bounds), total(self._then(), "", self.before.span.bounds)

    def by_key(self) -> dict[str, tuple[Line, Line]]:
        """The same of each key."""
        held: dict[str, tuple[list[Line], list[Line]]] = {}
        for side, lines in enumerate((self._now(), self._then())):
            for line in lines:
                held.setdefault(line.key, ([], []))[side].append(line)
        bounds, others = self.report.span.bounds, self.before.span.bounds
        return {key: (total(now, key, bounds), total(then, key, others)) for key, (now, then) in held.items()}

    def _now(self) -> list[Line]:
        return [line for line in self.report.lines if line.start in self.paired]

    def _then(self) -> list[Line]:
        starts = set(self.paired.values())
        return [line for line in self.before.lines if line.start in starts]
