"""Reading the past beside the stream: passes over windows of the history API, proved complete or read again.

Rules that hold here:
- The needed sockets are open before the first request, and frames are applied all the while: `merge` sorts out who is newer.
- A pass is complete when every page was read, the cursor never repeated, and there are at least as many rows as the vendor
  counted for the window; a window that will not prove itself is cut in two.
- The lag of the past behind the stream is unknown: it is at least as long as any call seen to end live and not yet ended in a
  later answer. Guessing it too long only delays; too short heals at the next pass.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Sequence

import structlog

from stats.clock import now_ms, steady_ms
from stats.domain.errors import Retry
from stats.domain.merge import Told
from stats.domain.records import Call, PresenceSlot, Telling
from stats.ingest.backoff import delays
from stats.ingest.pipeline import Road
from stats.ingest.quarantine import Quarantine
from stats.ingest.tenants import Binding
from stats.providers.base import LiveProvider, Page

log = structlog.get_logger(__name__)

# The vendor names no largest page; halving on an error finds it within the tries below.
PAGE = 200
SMALLEST_PAGE = 25
SMALLEST_WINDOW_MS = 60_000
DEEPEST_CUT = 4
FIRST_LAG_MS = 120_000
LONGEST_LAG_MS = 15 * 60_000
TRIES = 4
PAGE_TRIES = 4
CANARIES = 200
# The kind of pages that tells of agents' hours, and of no calls.
SLOT_KIND = "profile_history"
HOUR_MS = 3_600_000


class Lag:
    """How far the past is behind, as far as calls that ended live have shown."""

    def __init__(self) -> None:
        self._ended: OrderedDict[str, int] = OrderedDict()
        self.worst_ms = 0

    @property
    def guess_ms(self) -> int:
        """The lag to assume."""
        return min(LONGEST_LAG_MS, max(FIRST_LAG_MS, 2 * self.worst_ms))

    def ended_live(self, id_call: str, at: int) -> None:
        """A frame told the end of a call."""
        self._ended[id_call] = at
        if len(self._ended) > CANARIES:
            self._ended.popitem(last=False)

    def read(self, call: Call, asked_at: int) -> None:
        """A historic row told of a call."""
        ended_at = self._ended.get(call.id_call)
        if ended_at is None or call.journey is None or asked_at <= ended_at:
            return
        if call.journey.ended:
            del self._ended[call.id_call]
        else:
            self.worst_ms = max(self.worst_ms, asked_at - ended_at)


class Seeding:
    """The passes of one source."""

    def __init__(self, provider: LiveProvider, road: Road, quarantine: Quarantine | None = None, binding: Binding | None = None) -> None:
        self._provider, self._road = provider, road
        self._quarantine = quarantine if quarantine is not None else Quarantine()
        self._binding = binding if binding is not None else Binding(road.source)
        self.lag = Lag()
        self.page = PAGE
        self.note_kinds: Sequence[str] = getattr(provider, "note_kinds", ())
        self.quiet_ms: int | None = getattr(provider, "quiet_ms", None)
        self.recent_every_s: float | None = getattr(provider, "recent_every_s", None)
        self.newest_slot_end: int | None = None  # of all slots read since somebody set it to None
        # What nobody waits for keeps nobody waiting.
        self._two_at_a_time, self._notes = asyncio.Semaphore(2), asyncio.Semaphore(1)

    async def read(self, start_ms: int, end_ms: int, kinds: Sequence[str] = ()) -> bool:
        """Read a window of the past into the road: of these kinds, or of all that tell of calls. True when it is proved complete.

        Raises Refused, or Retry after several tries.
        """
        kinds = kinds or [kind for kind in self._provider.historic_kinds if kind != SLOT_KIND and kind not in self.note_kinds]
        done = await asyncio.gather(*(self._read_kind(kind, start_ms, end_ms) for kind in kinds))
        return all(done)

    async def _read_kind(self, kind: str, start_ms: int, end_ms: int, depth: int = 0) -> bool:
        waits = delays(longest_s=4.0)
        for attempt in range(TRIES):
            try:
                async with self._notes if kind in self.note_kinds else self._two_at_a_time:
                    proved = await self._read_pages(kind, start_ms, end_ms)
                if proved:
                    return True
            except Retry as why:
                if why.reason.startswith("graphql"):
                    self.page = max(SMALLEST_PAGE, self.page // 2)
                log.warning("history.retry", source=self._road.source, kind=kind, reason=why.reason)
                if attempt == TRIES - 1:
                    raise
                await asyncio.sleep(max(next(waits), min(why.after_s or 0.0, 60.0)))
                continue
            if depth < DEEPEST_CUT and end_ms - start_ms > 2 * SMALLEST_WINDOW_MS:
                middle = (start_ms + end_ms) // 2
                first = await self._read_kind(kind, start_ms, middle, depth + 1)
                return await self._read_kind(kind, middle, end_ms, depth + 1) and first
            return False
        return False

    async def _read_pages(self, kind: str, start_ms: int, end_ms: int) -> bool:
        """Every page of one window. True when the rows prove to be all there are."""
        cursor: str | None = None
        keys: set[str] = set()
        rows, total, whole = 0, None, True
        while True:
            page, asked_at = await self._read_page(kind, start_ms, end_ms, cursor)
            if cursor is None and page.more | page.partial and not page.rows:
                raise Retry("graphql: no rows, and yet no end")
            self._take(page, asked_at)
            rows += page.rows
            keys.update(page.keys)
            whole = whole and not page.partial
            if total is None:
                total = page.total
            if not page.more:
                return whole and (total is None or len(keys) + len(page.malformed) >= total or rows >= total)
            cursor = page.cursor
            await asyncio.sleep(0)

    async def _read_page(self, kind: str, start_ms: int, end_ms: int, cursor: str | None) -> tuple[Page, int]:
        """One page and when it was asked for. A page in the middle of a pass is asked for again, so that one fault does not cost the pass;
        a first page that fails costs nothing, and may have been too large."""
        waits = delays(longest_s=2.0)
        for tries_left in reversed(range(1 if cursor is None else PAGE_TRIES)):
            asked_at = now_ms()
            try:
                page = await self._provider.page(
                    kind, start_ms=start_ms, end_ms=end_ms, first=self.page, after=cursor, received_at=asked_at
                )
            except Retry as why:
                if not tries_left:
                    raise
                log.warning("history.page_retry", source=self._road.source, kind=kind, reason=why.reason)
                await asyncio.sleep(max(next(waits), min(why.after_s or 0.0, 60.0)))
            else:
                return page, asked_at
        raise AssertionError("unreachable: the last try returns or raises")

    def _take(self, page: Page, asked_at: int) -> None:
        how = Told("historic", self.lag.guess_ms)
        for row, fault in page.unreadable:
            self._quarantine.put_row(row, fault)
        for telling in self._ours(page.tellings):
            if isinstance(telling, Call):
                self.lag.read(telling, asked_at)
            elif isinstance(telling, PresenceSlot):
                end = telling.end if telling.end is not None else telling.start + HOUR_MS
                self.newest_slot_end = max(end, self.newest_slot_end or 0)
            self._road.tell(telling, how, asked_at)

    def _ours(self, tellings: Sequence[Telling]) -> Sequence[Telling]:
        """Without what is another customer's."""
        kept, foreign = self._binding.admit(tellings, steady_ms())
        if foreign:
            for telling in tellings:
                if telling not in kept:
                    self._quarantine.put_row(str(hash(telling)), foreign[0])
        return kept

    async def look_up(self, id_call: str, start_ms: int) -> bool:
        """Read everything the past knows of one call; False when it knows nothing. Raises Retry or Refused."""
        asked_at = now_ms()
        tellings = await self._provider.look_up(id_call, start_ms=start_ms, end_ms=asked_at + 60_000, received_at=asked_at)
        tellings = self._ours(tellings)
        for telling in tellings:
            self._road.tell(telling, Told("historic", self.lag.guess_ms), asked_at)
        return bool(tellings)
