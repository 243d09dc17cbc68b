"""Gathers a report's lines from wherever their sums come: stored rows, quarters added up anew, calls of the moment.

Rules that hold here: a line is made by the first amount that is put into it; settings are told in the order of the times they were used.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from stats.domain.metrics import QueueTargets
from stats.domain.report import Line, Names, Span
from stats.domain.slices import Along, cell_of, end_of


@dataclass(slots=True)
class Lines:
    """The lines of a span in the making, by interval (its first instant), then key; with `along` "time" all keys are "", with "key" there
    is one interval."""

    span: Span
    along: Along
    held: dict[int, dict[str, Line]] = field(default_factory=dict)
    _settings: dict[Line, dict[QueueTargets, int]] = field(default_factory=dict)
    _ends: dict[int, int] = field(default_factory=dict)

    def at(self, key: str, cell: int) -> Line:
        """The line of a key and interval."""
        if self.along == "time":
            key = ""
        lines = self._of(cell)
        line = lines.get(key)
        if line is None:
            line = lines[key] = Line(key, cell, self._end_of(cell))
        return line

    def put_row(self, key: str, cell: int, names: Names, row: Sequence[Any]) -> None:
        """Add a stored row of sums to a line; one that is the whole of its line is not looked into."""
        if self.along == "time":
            key = ""
        lines = self._of(cell)
        line = lines.get(key)
        if line is None:
            lines[key] = Line(key, cell, self._end_of(cell), None, names, row)
        else:
            put_pairs(line, ((name, amount) for name, amount in zip(names, row, strict=True) if name))

    def _of(self, cell: int) -> dict[str, Line]:
        lines = self.held.get(cell)
        if lines is None:
            lines = self.held[cell] = {}
        return lines

    def _end_of(self, cell: int) -> int:
        """Where an interval ends: asked of the calendar once, for a year of three hundred agents has a hundred thousand lines."""
        end = self._ends.get(cell)
        if end is None:
            end = self._ends[cell] = end_of(self.span, self.along, cell)
        return end

    def covers(self, quarter: int) -> bool:
        """Whether the quarter that begins at an instant is asked for."""
        first, end = self.span.bounds
        return first <= quarter < end and (self.span.hours is None or self.span.hours.hold(quarter, self.span.timezone))

    def of_quarter(self, key: str, quarter: int) -> Line:
        """The line that a quarter asked for belongs to."""
        return self.at(key, cell_of(self.span, self.along, quarter))

    def counted_by(self, line: Line, targets: QueueTargets, at: int) -> None:
        """Some of a line, as late as `at`, was counted by these settings."""
        held = self._settings.get(line)
        if held is None:
            self._settings[line] = {targets: at}
        else:
            held[targets] = max(at, held.get(targets, at))

    def finished(self, as_of: int) -> list[Line]:
        """Every line, by time, then key; what ends after `as_of` is open."""
        for line, told in self._settings.items():
            line.settings = tuple(sorted(told, key=told.__getitem__)) if len(told) > 1 else tuple(told)
        found = [line for _cell, lines in sorted(self.held.items()) for _key, line in sorted(lines.items())]
        for line in found:
            line.open = line.end > as_of
        return found


def put(line: Line, amounts: Mapping[str, int]) -> None:
    """Add amounts to a line."""
    put_pairs(line, amounts.items())


def put_pairs(line: Line, amounts: Iterable[tuple[str, int]]) -> None:
    """The same of names and amounts."""
    held = line.amounts
    if not held:
        line.amounts = {name: amount for name, amount in amounts if amount}
        return
    for name, amount in amounts:
        if amount:
            held[name] = held.get(name, 0) + amount


def put_waits(line: Line, counts: Mapping[int, int]) -> None:
    """Add a histogram of answered waits to the amounts of a line."""
    told = {_AMOUNTS[bucket]: count for bucket, count in counts.items() if count}
    if line.amounts.keys().isdisjoint(told):
        line.amounts.update(told)
    else:
        put(line, told)


def put_wait(line: Line, wait: int | None) -> None:
    """Let a line know of a wait, ms."""
    if wait is not None:
        line.wait_max = max(wait, line.wait_max or 0)


def put_bins(bins: dict[int, int], told: Mapping[int, int]) -> None:
    """Add counts to a line's bins."""
    if not bins:
        bins.update(told)
        return
    for place, number in told.items():
        bins[place] = bins.get(place, 0) + number


class _Amounts(dict[int, str]):
    """What the amounts of a histogram's buckets are called: of thousands of rows nearly all wait in the same hundred."""

    def __missing__(self, bucket: int) -> str:
        name = self[bucket] = f"h{bucket}"
        return name


_AMOUNTS = _Amounts()
