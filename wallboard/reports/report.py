"""A report as it was read: its lines, how they add up, and how far they can be believed.

Rules that hold here: lines are sums and add; numbers are made of sums at reading; what cannot be known is None, and 0 is a number.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from stats.domain.records import Party
from stats.domain.report import Kind, Line, Span, total
from stats.domain.slices import Along
from stats.domain.sums import SITE_COUNTED, Number
from stats.domain.tellers import Tellers, lacked

_TIMES = "time_"


@dataclass(slots=True, kw_only=True)
class Report:
    """What a span adds up to.

    `lines`: one a key ("" for the site) and interval, by time, then key; intervals with nothing have no line. `names`: by key of today.
    `complete_to` (epoch ms): everything up to there is in it. `recounting`: so many quarters wait to be added up anew, and are as before.
    `away`: the live store told nothing. `scoped`: it is made of some queues alone, so that the site's calls are unknown.
    `watched_from`: key of an agent -> since when (epoch ms) somebody watched; the times of a line that ends before are unknown. None:
    nobody asked. `unread`: its days of which the archive knows a part alone. `tellers`: who tells each key's numbers.
    """

    span: Span
    kind: Kind
    along: Along = "both"
    as_of: int = 0
    lines: list[Line] = field(default_factory=list)
    names: Mapping[str, Party] = field(default_factory=dict)
    complete_to: int = 0
    recounting: int = 0
    scoped: bool = False
    away: bool = False
    watched_from: Mapping[str, int] | None = None
    unread: tuple[str, ...] = ()
    tellers: Tellers = field(default_factory=dict)

    def by_key(self) -> dict[str, Line]:
        """Every key's line over the whole span."""
        held: dict[str, list[Line]] = {}
        for line in self.lines:
            held.setdefault(line.key, []).append(line)
        return {key: total(lines, key, self.span.bounds) for key, lines in held.items()}

    def by_time(self) -> dict[int, Line]:
        """Every interval's line over all keys, by its start."""
        held: dict[int, list[Line]] = {}
        for line in self.lines:
            held.setdefault(line.start, []).append(line)
        return {start: self._together(lines, (start, lines[0].end)) for start, lines in sorted(held.items())}

    def whole(self) -> Line:
        """Everything in one line."""
        return self._together(self.lines, self.span.bounds)

    def _together(self, lines: list[Line], span: tuple[int, int]) -> Line:
        added = total(lines, "", span)
        if len({each.variant for each in added.settings}) > 1:
            # Of what is promised in several ways the usual one is told.
            added.settings = ()
        return added

    def numbers(self, line: Line, over: Iterable[tuple[int, int]] | None = None) -> dict[str, Number | dict[str, float | None]]:
        """A line's numbers by id, those null that cannot be known: the site's calls where some queues alone are seen, the times of
        agents before anybody watched them, and what no telephone system can tell. `over`: the time it is about, [first, end) each, where
        that is not all from its beginning to its end."""
        numbers = line.numbers(self.kind)
        if self.kind == "site" and self.scoped:
            numbers.update(dict.fromkeys(SITE_COUNTED))
        if self.kind == "agent" and self._unwatched(line):
            numbers.update({name: None for name in numbers if name.startswith(_TIMES) or name == "occupancy"})
        if lacks := lacked(self.tellers.get(line.key, ()), ((line.start, line.end),) if over is None else over):
            numbers.update({name: None for name in numbers if name in lacks})
        return numbers

    def unheard(self) -> list[tuple[str, int, int]]:
        """(source, first, end) of what went unheard in the span and makes numbers unknown, in order of time."""
        first, end = self.span.bounds
        each = {teller.source: teller for teller in self.tellers.get("", ())}.values()
        found = [(max(a, first), min(b, end), teller.source) for teller in each for a, b in teller.misses(first, end)]
        return [(source, begin, until) for begin, until, source in sorted(found)]

    def _unwatched(self, line: Line) -> bool:
        """Whether nobody watched in all of its time, so that no time in it is not 0 but unknown; a line of all agents has no key."""
        if self.watched_from is None or any(line.amounts.get(name) for name in line.amounts if name.startswith(_TIMES)):
            return False
        since = self.watched_from.get(line.key) if line.key else min(self.watched_from.values(), default=None)
        return since is None or line.end <= since
