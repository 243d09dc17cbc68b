"""Pieces of an agent's day on the axis, and the pen that writes down where each lies and what it says.

Rules that hold here: a piece says everything about itself in one sentence, which is its title, its row and what is read out; a busy day
has a thousand pieces, so that a pen looks up no wording twice.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from stats.domain.agent_day import Login, Rung, Stretch
from wallboard.pages.agent.axis import Axis
from wallboard.pages.agent.words import of_ring, of_talk, when_words
from wallboard.pages.words import length, spoken


@dataclass(frozen=True, slots=True)
class Row:
    """A lane's line: its name, where it is written, and where its bar lies (px)."""

    lane: str
    name: str
    text_y: float
    y: float
    height: float
    empty: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """Something on the axis. `kind` is how it is drawn; `y` and `height` in px; `address` leads to its call."""

    lane: str
    kind: str
    start: int
    end: int
    x: str
    width: str
    y: float
    height: float
    what: str
    span: str
    going_on: bool
    address: str = ""
    missed: bool = False
    begins: str = ""
    ends: str = ""
    lasts: str = ""

    @property
    def sentence(self) -> str:
        """All of it."""
        return f"{self.span}: {self.what}"

    @property
    def foot(self) -> float:
        """Where the mark of a missed ring hangs, px."""
        return self.y + self.height

    @property
    def name(self) -> str:
        """What it is known by while the drawing is renewed."""
        return f"{self.lane[0]}{self.kind}{self.start}"


class Pen:
    """Writes pieces of one drawing, in the language and the zone of whoever looks."""

    def __init__(self, axis: Axis) -> None:
        self.axis = axis
        self._zone = ZoneInfo(axis.timezone)
        self._gone, self._going_on = when_words()
        self._said: dict[object, str] = {}

    def clock(self, at: int) -> str:
        """`14:02:07`"""
        return str(datetime.fromtimestamp(at // 1000, self._zone))[11:19]

    def when(self, start: int, end: int, going_on: bool) -> str:
        """`10:02:11 to 10:05:40, 3 min 29 s`"""
        return self._span(self.clock(start), self.clock(end), end - start, going_on)

    def _span(self, begins: str, ends: str, ms: int, going_on: bool) -> str:
        seconds = int(ms / 1000 + 0.5)
        known = {"start": begins, "end": ends, "time": self.once(seconds, lambda: spoken(seconds))}
        return (self._going_on if going_on else self._gone) % known

    def once(self, what: object, say: Callable[[], str]) -> str:
        """What `say` says of something, asked of it once."""
        said = self._said.get(what)
        if said is None:
            said = self._said[what] = say()
        return said

    def of_ring(self, rung: Rung, queue: str) -> str:
        """What a ring was, and how it ended."""
        return self.once((rung.outgoing, rung.outcome, queue), lambda: of_ring(rung, queue))

    def of_talk(self, rung: Rung, queue: str) -> str:
        """What was talked."""
        return self.once((rung.outgoing, queue, rung.hold_ms or 0), lambda: of_talk(rung, queue))

    def piece(self, row: Row, span: Stretch | Login, kind: str, what: str) -> Piece:
        """A stretch or a log-in in its row."""
        return self.placed(row, span.start, span.end, kind, what, going_on=span.going_on)

    def placed(
        self, row: Row, start: int, end: int, kind: str, what: str, *, going_on: bool, address: str = "", missed: bool = False
    ) -> Piece:
        """[start, end) in a row."""
        axis, begins, ends = self.axis, self.clock(start), self.clock(end)
        return Piece(
            lane=row.lane,
            kind=kind,
            start=start,
            end=end,
            x=axis.x(start),
            width=axis.width(start, end),
            y=row.y,
            height=row.height,
            what=what,
            span=self._span(begins, ends, end - start, going_on),
            going_on=going_on,
            address=address,
            missed=missed,
            begins=begins,
            ends="" if going_on else ends,
            lasts=length((end - start) / 1000),
        )
