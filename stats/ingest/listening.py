"""The stream of one source: every feed kept open, every frame from bytes to the road the moment it comes.

Rules that hold here:
- The first feed is dialled alone, so that a bad token costs one handshake; a 401 is an affair of the whole source: the first feed
  probes slowly, the others wait.
- `Invalid path.` is a wrong setting: that feed tries again after a minute, the others go on.
- Anything else is tried again with full jitter; only half a minute of useful life resets the delays.
- A socket that answers pings and says nothing of what the others tell is dialled again, and what it may have kept back is read.
"""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from time import monotonic

import structlog

from stats.clock import now_ms, steady_ms, stepped_ms
from stats.domain.errors import Malformed, Refused, Retry
from stats.domain.merge import FRAME
from stats.domain.records import Call
from stats.ingest.backoff import AUTH_PROBE_S, CONFIG_FIRST_S, CONFIG_LONGEST_S, Backoff, Doorstep, delays
from stats.ingest.corroboration import Corroboration
from stats.ingest.health import SourceHealth
from stats.ingest.pipeline import Road
from stats.ingest.quarantine import Quarantine
from stats.ingest.recorder import Tape
from stats.ingest.tenants import Binding
from stats.ingest.unheard import SHORT_MS, is_asked
from stats.ingest.vendor_clock import VendorClock
from stats.providers.base import Frames, LiveProvider, unpack_delivery

log = structlog.get_logger(__name__)

WATCH_EVERY_S = 1.0


class Listening:
    """The feeds of one source. `missed(since)` is called when frames from `since` on may have been lost (0: any)."""

    def __init__(
        self,
        provider: LiveProvider,
        road: Road,
        health: SourceHealth,
        quarantine: Quarantine,
        *,
        told: Callable[[], None],
        changed: Callable[[], None],
        missed: Callable[[int], None],
        ended: Callable[[str, int], None],
        lacking: Callable[[], None] = lambda: None,
        binding: Binding | None = None,
        tape: Tape | None = None,
        doorstep: Doorstep | None = None,
        open_feed: Callable[[str], AbstractAsyncContextManager[Frames]] | None = None,
    ) -> None:
        self._provider, self._road, self.health, self._quarantine, self._tape = provider, road, health, quarantine, tape
        self._told, self._changed, self._missed, self._ended = told, changed, missed, ended
        self.vendor_clock = VendorClock()
        self._first = next(iter(provider.feeds))
        self._tried = {feed: asyncio.Event() for feed in provider.feeds}
        self._doorstep = doorstep if doorstep is not None else Doorstep()
        self._auth_ok = asyncio.Event()
        self._auth_ok.set()
        self._binding = binding if binding is not None else Binding(road.source)
        self._lacking = lacking
        self._witnesses = Corroboration(provider.feeds, self._knows)
        self._silent_since: dict[str, int] = {}
        self._doubted = ""
        self._open_feed = open_feed if open_feed is not None else provider.open
        self.leaving = False  # another worker is taking over: what is lost now is not dialled again

    async def all_tried(self, *, every: bool = False) -> None:
        """Until every feed that calls stand on (or every feed there is) has been dialled once."""
        for feed, spec in self._provider.feeds.items():
            if spec.calls or every:
                await self._tried[feed].wait()

    def auth_works(self) -> None:
        """The token was accepted, here or by the history API."""
        self.health.auth = False
        self._auth_ok.set()

    async def keep_open(self, feed: str) -> None:
        """One feed, for ever."""
        backoff = Backoff()
        wrong = delays(first_s=CONFIG_FIRST_S, longest_s=CONFIG_LONGEST_S)
        if feed != self._first:
            await self._tried[self._first].wait()
        while not self.leaving:
            await self._wait_for_auth(feed)
            await self._knock()
            opened_at: int | None = None
            try:
                async with self._open_feed(feed) as frames:
                    opened_at = steady_ms()
                    self._open(feed, opened_at)
                    await self._listen(feed, frames)
                self._lose(feed, "away")
                pause = backoff.next()
            except Refused as why:
                pause = self._refuse(feed, why, next(wrong) if why.kind == "config" else 0.0)
            except Retry as why:
                self._lose(feed, "away")
                if opened_at is not None:
                    backoff.lived((steady_ms() - opened_at) / 1000)
                pause = backoff.next(why.after_s)
                log.warning("feed.away", source=self._road.source, feed=feed, reason=why.reason, again_in=round(pause, 1))
            self._tried[feed].set()
            await asyncio.sleep(pause)

    async def _listen(self, feed: str, frames: Frames) -> None:
        try:
            async with asyncio.timeout(None) as patience:
                watching = asyncio.create_task(self._watch(feed, frames, patience))
                try:
                    async for frame in frames:
                        self.hear(feed, frame)
                finally:
                    watching.cancel()
        except TimeoutError:
            raise Retry("silent while others speak") from None

    async def _watch(self, feed: str, frames: Frames, patience: asyncio.Timeout) -> None:
        heard_to, asked = frames.alive_at - stepped_ms(), is_asked(self._provider.feeds[feed])
        while True:
            await asyncio.sleep(WATCH_EVERY_S)
            verdict = self._witnesses.overdue(feed, steady_ms())
            if verdict:
                log.warning("feed.doubted", source=self._road.source, feed=feed, verdict=verdict)
                self._doubted = feed
                self.health.because("silence", f"{feed} says nothing of calls that others tell of")
            if verdict == "silent":
                self._silent_since[feed] = self._witnesses.spoke_at(feed)
                patience.reschedule(asyncio.get_running_loop().time())
                return
            if verdict == "lacking":
                self._lacking()
            if asked and frames.alive_at - stepped_ms() - heard_to > SHORT_MS:  # this process, or its machine, stood still
                self._missed(heard_to + stepped_ms())
            heard_to = frames.alive_at - stepped_ms()
            age = now_ms() - frames.alive_at
            if age >= 0:  # less: the clock was set back since, and the next sign of life will tell
                self.health.alive(feed, steady_ms() - age)

    def hear(self, feed: str, frame: bytes) -> None:
        """One frame, from bytes to dirty."""
        self._road.steps.follow()
        now = now_ms()
        self.health.heard(feed, steady_ms())
        self._witnesses.spoke(feed, steady_ms())
        if feed == self._doubted:
            self._doubted = ""
            self.health.because("silence", None)
        if self._tape is not None:
            self._tape.write(feed, frame, now)
        at = self._came_at(feed, frame, now)
        tellings, faults = self._provider.read(feed, frame, received_at=at)
        ours, foreign = self._binding.admit(tellings, steady_ms())
        if faults or foreign:
            self._quarantine.put(feed, frame, [*faults, *foreign], now)
        for telling in ours:
            self._road.tell(telling, FRAME, now)
            if isinstance(telling, Call):
                self.vendor_clock.heard(telling, now)
                self._witnesses.told(feed, telling, steady_ms())
            if isinstance(telling, Call) and telling.journey is not None and telling.journey.ended:
                self._ended(telling.id_call, now)
        if ours:
            self._told()

    def _came_at(self, feed: str, frame: bytes, now: int) -> int:
        """When a frame came to us: what was posted may have lain in the inbox for a while."""
        if self._provider.feeds[feed].via != "hook":
            return now
        try:
            return min(now, unpack_delivery(frame).at)
        except Malformed:
            return now  # the provider says so too

    def _knows(self, id_call: str, part: str) -> bool:
        """Whether this part of a call ("journey", "visits", "offers") is known, from wherever."""
        held = self._road.calls.get(id_call)
        return held is not None and held.call is not None and bool(getattr(held.call, part))

    def _open(self, feed: str, now: int) -> None:
        """A handshake succeeded: one that may still turn out to be an unknown path."""
        socket = self.health.facts.sockets[feed]
        if socket.calls and self._tried[feed].is_set():
            since = socket.away_since or now
            since = min(since, socket.alive_at or since, self._silent_since.pop(feed, since))
            self._missed(since + stepped_ms())
        self.health.opened(feed, now)
        self._witnesses.opened(feed, now, now_ms() + self.vendor_clock.ahead_ms)
        self._tried[feed].set()
        if self.health.auth:
            self.auth_works()
            self._missed(0)
        self._changed()

    def _lose(self, feed: str, state: str) -> None:
        self.health.lost(feed, state, steady_ms())
        self._witnesses.lost(feed)
        self._changed()

    def _refuse(self, feed: str, why: Refused, wrong_s: float) -> float:
        """Seconds to wait: none for a token, whose probing `_wait_for_auth` paces."""
        log.error("feed.refused", source=self._road.source, feed=feed, kind=why.kind, reason=why.reason)
        if why.kind == "auth":
            self.health.auth = True
            self._doorstep.refused(monotonic())
            self._auth_ok.clear()
            self._lose(feed, "refused")
            return 0.0
        self._lose(feed, "config")
        return max(CONFIG_FIRST_S * 0.8, wrong_s)

    async def _knock(self) -> None:
        """Until a dial may go out, however many feeds want to."""
        while True:
            now = monotonic()
            if self.health.auth:
                # The history API may have refused too, or a feed that has not been dialled since.
                self._doorstep.refused(now)
            pause = self._doorstep.knock(now)
            if not pause:
                return
            await asyncio.sleep(pause)

    async def _wait_for_auth(self, feed: str) -> None:
        """While the token is refused one feed asks now and then, the first that is not open; the others wait for its luck."""
        while not self._auth_ok.is_set():
            bound = AUTH_PROBE_S[0] + (AUTH_PROBE_S[1] - AUTH_PROBE_S[0]) * (now_ms() % 1000) / 1000
            try:
                async with asyncio.timeout(bound):
                    await self._auth_ok.wait()
            except TimeoutError:
                if feed == next((f for f, s in self.health.facts.sockets.items() if s.state != "open"), feed):
                    return
