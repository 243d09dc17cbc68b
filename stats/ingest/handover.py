"""What one worker leaves to the next for a source: by its last report, and on a planned end by waiting until the other one listens.

Rules that hold here:
- The new worker's sockets are open before the old one lets the lease go; what both heard is merged, what neither lost is not read anew.
- The old one waits ROOM_S at most, and without a standby not at all. While it goes it dials nothing again, so that a vendor who allows one
  socket per token is not fought over.
- Only what both sides heard without a break is taken over as unbroken; for the rest there is a gap, and presence is not verified.
"""

import asyncio
import contextlib
from collections.abc import Iterator

import structlog

from stats.clock import now_ms, steady_ms, stepped_ms
from stats.domain.errors import Malformed
from stats.domain.facts import SourceFacts
from stats.domain.periods import business_day
from stats.ingest.health import SourceHealth
from stats.ingest.listening import Listening
from stats.ingest.pipeline import Road
from stats.ingest.tenants import Binding
from stats.live import codec
from stats.live.board_store import StoreAway
from stats.live.leases import Lease
from stats.live.relief import Bequest, Relief

log = structlog.get_logger(__name__)

ROOM_S = 1.5
DIAL_S = 1.2
# The old worker may die before it lets go; then its lease runs out in eight seconds.
TAKE_MS = 10_000
LOOK_EVERY_S = 0.05
ANNOUNCE_EVERY_MS = 500
# What was on its way to the old worker when the new one's sockets opened is still heard by the old one.
LINGER_S = 0.2


class LostLease(Exception):
    """Another worker has this source now."""


@contextlib.contextmanager
def lost_as_one(name: str) -> Iterator[None]:
    """Around a group of tasks: where the lost lease of `name` is all that ended them, one LostLease is raised instead of a group."""
    try:
        yield
    except BaseExceptionGroup as several:
        # Raised in an `except*`, it would come as a group of one in some versions of Python.
        if several.split(LostLease)[1] is not None:
            raise
        raise LostLease(name) from several


class Handover:
    """One session's side of it."""

    def __init__(self, relief: Relief, lease: Lease, health: SourceHealth, listening: Listening) -> None:
        self._relief, self._lease, self._health, self._listening = relief, lease, health, listening
        self.heir = ""

    def all_lost(self) -> None:
        """Whoever goes without an heir leaves no feed open."""
        for feed, socket in self._health.facts.sockets.items():
            if socket.state == "open" and not self.heir:
                self._health.lost(feed, "away", steady_ms())

    # --- who comes ----------------------------------------------------------------------------------------------------

    async def listen_first(self) -> None:
        """Until our sockets are open and the lease is ours. Raises LostLease when it was not to be, StoreAway."""
        try:
            async with asyncio.timeout(DIAL_S):
                await self._listening.all_tried(every=True)
        except TimeoutError:
            pass
        announced_at, until = 0, steady_ms() + TAKE_MS
        while self._open_feeds() and not self._health.auth and steady_ms() < until:
            if steady_ms() - announced_at >= ANNOUNCE_EVERY_MS:
                announced_at = steady_ms()
                await self._relief.stand_by(ready=True)
            if await self._lease.take():
                await self._relief.withdraw()
                return
            await asyncio.sleep(LOOK_EVERY_S)
        await self._relief.withdraw()
        raise LostLease("nothing was handed over")

    async def adopt(self, left: SourceFacts | None, apart_ms: int) -> bool:
        """Take over what was heard without a break, by our clock; True when nothing of the calls can be missing. Raises StoreAway."""
        told = await self._relief.bequest()
        if told is None or left is None:
            return False
        facts = self._health.facts
        kept = {feed for feed in told.feeds if feed in self._open_feeds() and self._health.openings[feed] == 1}
        needed = {feed: socket for feed, socket in facts.sockets.items() if socket.calls or socket.presence}
        if all(feed in kept for feed, socket in needed.items() if socket.presence) and left.presence_open_at is not None:
            facts.presence_open_at = left.presence_open_at + apart_ms - stepped_ms()
            facts.presence_lost_at = steady_of(left.presence_lost_at)
        whole = told.whole and facts.known and all(feed in kept for feed, socket in needed.items() if socket.calls)
        if whole:
            facts.exact, self._health.gap = left.exact, False
        log.info("source.handed_over", source=facts.name, feeds=len(kept), whole=whole)
        return whole

    # --- who goes -----------------------------------------------------------------------------------------------------

    async def make_room(self) -> None:
        """Before we go: let a standby open its sockets, if there is one."""
        try:
            async with asyncio.timeout(ROOM_S):
                if (await self._relief.standby())[0] in ("", self._lease.holder):  # the word of before we held it may still stand
                    return
                self._listening.leaving = True
                await self._relief.leave(Bequest(by=self._lease.holder))
                while not self.heir:
                    who, ready = await self._relief.standby()
                    if not who:
                        return
                    self.heir = who if ready else ""
                    await asyncio.sleep(LINGER_S if ready else LOOK_EVERY_S)
        except (TimeoutError, StoreAway):
            pass

    async def bequeath(self) -> None:
        """After our last write and before the lease goes: say what was heard to the end. Raises StoreAway."""
        if self.heir:
            whole = self._health.facts.known and not self._health.gap
            await self._relief.leave(Bequest(by=self._lease.holder, to=self.heir, feeds=tuple(self._open_feeds()), whole=whole))

    async def withdraw(self) -> None:
        """We wait for nothing any more. Raises StoreAway."""
        await self._relief.withdraw()

    def _open_feeds(self) -> list[str]:
        return [feed for feed, socket in self._health.facts.sockets.items() if socket.state == "open"]


def inherit(road: Road, health: SourceHealth, binding: Binding, left: SourceFacts) -> None:
    """What the last report of whoever kept this source says of it that is still true."""
    facts, day = health.facts, business_day(now_ms(), road.timezone)
    road.silence.recall(left.unheard)
    facts.known = left.known and left.seeded_to is not None and business_day(left.seeded_to, road.timezone) == day
    facts.seeded_to, facts.slots_to, facts.refused, facts.looked_at = left.seeded_to, left.slots_to, left.refused, left.looked_at
    facts.presence_lost_at = steady_of(left.presence_lost_at if left.presence_open_at is None else left.written_at)
    binding.remember(left.tenant, left.reached)
    for feed, socket in left.sockets.items():
        if feed in facts.sockets and not health.openings[feed]:
            facts.sockets[feed].last_frame = steady_of(socket.last_frame)
            facts.sockets[feed].alive_at = steady_of(socket.alive_at)


def since_left(left: SourceFacts | None, apart_ms: int, timezone: str) -> int:
    """From when on the numbers may lack something after a predecessor that went without a word, by our clock; 0: since ever.

    One that was live a moment before has told the store everything up to then; one that was not knew of something missing itself.
    """
    if left is None or left.state != "live" or not left.known or left.seeded_to is None:
        return 0
    if business_day(left.seeded_to, timezone) != business_day(now_ms(), timezone):
        return 0
    alive = [socket.alive_at for socket in left.sockets.values() if socket.calls]
    if not alive or any(at is None for at in alive):
        return 0
    return min([left.written_at, *(at for at in alive if at is not None)]) + apart_ms


def steady_of(instant: int | None) -> int | None:
    """An instant that somebody wrote down, on the clock that is never stepped."""
    return instant - stepped_ms() if instant is not None else None


def readable(packed: str | None) -> SourceFacts | None:
    """What an earlier worker reported of this source, where this one can read it."""
    try:
        return codec.unpack_source(packed) if packed is not None else None
    except Malformed as why:
        log.warning("report.unreadable", reason=why.reason)
        return None
