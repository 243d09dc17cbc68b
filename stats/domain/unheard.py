"""Time in which nobody listened to a source, as the archive is told of it and as reports ask."""

from dataclasses import dataclass

# With a day so much of the one before is read.
READ_BEFORE_MS = 6 * 3_600_000


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

        What happened earlier than that day's past is read is not looked for when somebody listens again.
        """
        unread_to = min(self.end, today - READ_BEFORE_MS)
        hidden_to = max(unread_to, self.last + 1 if self.last is not None else 0)
        return (self.start, hidden_to) if hidden_to > self.start else None
