"""Time in which nobody listened to a source, as the archive is told of it and as reports ask."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Unheard:
    """A stretch of a source as the archive is told of it; `number` tells it from others, and stays when it grows."""

    source: str
    number: int
    start: int
    end: int
    last: int | None

    def hides(self, today: int) -> tuple[int, int] | None:
        """The time [first, end) of which nobody can tell everything, where `today` is the first instant of the day of `end`; None: none.

        What happened on the days before is not looked for: only that day's past is read when somebody listens again.
        """
        hidden_to = max(min(self.end, today), self.last + 1 if self.last is not None else 0)
        return (self.start, hidden_to) if hidden_to > self.start else None
