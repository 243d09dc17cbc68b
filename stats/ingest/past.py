"""The past of one source, read whenever the numbers may lack something: at first, after a gap, now and then, and for ghosts.

Rules that hold here: what may be missing stays missing until a pass has read it; the past follows the stream, so it is read again soon
(its last moments may not have been there yet) and one lag later (the proof); the numbers are not whole (`health.gap`) while anything is
missing.
"""

import asyncio
from collections.abc import Callable

import structlog

from stats.clock import now_ms
from stats.domain.errors import Refused, Retry
from stats.domain.periods import business_day, day_bounds
from stats.domain.records import Call
from stats.domain.unheard import READ_BEFORE_MS
from stats.ingest.backoff import AUTH_PROBE_S, delays
from stats.ingest.health import SourceHealth
from stats.ingest.held import Held
from stats.ingest.pipeline import Road
from stats.ingest.seeding import Seeding

log = structlog.get_logger(__name__)

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
RECENT_MS = 30 * MINUTE_MS
BEFORE_GAP_MS = 5 * MINUTE_MS
# The vendor's clock may be before ours by some minutes; reading into the future costs nothing.
AHEAD_MS = 15 * MINUTE_MS
# After a gap was read: what its last moments told may reach the history only now. The lag is a cautious guess; most are shorter.
AGAIN_AFTER_S = (3.0, 8.0, 20.0)
RECENT_EVERY_S = 300.0
DAY_EVERY_S = 3600.0
LOOK_EVERY_S = 30.0
QUIET_MS = 30 * MINUTE_MS
EXPIRE_MS = 4 * HOUR_MS
LOOK_UPS = 20


class Past:
    """When to read the past, and how much of it."""

    def __init__(
        self,
        road: Road,
        seeding: Seeding,
        health: SourceHealth,
        *,
        told: Callable[[], None],
        changed: Callable[[], None],
        answers: Callable[[], None],
    ) -> None:
        self._road, self._seeding, self._health = road, seeding, health
        self._told, self._changed, self._answers = told, changed, answers
        self._quiet_ms = seeding.quiet_ms or QUIET_MS  # how long an open call may say nothing before it is looked up
        self._recent_every_s = seeding.recent_every_s or RECENT_EVERY_S
        self._wanted = asyncio.Event()
        self._since: int | None = None
        self._soon = self._day_soon = False

    def want(self, since: int) -> None:
        """The numbers may lack something that began at `since` (0: everything)."""
        self._health.gap = True
        self.look(since)

    def look(self, since: int) -> None:
        """Read the past from `since` (0: the day): nothing is known to be missing, and what it tells cannot hurt."""
        self._since = since if self._since is None else min(since, self._since)
        self._wanted.set()

    def day_soon(self) -> None:
        """What was wanted may be less than the day; the day is read right after it."""
        self._day_soon = True

    def look_soon(self) -> None:
        """The last half hour is worth a look before its turn."""
        self._soon = True

    async def keep_reading(self) -> None:
        """For ever: what is wanted first, then the proof, then the day each hour and the last half hour every few minutes."""
        clock = asyncio.get_running_loop().time
        waits = delays(longest_s=5.0)
        last_recent = last_day = clock()
        prove_at: float | None = None
        prove_since = 0
        again_at: list[float] = []
        while True:
            try:
                if self._wanted.is_set():
                    since = await self._read_wanted()
                    prove_since = since if prove_at is None else min(since, prove_since)
                    prove_at = clock() + self._seeding.lag.guess_ms / 1000
                    again_at = [clock() + after_s for after_s in AGAIN_AFTER_S]
                elif again_at and clock() >= again_at[0]:
                    again_at.pop(0)
                    await self._read(prove_since or self._oldest_open(now_ms() - BEFORE_GAP_MS))
                elif prove_at is not None and clock() >= prove_at:
                    # What could not be proved is read again, for as long as it takes.
                    prove_at = None if await self._prove(prove_since) else clock() + RECENT_EVERY_S
                elif self._day_soon:
                    if not await self._read(0):
                        self._unproved()
                    self._day_soon, prove_since = False, 0
                elif clock() - last_day >= DAY_EVERY_S:
                    await self._prove(0)
                    last_day = last_recent = clock()
                elif clock() - last_recent >= self._recent_every_s or self._soon:
                    self._soon = False
                    await self._read(self._oldest_open(now_ms() - RECENT_MS))
                    last_recent = clock()
                waits = delays(longest_s=5.0)
                self._health.because("history", None)
            except Refused as why:
                await self._refused(why)
            except Retry as why:
                self._health.because("history", why.reason)
                log.warning("history.away", source=self._road.source, reason=why.reason)
                await asyncio.sleep(next(waits))
            await self._until_wanted(1.0)

    async def _until_wanted(self, within_s: float) -> None:
        try:
            async with asyncio.timeout(within_s):
                await self._wanted.wait()
        except TimeoutError:
            pass

    async def _refused(self, why: Refused) -> None:
        """A token refused here is refused everywhere; the next answer will tell."""
        self._health.because("history", why.reason)
        log.error("history.refused", source=self._road.source, kind=why.kind)
        if why.kind == "auth":
            self._health.auth = True
            self._changed()
        await asyncio.sleep(AUTH_PROBE_S[0])

    async def _read_wanted(self) -> int:
        """Read what may be missing; when that fails it is still missing."""
        since = self._since or 0
        self._wanted.clear()
        self._since = None
        try:
            whole = await self._read(since)
        except BaseException:
            self.look(since)
            raise
        if not whole:
            self._unproved()
        if not self._wanted.is_set():
            self._health.gap = False
            self._health.facts.known = True
        self._changed()
        return since

    async def _prove(self, since: int) -> bool:
        """Read again, one lag later, what was read: now it is whole, or known not to be."""
        whole = await self._read(since)
        self._health.facts.exact = whole and not self._health.gap
        if whole:
            self._health.because("unproved", None)
            if not self._health.gap:
                self._road.silence.settle()
        else:
            self._unproved()
        return whole

    def _unproved(self) -> None:
        self._health.facts.exact = False
        self._health.because("unproved", "the past was read, and is not proved complete")

    async def _read(self, since: int) -> bool:
        """The whole day (since 0), newest first; or from before a gap and from the start of every call still open."""
        now = now_ms()
        first = day_bounds(business_day(now, self._road.timezone), self._road.timezone)[0]
        start = min(first, now - HOUR_MS) - READ_BEFORE_MS
        if since:
            whole = await self._seeding.read(max(start, self._oldest_open(since - BEFORE_GAP_MS)), now + AHEAD_MS)
        else:
            whole = await self._seeding.read(now - RECENT_MS, now + AHEAD_MS)
            self._told()
            whole = await self._seeding.read(start, now - RECENT_MS) and whole
        self._answers()
        self._told()
        await self._road.until_written()
        self._health.facts.seeded_to = now
        return whole

    def _oldest_open(self, otherwise: int) -> int:
        """The start of the oldest call held open (ghosts apart), or `otherwise` when that is older."""
        floor = now_ms() - EXPIRE_MS
        starts = [at for _, held in self._road.open_calls() if held.call is not None for at in beginnings(held.call)]
        return min([otherwise, *(at - 1000 for at in starts if at > floor)])

    async def chase_ghosts(self) -> None:
        """Open calls without news for so long are looked up; unknown to all for four hours, they expire."""
        asked: dict[str, int] = {}
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            now = now_ms()
            quiet = [(i, h) for i, h in self._road.open_calls() if now - max(heard(h), asked.get(i, 0)) > self._quiet_ms]
            for id_call, held in quiet[:LOOK_UPS]:
                try:
                    found = await self._seeding.look_up(id_call, heard(held) - 24 * HOUR_MS)
                except (Retry, Refused):
                    break
                asked[id_call] = now
                if not found and now - heard(held) > EXPIRE_MS:
                    log.warning("call.expired", source=self._road.source)
                    self._road.expire(id_call)
                self._told()
            asked = {i: at for i, at in asked.items() if i in self._road.calls}


def beginnings(call: Call) -> list[int]:
    """When a call and its parts began, as far as told: a call may be known from its queue or agent documents alone."""
    told = [call.journey.started_at if call.journey is not None else None]
    told += [at for visit in call.visits for at in (visit.started_at, visit.entered_at)] + [offer.began_at for offer in call.offers]
    return [at for at in told if at is not None]


def heard(held: Held) -> int:
    """When anything was last known of a call."""
    if held.call is None:
        return held.heard_at
    newest = max((*(v.asof for v in held.call.visits), *(o.asof for o in held.call.offers)), default=0)
    return max(newest, held.heard_at, held.call.journey.asof if held.call.journey is not None else 0)
