"""The axis under an agent's day: which part of the day it spans, where an instant lies on it, and its ticks.

Rules that hold here: places are per cent of the axis, so that one drawing fits every screen; ticks stand on round local times, on days
with 23 or 25 hours too.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from stats.domain.periods import MINUTE_MS, QUARTER_MS

HOUR_MS = 60 * MINUTE_MS
ZOOMS = ("hours", "day", "hour")
# Local minutes between ticks, the first of which gives few enough of them is taken.
STEPS_MIN = (5, 15, 30, 60, 120, 180, 360)
MOST_TICKS = 13
SHORTEST_MS = HOUR_MS


@dataclass(frozen=True, slots=True)
class Tick:
    """A place on the axis, and the local time that is written there."""

    x: str
    text: str


@dataclass(frozen=True, slots=True)
class Axis:
    """[start, end), epoch ms, in a zone."""

    start: int
    end: int
    timezone: str

    def place(self, at: int) -> float:
        """Where an instant lies, 0 to 100; what is outside lies at the edge."""
        return 100 * (min(max(at, self.start), self.end) - self.start) / max(self.end - self.start, 1)

    def x(self, at: int) -> str:
        """The same as an SVG coordinate."""
        return f"{self.place(at):.3f}%"

    def width(self, start: int, end: int) -> str:
        """Of the part of [start, end) that is on the axis."""
        return f"{self.place(end) - self.place(start):.3f}%"

    def shows(self, start: int, end: int) -> bool:
        """Whether any of [start, end) is on it."""
        return start < self.end and end > self.start

    def ticks(self) -> list[Tick]:
        """At most MOST_TICKS, evenly."""
        for step in STEPS_MIN:
            found = self._at_every(step)
            if len(found) <= MOST_TICKS:
                return found
        return found

    def _at_every(self, step_min: int) -> list[Tick]:
        found = []
        # Zones lie whole quarters from UTC; below that minutes are the same everywhere.
        grid = QUARTER_MS if step_min % 15 == 0 else step_min * MINUTE_MS
        for at in range(self.start + -self.start % grid, self.end, grid):
            local = datetime.fromtimestamp(at / 1000, ZoneInfo(self.timezone))
            if (local.hour * 60 + local.minute) % step_min == 0:
                found.append(Tick(self.x(at), local.strftime("%H:%M")))
        return found


def axis_of(zoom: str, first: int, end: int, until: int, busy: Iterable[tuple[int, int]], timezone: str) -> Axis:
    """The axis for the whole "day" [first, end), for the "hours" in which the agent was `busy`, or for the last "hour" before `until`."""
    if zoom == "hour":
        return Axis(max(first, until - HOUR_MS), min(end, max(until, first + HOUR_MS)), timezone)
    spans = [(start, over) for start, over in busy if over > first and start < end]
    if zoom == "hours" and spans:
        start = max(first, min(start for start, _over in spans))
        over = min(end, max(over for _start, over in spans))
        start -= start % HOUR_MS
        over += -over % HOUR_MS
        return Axis(max(first, start), min(end, max(over, start + SHORTEST_MS)), timezone)
    return Axis(first, end, timezone)
