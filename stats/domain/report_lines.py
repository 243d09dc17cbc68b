"""Gathers a report's lines from wherever their sums come: stored rows, quarters added up anew, calls of the moment.

Rules that hold here: a line is made by the first amount that is put into it; settings are told in the order of the times they were used.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from operator import attrgetter

from stats.domain.metrics import QueueTargets
from stats.domain.report import Line, Span
from stats.domain.slices import Along, cell_of, end_of

Place = tuple[str, int]  # key, first instant of the interval
_PLACE = attrgetter("start", "key")


@dataclass(slots=True)
class Lines:
    """The lines of a span in the making; with `along` "time" all keys are "", with "key" there is one interval."""

    span: Span
    along: Along
    held: dict[Place, Line] = field(default_factory=dict)
    _settings: dict[Place, dict[QueueTargets, int]] = field(default_factory=dict)
    _ends: dict[int, int] = field(default_factory=dict)

    def at(self, key: str, cell: int) -> Line:
        """The line of a key and interval."""
        if self.along == "time":
            key = ""
        line = self.held.get((key, cell))
        if line is None:
            line = self.held[(key, cell)] = Line(key, cell, self._end_of(cell))
        return line

    def put_row(self, key: str, cell: int, names: tuple[str, ...], amounts: Sequence[int]) -> None:
        """Add a stored row of sums to a line; one that is the whole of its line is not looked into."""
        place = ("" if self.along == "time" else key, cell)
        line = self.held.get(place)
        if line is None:
            self.held[place] = Line(place[0], cell, self._end_of(cell), row=(names, amounts))
        else:
            put_pairs(line, zip(names, amounts, strict=True))

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
        held = self._settings.setdefault((line.key, line.start), {})
        held[targets] = max(at, held.get(targets, at))

    def finished(self, as_of: int) -> list[Line]:
        """Every line, by time, then key; what ends after `as_of` is open."""
        for place, told in self._settings.items():
            self.held[place].settings = tuple(sorted(told, key=told.__getitem__))
        for line in self.held.values():
            line.open = line.end > as_of
        return sorted(self.held.values(), key=_PLACE)


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


def put_wait(line: Line, wait: int | None) -> None:
    """Let a line know of a wait, ms."""
    if wait is not None:
        line.wait_max = max(wait, line.wait_max or 0)


def put_bins(bins: dict[int, int], told: Iterable[tuple[int, int]]) -> None:
    """Add counts to a line's bins."""
    for place, number in told:
        bins[place] = bins.get(place, 0) + number
