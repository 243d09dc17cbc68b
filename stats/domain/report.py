"""What a report is made of: who asks for which days, lines of sums, and how lines add up.

Rules that hold here:
- A line holds sums, never ratios; its numbers are made of the sums by `stats.domain.sums`, as the wall's are.
- Days are business days of the organisation's zone, both ends inclusive; a line's time is half open, epoch ms.
- A line that adds up times with different settings says so: `settings` holds each of them once, the newest last.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Literal, get_args

from stats.domain.metrics import DEFAULT_TARGETS, Amounts, QueueTargets
from stats.domain.periods import QUARTER_MS, day_bounds, zone
from stats.domain.sums import SITE_COUNTED, Number, agent_numbers, queue_numbers, seconds

Kind = Literal["site", "queue", "agent"]
Interval = Literal["15m", "30m", "1h", "day", "week", "month"]
KINDS: tuple[Kind, ...] = get_args(Kind)
INTERVALS: tuple[Interval, ...] = get_args(Interval)
WITHIN_A_DAY: Mapping[str, int] = {"15m": 1, "30m": 2, "1h": 4}  # in quarters
# Bins of the distribution of waits, and the last of them, which is open.
BIN_MS, LAST_BIN = 5_000, 120
# What the columns of a stored row are called, "" for what is no sum.
Names = tuple[str, ...]


def bin_of(wait_ms: int) -> int:
    """The bin of five seconds that holds a wait."""
    return min(LAST_BIN, max(0, wait_ms) // BIN_MS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """Opening hours by the local clock: minutes of the day [opens, closes) in whole quarters, on ISO weekdays (1 is Monday)."""

    opens: int = 0
    closes: int = 1440
    weekdays: frozenset[int] = frozenset(range(1, 8))

    def hold(self, at: int, timezone: str) -> bool:
        """Whether the quarter that begins at `at` (epoch ms) is inside."""
        local = datetime.fromtimestamp(at / 1000, zone(timezone))
        return local.isoweekday() in self.weekdays and self.opens <= local.hour * 60 + local.minute < self.closes


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """What is asked: days `first` to `last` ("2026-05-01", both inclusive), cut into intervals; keys of today, None for all."""

    organisation: str
    timezone: str
    first: str
    last: str
    interval: Interval = "day"
    queues: frozenset[str] | None = None
    agents: frozenset[str] | None = None
    hours: Hours | None = None

    @property
    def bounds(self) -> tuple[int, int]:
        """First instant, and the one after the last; epoch ms."""
        return day_bounds(self.first, self.timezone)[0], day_bounds(self.last, self.timezone)[1]

    def cell(self, at: int) -> tuple[int, int]:
        """The interval [start, end) that holds the quarter `at`, cut off where the span begins and ends."""
        local = datetime.fromtimestamp(at / 1000, zone(self.timezone))
        first, end = self.bounds
        if (quarters := WITHIN_A_DAY.get(self.interval)) is not None:
            # By the local clock: an hour begins when the hand is at twelve, in Kathmandu as in Stockholm.
            start = at - (local.minute // 15 % quarters) * QUARTER_MS
            last = start + (quarters - 1) * QUARTER_MS
            # Where the hands are moved by half an hour, half an hour of each side is left.
            while start < at and self._offset(start) != local.utcoffset():
                start += QUARTER_MS
            while last > at and self._offset(last) != local.utcoffset():
                last -= QUARTER_MS
            return max(first, start), min(end, last + QUARTER_MS)
        begin, after = _days_of(self.interval, local.date())
        return max(first, day_bounds(begin, self.timezone)[0]), min(end, day_bounds(after, self.timezone)[0])

    def _offset(self, at: int) -> timedelta | None:
        return datetime.fromtimestamp(at / 1000, zone(self.timezone)).utcoffset()


def _days_of(interval: str, day: date) -> tuple[str, str]:
    """The first day of the interval that holds a day, and the first day after it."""
    if interval == "week":
        begin = day - timedelta(days=day.isoweekday() - 1)
        return begin.isoformat(), (begin + timedelta(days=7)).isoformat()
    if interval == "month":
        begin = day.replace(day=1)
        return begin.isoformat(), (begin + timedelta(days=32)).replace(day=1).isoformat()
    return day.isoformat(), (day + timedelta(days=1)).isoformat()


class Line:
    """Sums of one scope over one time. `key` is "" for the site; `wait_max` ms.

    `waits` (in `amounts` as h<bucket>) are the histogram of answered waits; the bins are counts by five seconds of wait (`bin_of`).
    `open`: part of it is not over yet.
    """

    __slots__ = ("_amounts", "_bins", "_names", "_row", "end", "key", "open", "settings", "start", "wait_max")

    def __init__(
        self, key: str, start: int, end: int, amounts: Amounts | None = None, names: Names = (), row: Sequence[Any] | None = None
    ) -> None:
        self.key, self.start, self.end = key, start, end
        self.wait_max: int | None = None
        self.settings: tuple[QueueTargets, ...] = ()
        self.open = False
        # A year of three hundred agents has a hundred thousand lines, most of which are only ever added up: what nobody looks into
        # stays the row that was read.
        self._names, self._row, self._amounts = names, row, amounts
        self._bins: tuple[dict[int, int], dict[int, int]] | None = None

    def __repr__(self) -> str:
        return f"Line({self.key!r}, {self.start}, {self.end}, {self.amounts!r})"

    @property
    def amounts(self) -> Amounts:
        """Sums by name; what is 0 may be left out."""
        row = self._row
        if self._amounts is None:
            told = zip(self._names, row or (), strict=True)
            self._amounts = {name: amount for name, amount in told if name and amount}
            self._row = None
        return self._amounts

    @amounts.setter
    def amounts(self, amounts: Amounts) -> None:
        self._amounts, self._row = amounts, None

    @property
    def answered_bins(self) -> dict[int, int]:
        """Answered visits by their wait."""
        return self._both_bins()[0]

    @property
    def abandoned_bins(self) -> dict[int, int]:
        """Visits given up by their wait."""
        return self._both_bins()[1]

    def _both_bins(self) -> tuple[dict[int, int], dict[int, int]]:
        if self._bins is None:
            self._bins = ({}, {})
        return self._bins

    def add(self, other: "Line") -> None:
        """Take in another line's sums; the time stays as it is."""
        held = self.amounts
        for name, amount in other.amounts.items():
            held[name] = held.get(name, 0) + amount
        self._add_rest(other)

    def _add_rest(self, other: "Line") -> None:
        if other.wait_max is not None:
            self.wait_max = max(other.wait_max, self.wait_max or 0)
        if other._bins is not None:
            for mine, told in zip(self._both_bins(), other._bins, strict=True):
                for place, number in told.items():
                    mine[place] = mine.get(place, 0) + number
        if other.settings and other.settings != self.settings:
            self.settings = (*(each for each in self.settings if each not in other.settings), *other.settings)
        self.open = self.open or other.open

    def add_all(self, others: Iterable["Line"]) -> None:
        """The same of many: rows of the same names column by column."""
        rows: dict[Names, list[Sequence[Any]]] = {}
        for other in others:
            if (row := other._row) is None:
                self.add(other)
            else:
                rows.setdefault(other._names, []).append(row)
                self._add_rest(other)
        held = self.amounts
        for names, told in rows.items():
            for name, column in zip(names, zip(*told, strict=True), strict=True):
                if name and (added := sum(column)):
                    held[name] = held.get(name, 0) + added

    def numbers(self, kind: Kind) -> dict[str, Number | dict[str, float | None]]:
        """Every number of METRICS by its id: those of a queue, of an agent, or of the site with the queue numbers of all its queues."""
        if kind == "agent":
            return dict(agent_numbers(self.amounts))
        variant = self.settings[-1].variant if kind == "queue" and self.settings else DEFAULT_TARGETS.variant
        longest = None if self.wait_max is None else seconds(self.wait_max)
        numbers = {**queue_numbers(self.amounts, variant), "longest_wait_window": longest}
        if kind == "site":
            return {**{name: self.amounts.get(name, 0) for name in SITE_COUNTED}, **numbers}
        return numbers


def total(lines: Iterable[Line], key: str = "", span: tuple[int, int] | None = None) -> Line:
    """The sum of lines, over all of their time (or the time given)."""
    every = list(lines)
    start, end = span or (min((each.start for each in every), default=0), max((each.end for each in every), default=0))
    added = Line(key, start, end)
    added.add_all(every)
    return added
