"""The hourly presence slots, pulled from the past two to seven minutes after each full hour, whether or not the socket brought them.

Rules that hold here:
- What is remembered is up to when the slots are whole, not what was done when: no restart and no step of the clock loses an hour for ever.
- An hour is whole when a pass over it was proved complete and showed slots of that hour or a later one: an answer that is empty because
  the vendor is late ends nothing.
- The silence of the socket is no fault; slots that the past lacks too are told.
"""

import asyncio
import zlib
from collections.abc import Callable
from datetime import datetime

import structlog

from stats.clock import now_ms, steady_ms
from stats.domain.errors import Refused, Retry
from stats.domain.periods import zone
from stats.ingest.health import SourceHealth
from stats.ingest.pipeline import Road
from stats.ingest.seeding import Seeding

log = structlog.get_logger(__name__)

HOUR_MS = 3_600_000
MINUTE_MS = 60_000
SETTLE_MS = 2 * MINUTE_MS
JITTER_MS = 5 * MINUTE_MS
AGAIN_MS = 10 * MINUTE_MS
FURTHEST_MS = 48 * HOUR_MS
FIRST_MS = 3 * HOUR_MS
LOOK_EVERY_S = 5.0
PASS_ON_LOOKS = 25


class Hourly:
    """When to pull slots, and from when on. `now` is the wall clock, `steady` the clock that is never stepped."""

    def __init__(self, jitter_ms: int) -> None:
        self._jitter_ms = jitter_ms % JITTER_MS
        self.whole_to: int | None = None
        self._asked: tuple[int, int] | None = None  # (the hour that had ended, when on the steady clock)
        self._nothing_ever = False

    def due(self, now: int, steady: int) -> tuple[int, int] | None:
        """The window to pull now, or None."""
        ended = now // HOUR_MS * HOUR_MS
        if self.whole_to is not None and self.whole_to > ended + HOUR_MS:
            self.whole_to = None  # written by a clock that was ahead
        if self.whole_to is not None and self.whole_to >= ended:
            return None
        if self._asked is not None and self._asked[0] == ended:
            if steady - self._asked[1] < AGAIN_MS:
                return None
        elif self.whole_to is not None and self.whole_to >= ended - HOUR_MS and now < self._settled(ended):
            return None
        start = self.whole_to - HOUR_MS if self.whole_to is not None else ended - FIRST_MS
        return max(start, ended - FURTHEST_MS), now

    def _settled(self, ended: int) -> int:
        return ended + SETTLE_MS + self._jitter_ms

    def pulled(self, now: int, steady: int, proved: bool, newest_end: int | None) -> None:
        """A pull was made. `newest_end`: when the newest slot it showed ended."""
        ended = now // HOUR_MS * HOUR_MS
        self._asked = ended, steady
        if not proved:
            return
        self._nothing_ever = newest_end is None and self.whole_to is None
        if newest_end is not None:
            whole_to = min(ended, newest_end // HOUR_MS * HOUR_MS)
            self.whole_to = whole_to if self.whole_to is None else max(whole_to, self.whole_to)

    def missing(self, now: int) -> bool:
        """Whether slots that should be there by now are not."""
        ended = now // HOUR_MS * HOUR_MS
        if self.whole_to is None:
            return self._asked is not None and not self._nothing_ever
        return self.whole_to < (ended if now >= self._settled(ended) + MINUTE_MS else ended - HOUR_MS)


class Slots:
    """Pulls one source's slots, for ever."""

    def __init__(self, road: Road, seeding: Seeding, health: SourceHealth, told: Callable[[], None]) -> None:
        self._road, self._seeding, self._health, self._told = road, seeding, health, told
        self.hourly = Hourly(zlib.crc32(road.source.encode()) * 1000)

    async def keep(self) -> None:
        """A task of the session. The past of calls comes first; what cannot be had is asked for again."""
        self.hourly.whole_to = self._health.facts.slots_to
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            if self._health.gap:
                continue
            window = self.hourly.due(now_ms(), steady_ms())
            if window is not None:
                await self._pull(*window)
            self._health.facts.slots_to = self.hourly.whole_to
            self._health.because("slots", self._words() if self.hourly.missing(now_ms()) else None)

    async def _pull(self, start: int, end: int) -> None:
        self._seeding.newest_slot_end = None
        try:
            proved = await self._seeding.read(start, end, ("profile_history",))
        except (Retry, Refused) as why:
            log.warning("slots.away", source=self._road.source, reason=why.reason)
            proved = False
        self._told()
        for _ in range(PASS_ON_LOOKS):  # what was told is on its way to where it is kept; only then is it remembered as had
            if not self._road.slots:
                break
            await asyncio.sleep(0.2)
        self.hourly.pulled(now_ms(), steady_ms(), proved, self._seeding.newest_slot_end)

    def _words(self) -> str:
        if self.hourly.whole_to is None:
            return "no hourly slots yet"
        return f"hourly slots complete to {datetime.fromtimestamp(self.hourly.whole_to / 1000, zone(self._road.timezone)):%H:%M}"
