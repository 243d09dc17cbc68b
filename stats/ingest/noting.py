"""Reads what a vendor's past tells beside the calls (recordings, messages): beside everything else, for no number waits for it."""

import asyncio
from collections.abc import Sequence

import structlog

from stats.clock import now_ms
from stats.domain.errors import Refused, Retry
from stats.ingest.backoff import delays
from stats.ingest.health import SourceHealth
from stats.ingest.seeding import Seeding

log = structlog.get_logger(__name__)

MINUTE_MS = 60_000
# From the newest back, so that what somebody looks for first is there first.
STEP_MS, BACK_MS = 60 * MINUTE_MS, 24 * 60 * MINUTE_MS
RECENT_MS, EVERY_S = 30 * MINUTE_MS, 300.0


class Noting:
    """The notes of one source."""

    def __init__(self, seeding: Seeding, health: SourceHealth, kinds: Sequence[str]) -> None:
        self._seeding, self._health, self._kinds = seeding, health, kinds

    async def keep(self) -> None:
        """A day back, hour by hour, and then the last half hour every five minutes, for ever."""
        begun = now_ms()
        steps = [(end - STEP_MS, end) for end in range(begun, begun - BACK_MS, -STEP_MS)]
        waits = delays(first_s=5.0, longest_s=300.0)
        while True:
            start, end = steps[0] if steps else (now_ms() - RECENT_MS, now_ms())
            try:
                await self._seeding.read(start, end, self._kinds)
                self._health.because("notes", None)
                waits = delays(first_s=5.0, longest_s=300.0)
                pause = 0.0 if steps else EVERY_S
                del steps[:1]
            except (Retry, Refused) as why:
                self._health.because("notes", why.reason)
                log.warning("notes.away", reason=why.reason)
                pause = next(waits)
            await asyncio.sleep(pause)
