"""How old a worker's word is, by the clock of whoever reads it: two machines' clocks are never compared to tell life from death.

Rules that hold here: a report that came while we were reading has just been written, whatever its writer's clock says, and so shows
how far that clock is from ours; a report we did not see come is as old as it says by what we know of that clock, and never from the
future; when our own clock steps, what we hold steps with it, so that nothing grows old or young by it.
"""

from collections.abc import Mapping

from stats.domain.facts import SourceFacts

# Clocks this close are the same clock: the rest is the way through the store.
SAME_CLOCK_MS = 3_000
# Whoever has read this lately would have seen an older report.
READING_MS = 2_500


class Receipts:
    """What one reader knows of the clocks of those whose reports it reads. `steady` is its own clock that never steps."""

    def __init__(self) -> None:
        self._ahead: dict[str, int] = {}
        self._written_at: dict[str, int] = {}
        self._read_at: int | None = None
        self._reading = False

    def read(self, steady: int) -> None:
        """A picture was read at `steady`; the reports in it are about to be taken."""
        self._reading = self._read_at is not None and steady - self._read_at <= READING_MS
        self._read_at = steady

    def take(self, source: SourceFacts, now: int) -> None:
        """Puts what a report says of silence on our clock, `now`, and notes how far ahead its writer's clock is."""
        name, written_at = source.name, source.written_at
        ahead = self._ahead.get(name, 0)
        before = self._written_at.get(name)
        fresh = self._reading and before is not None and written_at != before
        apart = written_at - now - ahead
        if (fresh and abs(apart) > SAME_CLOCK_MS) or apart > SAME_CLOCK_MS:
            ahead = written_at - now
            if abs(ahead) <= SAME_CLOCK_MS:
                ahead = 0
        self._ahead[name], self._written_at[name] = ahead, written_at
        source.clock_ahead_ms = ahead
        _shift(source, -ahead)

    def stepped(self, by: int, sources: Mapping[str, SourceFacts]) -> None:
        """Our own clock was stepped: ages stay what they were."""
        for name in self._ahead:
            self._ahead[name] -= by
        for source in sources.values():
            source.clock_ahead_ms -= by
            _shift(source, by)


def _shift(source: SourceFacts, by: int) -> None:
    if not by:
        return
    source.written_at += by
    for socket in source.sockets.values():
        socket.alive_at = None if socket.alive_at is None else socket.alive_at + by
        socket.last_frame = None if socket.last_frame is None else socket.last_frame + by
        socket.away_since = None if socket.away_since is None else socket.away_since + by
