"""One organisation's living values in this process: read once, computed once, shown to any number of boards and pages.

Rules that hold here:
- One mirror, one subscription and one computation per organisation and process, however many look.
- An announced change is shown at once when nothing was shown lately, and otherwise at most four times a second.
- What was computed for somebody who asked is shown to the boards too: nobody will announce it again.
- Time alone changes values too (rolling windows, freshness), so everything is computed anew every second, also when the store is away.
- Nobody looking costs nothing: without a socket or a question the store is left alone.
"""

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

import structlog

from stats import clock
from stats.domain import board
from stats.domain.board import Values
from stats.domain.facts import Facts
from stats.live.connection import StoreAway
from wallboard.push import candour
from wallboard.push.ledger import Ledger
from wallboard.push.severities import Severities

log = structlog.get_logger(__name__)

# Four a second with a margin, so that no clock ever sees five.
SPACING_S = 0.26
TICK_S = 1.0
# A hung store must not keep a screen from turning late: time goes on beside the reading.
READ_LIMIT_S = 5.0
UNWATCHED_AFTER_S = 20.0
STOPPED_AFTER_S = 5.0
# Of one process: two processes count versions each for itself.
PROCESS = secrets.token_hex(3)


class Mirror(Protocol):
    """What is needed of `stats.live.mirror.Mirror`."""

    facts: Facts
    rev: int
    epoch: str

    @property
    def worker_seen_at(self) -> int:
        """Epoch ms; 0 for never."""
        ...

    async def refresh(self, now: int) -> bool:
        """True when anything changed; raises StoreAway."""
        ...


class Announcing(Protocol):
    """What is needed of `stats.live.board_store.Store`."""

    def announcements(self, organisation: str) -> AsyncIterator[int | None]:
        """Yields on every change, and None once a second."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """Every value at one version. `server_time` is the instant (epoch ms) they were computed for."""

    values: Values
    version: int
    epoch: str
    server_time: int
    timezone: str
    language: str
    store_away: bool


class LiveOrganisation:
    """The values of one organisation, kept up to date while anybody looks."""

    def __init__(
        self,
        slug: str,
        store: Announcing,
        mirror: Mirror,
        *,
        language: str = "en",
        now: Callable[[], int] = clock.now_ms,
    ) -> None:
        self.slug, self.language, self.mirror = slug, language, mirror
        self.ledger = Ledger()
        self.memory = board.Memory()
        self.store_away = False
        self.ever_read = False
        # Called after every settlement that may be shown; a board's hub asks the ledger for what it has missed.
        self.listeners: list[Callable[[], Awaitable[None]]] = []
        self.watchers = 0
        self.computed_in_s = 0.0
        self._store, self._now = store, now
        self._severities = Severities()
        self._reading = asyncio.Lock()
        self._showing = asyncio.Lock()
        self._wake = asyncio.Event()
        self._asked_at = self._settled_at = self._shown_at = self._tried_at = float("-inf")
        self._shown = ("", 0)  # the epoch and version the boards were told last
        self._as_of = 0
        self._tasks: list[asyncio.Task[None]] = []

    # --- what others ask ------------------------------------------------------------------------------------------------

    async def current(self) -> Snapshot:
        """The values now, at most a second old while anybody looks. Never raises: what is not known is None in it."""
        self.start()
        self._asked_at = time.monotonic()
        if time.monotonic() - self._settled_at > 1.5 * TICK_S:
            await self._read()
            self._settle()
            self._wake.set()
        return self.snapshot()

    async def fresh(self, max_age_s: float = 0.2) -> Snapshot:
        """The values read and computed at most `max_age_s` ago. Raises StoreAway."""
        self.start()
        self._asked_at = time.monotonic()
        async with self._reading:
            last = self._tried_at if self.store_away else self._settled_at
            # Those who waited here while another one tried need not try again.
            if time.monotonic() - last > max_age_s or not self.ever_read:
                moved = await self._read_unguarded()
                # Where nothing has changed but the time, what was computed within the second is what every board shows.
                if moved or self.store_away or time.monotonic() - self._settled_at > TICK_S:
                    self._settle()
                    self._wake.set()
        if self.store_away:
            raise StoreAway
        return self.snapshot()

    def start(self) -> None:
        """Begins to live; does nothing when it does already."""
        if self._tasks and not any(task.done() for task in self._tasks):
            return
        self.stop()
        self._tasks = [
            asyncio.create_task(self._for_ever(step), name=f"live:{self.slug}") for step in (self._listen, self._follow, self._tick)
        ]

    def stop(self) -> None:
        """Asks everything that `start` began to end."""
        for task in self._tasks:
            task.cancel()
        self._tasks = []

    async def end(self) -> None:
        """Ends everything that `start` began, and returns when it has."""
        pending = set(self._tasks)
        while pending:
            # Again and again: a connection that breaks while it is cancelled answers with its own error instead.
            for task in pending:
                task.cancel()
            _done, pending = await asyncio.wait(pending, timeout=0.2)
        self._tasks = []

    # --- its life ------------------------------------------------------------------------------------------------------

    async def _for_ever(self, step: Callable[[], Awaitable[None]]) -> None:
        while True:
            try:
                await step()
            except Exception:
                # Whatever went wrong, screens are better served by trying again than by silence.
                log.exception("live_step_failed", organisation=self.slug, step=step.__name__)
            await asyncio.sleep(TICK_S)

    @property
    def is_computing(self) -> bool:
        """Whether the values were computed lately; when not, nobody may call them the present."""
        return time.monotonic() - self._settled_at < STOPPED_AFTER_S + 4 * self.computed_in_s

    @property
    def _watched(self) -> bool:
        return self.watchers > 0 or time.monotonic() - self._asked_at < UNWATCHED_AFTER_S

    async def _listen(self) -> None:
        async for revision in self._store.announcements(self.slug):
            # A silent second is a chance to notice a change whose announcement was lost.
            if revision is None or revision != self.mirror.rev:
                self._wake.set()

    async def _follow(self) -> None:
        """Reads and shows each announced change."""
        while True:
            await self._wake.wait()
            rest = max(SPACING_S, 4 * self.computed_in_s) - (time.monotonic() - self._shown_at)
            if rest > 0:
                await asyncio.sleep(rest)
            self._wake.clear()
            if not self._watched:
                continue
            if await self._read():
                self._settle()
            if (self.ledger.epoch, self.ledger.version) != self._shown:
                await self._show()

    async def _tick(self) -> None:
        """Lets time do its work every second, whatever the store does."""
        while True:
            await asyncio.sleep(TICK_S)
            if self._watched and time.monotonic() - self._shown_at >= 0.9 * TICK_S:
                self._settle()
                await self._show()

    async def _read(self) -> bool:
        async with self._reading:
            return await self._read_unguarded()

    async def _read_unguarded(self) -> bool:
        """Brings the mirror up to date; True when that changed anything."""
        try:
            async with asyncio.timeout(READ_LIMIT_S):
                moved = await self.mirror.refresh(self._now())
        except (StoreAway, TimeoutError) as why:
            if not self.store_away:
                log.warning("store_away", organisation=self.slug, why=str(why) or type(why).__name__)
            self.store_away = True
            return False
        finally:
            self._tried_at = time.monotonic()
        came_back, self.store_away = self.store_away, False
        if came_back:
            log.info("store_back", organisation=self.slug)
        first, self.ever_read = not self.ever_read, True
        return moved or came_back or first

    def _settle(self) -> None:
        """Computes everything as of now."""
        began = time.monotonic()
        now = self._now()
        values = board.values(self.mirror.facts, now, self.memory)
        candour.correct(values, self.mirror.facts.sources, now, store_away=self.store_away)
        self._severities.mark(values, now)
        self.ledger.settle(values, epoch=f"{self.mirror.epoch}.{PROCESS}", rev=self.mirror.rev, grown=self.memory.grown)
        self._as_of = now
        self._settled_at = time.monotonic()
        # Slow values are computed less often; a moving mean keeps one hiccup from mattering.
        self.computed_in_s += 0.2 * (self._settled_at - began - self.computed_in_s)

    async def _show(self) -> None:
        async with self._showing:
            rest = SPACING_S - (time.monotonic() - self._shown_at)
            if rest > 0:
                await asyncio.sleep(rest)
            self._shown_at = time.monotonic()
            self._shown = (self.ledger.epoch, self.ledger.version)
            for listener in tuple(self.listeners):
                await listener()

    def snapshot(self) -> Snapshot:
        """The values as they were last computed."""
        return Snapshot(
            values=self.ledger.values,
            version=self.ledger.version,
            epoch=self.ledger.epoch,
            server_time=self._as_of,
            timezone=self.mirror.facts.timezone,
            language=self.language,
            store_away=self.store_away,
        )
