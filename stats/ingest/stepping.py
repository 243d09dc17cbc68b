"""What a worker knows keeps its age when the clock of its machine is stepped.

Rules that hold here: an instant of our own clock that is kept beside what was told (when a call was last heard of, when an agent's
document came) moves with the clock; an instant that the vendor told is never touched.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import structlog

from stats.clock import now_ms, stepped_ms
from stats.domain.facts import SourceFacts
from stats.domain.records import Call

if TYPE_CHECKING:
    from stats.ingest.pipeline import Road

# The rest is the way to the store and back.
SAME_CLOCK_MS = 2_000

log = structlog.get_logger(__name__)


class Steps:
    """Follows the steps of the clock for one road."""

    def __init__(self, road: Road) -> None:
        self._road, self._stepped_ms = road, stepped_ms()

    def follow(self) -> None:
        """To be called before anything is told by the clock of now."""
        by = stepped_ms() - self._stepped_ms
        if not by:
            return
        self._stepped_ms += by
        log.warning("clock.stepped", source=self._road.source, seconds=by / 1000)
        self._road.people.step(by, now_ms())
        for id_call, held in self._road.open_calls():
            held.heard_at += by
            if held.call is not None:
                self._road.restamp(id_call, restamped(held.call, by))

    @staticmethod
    def apart(ahead_ms: int | None, left: SourceFacts | None) -> int:
        """How far our clock is before that of the worker who left this; 0 where they are the same, or where that cannot be known."""
        if ahead_ms is None or left is None or left.store_ahead_ms is None:
            return 0
        by = ahead_ms - left.store_ahead_ms
        return by if abs(by) > SAME_CLOCK_MS else 0


def restamped(call: Call, by: int) -> Call:
    """The same call, heard of so much later by our clock."""
    return replace(
        call,
        journey=replace(call.journey, asof=call.journey.asof + by) if call.journey is not None else None,
        visits=tuple(replace(visit, asof=visit.asof + by) for visit in call.visits),
        offers=tuple(replace(offer, asof=offer.asof + by) for offer in call.offers),
    )
