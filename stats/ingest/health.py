"""How a source is, in the words of the interface: what its sockets do, whether its day has been read, and the one state that follows.

auth_error    401 on a socket or on the history API, until one of them works again
config_error  "Invalid path." on any socket; the good ones go on counting
connecting    no good handshake yet
down          no needed socket open for two minutes
stale         was live; a needed socket is away for more than five seconds, or shows no sign of life
seeding       sockets open, the past not yet read (or not yet read again after a gap)
live          all needed sockets open, the past shown

Rules that hold here: every instant is one of a clock that is never stepped, so that no step makes a feed silent or keeps a silent one
alive; only the report is put on the clock on the wall.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace

from stats.domain.facts import SocketFacts, SourceFacts
from stats.providers.base import FeedSpec

AWAY_MS = 5_000
SILENT_MS = 10_000
DOWN_MS = 120_000
FLAPS = 3
BATCH_OVERDUE_MS = 65 * 60_000
TOPICS = ("tenant", "hooks", "history", "unproved", "silence", "slots", "people", "notes")


class SourceHealth:
    """One source's facts, kept by its session."""

    def __init__(self, name: str, provider: str, feeds: Mapping[str, FeedSpec], now: int) -> None:
        self.facts = SourceFacts(name=name, provider=provider)
        for feed, spec in feeds.items():
            self.facts.sockets[feed] = SocketFacts(
                state="connecting", calls=spec.calls, presence=spec.presence, silent=spec.silent, away_since=now
            )
        self._began_at = now
        self._batch_at: dict[str, int] = {}
        self._opened_at: dict[str, int] = {}
        self._flaps: dict[str, int] = {}  # short lives in a row: a door that opens and shuts is not open
        self._why: dict[str, str] = {}
        self.openings: dict[str, int] = dict.fromkeys(feeds, 0)
        self.auth = False
        self.lacks: Callable[[], dict[str, tuple[str, ...]]] | None = None  # what cannot be told, as it is just now
        self.learnt: Callable[[], dict[str, str]] | None = None
        self.gap = True  # the past must be read (again) before the numbers are whole

    def opened(self, feed: str, now: int) -> None:
        """A handshake succeeded."""
        socket = self.facts.sockets[feed]
        socket.state, socket.alive_at, socket.away_since = "open", now, None
        self.openings[feed] += 1
        self._opened_at[feed] = now
        if socket.presence:
            self.facts.presence_open_at = now
        self._batch_at.setdefault(feed, now)

    def lost(self, feed: str, state: str, now: int) -> None:
        """A socket is away: "away", "refused" or "config"."""
        socket = self.facts.sockets[feed]
        if socket.presence and socket.state == "open":
            self.facts.presence_lost_at = socket.alive_at or now
            # From here on no document can be vouched for: the next one may be lost.
            self.facts.presence_open_at = None
        if socket.state == "open":
            short = now - self._opened_at.get(feed, now) < AWAY_MS
            self._flaps[feed] = self._flaps.get(feed, 0) + 1 if short else 0
        if socket.state == "open" or socket.away_since is None:
            socket.away_since = now
        socket.state = state

    def heard(self, feed: str, now: int) -> None:
        """A frame came."""
        socket = self.facts.sockets[feed]
        socket.last_frame = socket.alive_at = now
        self._batch_at[feed] = now

    def alive(self, feed: str, at: int) -> None:
        """The other side proved to be alive."""
        socket = self.facts.sockets[feed]
        socket.alive_at = max(at, socket.alive_at or 0)
        if at - self._opened_at.get(feed, at) >= AWAY_MS:
            self._flaps[feed] = 0

    def because(self, topic: str, why: str | None) -> None:
        """Something that whoever looks should know, or that it is over. What is said first in TOPICS comes first."""
        if why is None:
            self._why.pop(topic, None)
        else:
            self._why[topic] = why
        self.facts.reason = "; ".join(self._why[each] for each in TOPICS if each in self._why) or None

    def state(self, now: int) -> str:
        """The one state that follows."""
        needed = [s for s in self.facts.sockets.values() if s.calls or s.presence]
        if self.auth:
            return "auth_error"
        if any(s.state == "config" for s in self.facts.sockets.values()):
            return "config_error"
        ever = any(s.alive_at is not None for s in needed)
        if not any(s.state == "open" for s in needed):
            newest = max((s.alive_at for s in needed if s.alive_at is not None), default=self._began_at)
            if now - newest >= DOWN_MS:
                return "down"
            if not ever:
                return "connecting"
        flapping = any(self._flaps.get(f, 0) >= FLAPS for f, s in self.facts.sockets.items() if s.calls or s.presence)
        if flapping or any(s.state != "open" and now - (s.away_since or now) > AWAY_MS for s in needed):
            return "stale" if self.facts.known else "connecting"
        if any(s.state == "open" and now - (s.alive_at or 0) > SILENT_MS for s in needed):
            return "stale"
        if all(s.state == "open" for s in needed) and not self.gap:
            return "live"
        if self.gap or not self.facts.known:
            return "seeding" if ever else "connecting"
        return "live"  # a socket away for less than five seconds, no gap of importance yet

    def report(self, now: int, stepped: int = 0) -> SourceFacts:
        """The facts as of now, on the clock on the wall, which has stepped by so much."""
        for feed, socket in self.facts.sockets.items():
            socket.openings = self.openings[feed]
            if socket.silent:
                socket.overdue = now - self._batch_at.get(feed, now) > BATCH_OVERDUE_MS
        self.facts.state = self.state(now)
        self.facts.written_at = now
        if self.lacks is not None:
            self.facts.lacks = self.lacks()
        if self.learnt is not None:
            self.facts.learnt = self.learnt()
        return on_the_wall(self.facts, stepped) if stepped else self.facts


def on_the_wall(facts: SourceFacts, stepped: int) -> SourceFacts:
    """The same facts by a clock that has stepped by so much."""

    def moved(at: int | None) -> int | None:
        return None if at is None else at + stepped

    sockets = {
        feed: replace(s, last_frame=moved(s.last_frame), alive_at=moved(s.alive_at), away_since=moved(s.away_since))
        for feed, s in facts.sockets.items()
    }
    return replace(
        facts,
        sockets=sockets,
        written_at=facts.written_at + stepped,
        presence_open_at=moved(facts.presence_open_at),
        presence_lost_at=moved(facts.presence_lost_at),
    )
