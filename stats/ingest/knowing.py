"""Who there is at a vendor that can be asked: its agents and contacts, at the start and every hour."""

import asyncio
from collections.abc import Callable

import structlog

from stats.clock import now_ms
from stats.domain.errors import Refused, Retry
from stats.domain.merge import FRAME
from stats.ingest.backoff import delays
from stats.ingest.health import SourceHealth
from stats.ingest.pipeline import Road
from stats.providers.base import Knows

log = structlog.get_logger(__name__)

EVERY_S = 3600.0


class Knowing:
    """The people of one source."""

    def __init__(self, provider: Knows, road: Road, health: SourceHealth, told: Callable[[], None]) -> None:
        self._provider, self._road, self._health, self._told = provider, road, health, told

    async def keep(self) -> None:
        """For ever; a vendor that does not answer is asked again, after growing pauses."""
        waits = delays(first_s=5.0, longest_s=600.0)
        while True:
            pause = EVERY_S
            try:
                now = now_ms()
                for telling in await self._provider.people(received_at=now):
                    self._road.tell(telling, FRAME, now)
                self._told()
                self._health.because("people", None)
                waits = delays(first_s=5.0, longest_s=600.0)
            except (Retry, Refused) as why:
                self._health.because("people", why.reason)
                log.warning("people.away", source=self._road.source, reason=why.reason)
                pause = next(waits)
            await asyncio.sleep(pause)
