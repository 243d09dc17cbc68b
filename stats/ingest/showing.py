"""Shows today's calls again: by other rules or identities, or because the sums were forgotten.

Rules that hold here: while calls are missing from sums that were forgotten, no number is known; what is forgotten again in the middle
is shown again from the start; a restatement that the store interrupts stays wanted.
"""

from collections.abc import Callable

import structlog

from stats.clock import now_ms
from stats.domain.periods import business_day, day_bounds
from stats.domain.unheard import READ_BEFORE_MS
from stats.ingest.health import SourceHealth
from stats.ingest.past import HOUR_MS
from stats.ingest.pipeline import Road

log = structlog.get_logger(__name__)


class Showing:
    """One source's calls in one generation of the sums."""

    def __init__(self, road: Road, health: SourceHealth, changed: Callable[[], None]) -> None:
        self._road, self._health, self._changed = road, health, changed
        self.generation = ""
        self._unshown = False  # the sums were forgotten, and our calls are not all shown again

    def follow(self) -> None:
        """The sums may have been forgotten, whoever ordered it."""
        if self._road.generation in ("", self.generation):
            return
        self.generation = self._road.generation
        facts = self._health.facts
        self._unshown, facts.known = self._unshown or facts.known, False
        self._road.who.want_restate()
        self._changed()

    async def restate(self) -> None:
        """Show every call of the day. Raises StoreAway or Fenced, and then it is still wanted."""
        now = now_ms()
        first = day_bounds(business_day(now, self._road.timezone), self._road.timezone)[0]
        self._road.who.restate_wanted = False
        try:
            count = await self._road.restate(min(first, now - HOUR_MS) - READ_BEFORE_MS, now + HOUR_MS)
        except BaseException:
            self._road.who.restate_wanted = True
            raise
        if self._unshown and self._road.generation in ("", self.generation):
            self._unshown, self._health.facts.known = False, True
            self._changed()
        log.info("restated", source=self._road.source, calls=count)
