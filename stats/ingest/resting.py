"""A source somebody has paused: nothing is opened or asked, and everybody is told so for as long as it lasts.

Rule that holds here: what was counted stays; the report alone is written, under the lease, so that no worker can contradict it.
"""

import asyncio
from dataclasses import replace

from stats.clock import now_ms
from stats.domain.facts import SourceFacts
from stats.history.assignments import Assigned
from stats.ingest.handover import LostLease, readable
from stats.ingest.pipeline import Fenced, Road
from stats.live import codec
from stats.live.board_store import Store
from stats.live.leases import Lease

STATE = "paused"
SAY_EVERY_S = 2.0


class Resting:
    """One paused source, as long as this worker has its lease."""

    holding = True

    def __init__(self, store: Store, assignment: Assigned, lease: Lease) -> None:
        self._store, self._assignment, self._lease = store, assignment, lease
        self._road = Road(store, assignment.organisation, assignment.name, lease.holder, assignment.timezone, assignment.rules)

    async def run(self) -> None:
        """Until cancelled. Raises LostLease, StoreAway."""
        name = self._assignment.name
        try:
            await self._store.begin(self._assignment.organisation)
            while True:
                left = readable((await self._store.entries(self._assignment.organisation, "sources")).get(name))
                self._road.report(name, codec.pack_source(self._report(left)))
                try:
                    await self._road.flush()
                except Fenced:
                    raise LostLease(name) from None
                await asyncio.sleep(SAY_EVERY_S)
                if not await self._lease.renew():
                    raise LostLease(name)
        finally:
            await self._lease.release()

    def _report(self, left: SourceFacts | None) -> SourceFacts:
        """What the last report says, with every feed away since the pause."""
        facts = left if left is not None else SourceFacts(name=self._assignment.name, provider=self._assignment.provider)
        since = self._assignment.paused_at or now_ms()
        feeds = {feed: replace(s, state="away", away_since=min(s.away_since or since, since)) for feed, s in facts.sockets.items()}
        return replace(
            facts, state=STATE, sockets=feeds, reason=self._assignment.paused_by or None, written_at=now_ms(), presence_open_at=None
        )
